// Paths that are no resources: discovery, OpenAPI, version, health, keys.
import { aggregated, coreVersions, groupList, oneGroup, resourceList } from '../discovery/discovery.js';
import { openApiV2 } from '../discovery/openapi-v2.js';
import type { OpenApi } from '../discovery/openapi-v3.js';
import { ApiError } from '../errors.js';
import type { JsonObject } from '../json.js';
import type { Registry } from '../registry.js';

export interface Answer {
  readonly body: string;
  readonly contentType?: string;
}

export interface PlainContext {
  readonly registry: Registry;
  readonly openApi: OpenApi;
  readonly jwks: () => JsonObject;
  readonly issuer: string;
  readonly url: () => string;
}

const version = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.0-sandbox',
  gitCommit: '',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
};

/** The answer, or undefined when there is nothing at the path. */
export function answerPlain(path: string, accept: string, context: PlainContext): Answer | undefined {
  const { registry, openApi } = context;
  const json = (value: JsonObject | undefined): Answer | undefined =>
    value && { body: JSON.stringify(value) };
  const parts = path.split('/').filter(Boolean);
  switch (parts[0]) {
    case 'api':
    case 'apis':
      return parts.length === 1
        ? discoveryRoot(parts[0] === 'api', accept, registry)
        : json(group(parts, registry));
    case 'version':
      return json(version);
    case 'healthz':
    case 'livez':
    case 'readyz':
      return { body: 'ok', contentType: 'text/plain; charset=utf-8' };
    case 'openapi':
      return openApiDocument(parts, accept, openApi, registry);
    case 'openid':
      return path === '/openid/v1/jwks'
        ? { body: JSON.stringify(context.jwks()), contentType: 'application/jwk-set+json' }
        : undefined;
    case '.well-known':
      return path === '/.well-known/openid-configuration' ? json(configuration(context)) : undefined;
    default:
      return undefined;
  }
}

function discoveryRoot(core: boolean, accept: string, registry: Registry): Answer {
  // The first form that both sides know.
  for (const wanted of accept.split(',')) {
    const match = /g=apidiscovery\.k8s\.io;v=(v2beta1|v2);as=APIGroupDiscoveryList/.exec(
      wanted.replaceAll(' ', ''),
    );
    if (match) {
      const contentType = `application/json;g=apidiscovery.k8s.io;v=${match[1]};as=APIGroupDiscoveryList`;
      return {
        body: JSON.stringify(aggregated(registry, core, `apidiscovery.k8s.io/${match[1]}`)),
        contentType,
      };
    }
    if (wanted.trim().startsWith('application/json')) break;
  }
  return { body: JSON.stringify(core ? coreVersions() : groupList(registry)) };
}

function group(parts: string[], registry: Registry): JsonObject | undefined {
  const [root, first = '', second] = parts;
  if (root === 'api') return parts.length === 2 ? resourceList(registry, '', first) : undefined;
  return second === undefined
    ? oneGroup(registry, first)
    : parts.length === 3
      ? resourceList(registry, first, second)
      : undefined;
}

function openApiDocument(
  parts: string[],
  accept: string,
  openApi: OpenApi,
  registry: Registry,
): Answer | undefined {
  if (accept.includes('protobuf') && !accept.includes('application/json')) {
    throw new ApiError(406, 'NotAcceptable', 'only the following media types are accepted: application/json');
  }
  if (parts[1] === 'v2') return { body: JSON.stringify(openApiV2(registry)) };
  if (parts[1] !== 'v3') return undefined;
  const document = parts.length === 2 ? openApi.index() : openApi.document(parts.slice(2).join('/'));
  return document && { body: JSON.stringify(document) };
}

function configuration({ issuer, url }: PlainContext): JsonObject {
  return {
    issuer,
    jwks_uri: `${url()}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}
