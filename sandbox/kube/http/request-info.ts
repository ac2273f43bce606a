// What a URL and a method ask for, in Kubernetes' terms.
import { selectedName } from '../selectors.js';

export interface ResourceRequest {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

export interface RequestInfo {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Set when the path names a resource. */
  readonly resource?: ResourceRequest;
}

const verbs: Record<string, string> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

export function requestInfo(method: string, url: string): RequestInfo {
  const { pathname, searchParams: query } = new URL(url, 'https://sandbox');
  const path = decodeURIComponent(pathname).replace(/(.)\/$/, '$1');
  const parts = pathname.split('/').filter(Boolean).map(decodeURIComponent);
  const resource = resourceOf(method, parts, query);
  return { method, path, query, ...(resource && { resource }) };
}

function resourceOf(method: string, parts: string[], query: URLSearchParams): ResourceRequest | undefined {
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  const [group = '', version = '', ...rest] = core ? ['', ...parts.slice(1)] : parts.slice(1);
  if (rest.length === 0) return undefined;
  // /namespaces/x is the namespace itself; /namespaces/x/things lies within it.
  const inside = rest[0] === 'namespaces' && rest.length > 2 && !(core && namespaceParts.has(rest[2] ?? ''));
  const namespace = inside ? rest[1] : undefined;
  const [resource = '', name, subresource] = inside ? rest.slice(2) : rest;
  const itself = core && resource === 'namespaces' && name ? { namespace: name } : {};
  const watched = query.get('watch');
  let verb = verbs[method] ?? method.toLowerCase();
  if (!name && verb === 'get') verb = watched === 'true' || watched === '1' ? 'watch' : 'list';
  if (!name && verb === 'delete') verb = 'deletecollection';
  const selected = verb === 'list' || verb === 'watch' ? selectedName(query.get('fieldSelector')) : undefined;
  return { verb, group, version, resource, subresource, namespace, name: name ?? selected, ...itself };
}

const namespaceParts = new Set(['status', 'finalize']);
