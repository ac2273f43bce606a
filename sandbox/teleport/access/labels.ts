// Whether a role's label selector matches a resource. Values are taken as they are: no templates, no patterns.
import type { LabelValues } from '../../../src/gen/teleport/types/wrappers_pb.js';

/** Every label of the selector must be there with one of its values; a selector of nothing matches nothing. */
export function matches(
  selector: LabelValues | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  const wanted = Object.entries(selector?.Values ?? {});
  return (
    wanted.length > 0 &&
    wanted.every(
      ([key, { Values: values }]) =>
        key === '*' || (labels[key] !== undefined && (values.includes('*') || values.includes(labels[key]))),
    )
  );
}
