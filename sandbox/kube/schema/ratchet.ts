// On an update, what was wrong before and has not been touched is let through ("ratcheting", Kubernetes 1.33): a CRD
// that has become stricter must not block a status or a finalizer.
import type { FieldError } from '../errors.js';
import { equal, isObject, type JsonObject } from '../json.js';

/** The errors that are about something that the update changes. */
export function onlyChanged(
  errors: readonly FieldError[],
  object: JsonObject,
  old: JsonObject,
): FieldError[] {
  return errors.filter((error) => !untouched(error.field, object, old));
}

/** True when the field, or anything around it but the object itself, is as it was. Lists count as a whole. */
function untouched(field: string, object: JsonObject, old: JsonObject): boolean {
  let [now, before]: [unknown, unknown] = [object, old];
  for (const name of field.split('[')[0]?.split('.') ?? []) {
    if (!isObject(now) || !isObject(before)) return false;
    [now, before] = [now[name], before[name]];
    if (before !== undefined && equal(now, before)) return true;
  }
  return false;
}
