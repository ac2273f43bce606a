// A record of every request: tests count calls with it, and check that each verb and feature in use has a contract
// case.
import { isObject, objectOr } from '../json.js';
import type { RequestInfo } from './request-info.js';

export interface Call {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  /** The plural; the path where it is none, as of discovery. */
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** What the request made use of, e.g. `limit`, `merge-patch`, `bookmarks`; grows when its body is read. */
  readonly features: string[];
  readonly user: string;
  readonly userAgent: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly at: number;
  /** 0 while it is being answered, or when the connection broke. */
  status: number;
}

/** A sandbox may run for days. */
const mostCalls = 200_000;

export class CallRecord {
  /** In the order in which they came; the oldest are forgotten. Tests may empty it. */
  readonly calls: Call[] = [];
  readonly #sorts = new Map<string, Call>();

  add(call: Call): void {
    if (this.calls.length >= mostCalls) this.calls.splice(0, mostCalls / 2);
    this.calls.push(call);
    this.sort(call);
  }

  /** To be told again of a call that has got more features. */
  sort(call: Call): void {
    const { verb, group, resource, subresource, features, user, userAgent } = call;
    this.#sorts.set(JSON.stringify([verb, group, resource, subresource, features, user, userAgent]), {
      ...call,
      features: [...features],
    });
  }

  /** One call of each sort by each client, for as long as the server runs: nothing is forgotten. */
  sorts(): Call[] {
    return [...this.#sorts.values()];
  }
}

const patches: Record<string, string> = {
  'application/json-patch+json': 'json-patch',
  'application/merge-patch+json': 'merge-patch',
  'application/strategic-merge-patch+json': 'strategic-merge-patch',
  'application/apply-patch+yaml': 'apply-patch',
};

/** Parameters whose value is a choice of the client's, and so a feature of its own. */
const choices = new Set(['fieldValidation', 'resourceVersionMatch', 'propagationPolicy', 'includeObject']);
const names: Record<string, string> = {
  allowWatchBookmarks: 'bookmarks',
  sendInitialEvents: 'initial-events',
};

/** The features that a request makes use of by its URL and headers: every parameter counts, known or not. */
export function featuresOf({ query, resource }: RequestInfo, contentType: string, accept: string): string[] {
  const found = new Set<string>();
  for (const [name, value] of query) {
    if (value === '' || value === 'false' || (name === 'limit' && value === '0') || name === 'watch')
      continue;
    if (name === 'resourceVersion') found.add(versionFeature(resource?.verb, value));
    else if (name === 'fieldSelector')
      for (const term of value.split(',')) found.add(`fieldSelector=${term.split(/[!=]/)[0] ?? ''}`);
    else if (choices.has(name)) found.add(`${name}=${value}`);
    else found.add(names[name] ?? name);
  }
  if (accept.includes('as=Table')) found.add('table');
  else if (accept.includes('as=')) found.add(/as=(\w+)/.exec(accept)?.[1] ?? '');
  if (accept.startsWith('application/vnd.kubernetes.protobuf')) found.add('protobuf');
  const patch = resource?.verb === 'patch' ? (patches[contentType] ?? contentType) : undefined;
  if (patch) found.add(patch);
  else if (contentType !== '' && contentType !== 'application/json') found.add(contentType);
  return [...found];
}

function versionFeature(verb: string | undefined, value: string): string {
  if (value === '0') return 'resourceVersion=0';
  return verb === 'watch' ? 'from-resourceVersion' : 'resourceVersion';
}

/** The features that only a body shows: steps of a JSON patch, a patch that names the version it is for, options of a deletion. */
export function featuresOfBody(verb: string, content: Buffer): string[] {
  if ((verb !== 'patch' && verb !== 'delete') || content.length === 0) return [];
  let body: unknown;
  try {
    body = JSON.parse(content.toString('utf8'));
  } catch {
    return [];
  }
  if (Array.isArray(body)) return [...new Set(body.map((step) => `json-patch ${String(objectOr(step).op)}`))];
  const { metadata, preconditions, ...options } = objectOr(body);
  if (verb === 'patch') return objectOr(metadata).resourceVersion === undefined ? [] : ['a guarding version'];
  const guards = isObject(preconditions) ? Object.keys(preconditions) : [];
  return [
    ...guards.map((name) => `precondition ${name}`),
    ...Object.keys(options).filter((name) => name !== 'apiVersion' && name !== 'kind'),
  ];
}
