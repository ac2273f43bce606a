// The two forms of time in built-in types. Go parses them strictly, and clients trip over it: so does this server.
import { badRequest } from '../errors.js';
import { isObject } from '../json.js';
import type { ApiObject } from '../object.js';

const micro = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}(Z|[+-]\d{2}:\d{2})$/;

/**
 * Checks a metav1.MicroTime: exactly six digits of a second.
 * @throws ApiError 400
 */
export function checkMicroTime(value: unknown, object: ApiObject): void {
  if (value === undefined || value === null) return;
  if (typeof value === 'string' && micro.test(value) && !Number.isNaN(Date.parse(value))) return;
  const version = object.apiVersion.split('/').at(-1);
  const text = JSON.stringify(value);
  throw badRequest(
    `${object.kind} in version "${version}" cannot be handled as a ${object.kind}: parsing time ${text} as "2006-01-02T15:04:05.000000Z07:00": cannot parse ${text}`,
  );
}

/** Cuts a metav1.Time to whole seconds, as it comes back from the real server. */
export function cutToSeconds(holder: unknown, field: string): void {
  if (!isObject(holder)) return;
  const value = holder[field];
  if (typeof value !== 'string') return;
  const ms = Date.parse(value);
  if (!Number.isNaN(ms)) holder[field] = `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
