// A record of every request that a resource was asked with: tests count calls with it, and check that each verb and
// feature in use has a contract case.
import type { RequestInfo } from './request-info.js';

export interface Call {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** What the request made use of, e.g. `limit`, `merge-patch`, `bookmarks`. */
  readonly features: readonly string[];
  readonly user: string;
  readonly userAgent: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly at: number;
  /** 0 while it is being answered, or when the connection broke. */
  status: number;
}

const patches: Record<string, string> = {
  'application/json-patch+json': 'json-patch',
  'application/merge-patch+json': 'merge-patch',
  'application/strategic-merge-patch+json': 'strategic-merge-patch',
  'application/apply-patch+yaml': 'apply-patch',
};

/** The features that a request makes use of. */
export function featuresOf({ query, resource }: RequestInfo, contentType: string, accept: string): string[] {
  const found: string[] = [];
  const add = (on: boolean, name: string): void => {
    if (on) found.push(name);
  };
  const rv = query.get('resourceVersion');
  add(query.has('limit') && query.get('limit') !== '0', 'limit');
  add(Boolean(query.get('continue')), 'continue');
  add(resource?.verb === 'list' && rv === '0', 'resourceVersion=0');
  add(resource?.verb === 'watch' && Boolean(rv) && rv !== '0', 'from-resourceVersion');
  add(query.get('allowWatchBookmarks') === 'true' || query.get('allowWatchBookmarks') === '1', 'bookmarks');
  add(query.get('sendInitialEvents') === 'true', 'initial-events');
  add(query.has('timeoutSeconds'), 'timeoutSeconds');
  add(Boolean(query.get('labelSelector')), 'labelSelector');
  add(Boolean(query.get('fieldSelector')), 'fieldSelector');
  add(query.has('dryRun'), 'dryRun');
  add(query.has('fieldManager'), 'fieldManager');
  add(query.has('fieldValidation'), `fieldValidation=${query.get('fieldValidation') ?? ''}`);
  add(accept.includes('as=Table'), 'table');
  const patch = resource?.verb === 'patch' ? patches[contentType] : undefined;
  if (patch) found.push(patch);
  return found;
}
