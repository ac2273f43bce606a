// What the codec makes of specs, for its tests: a role’s spec as it is sent, and the problems of one that is refused.
import { type DescMessage } from '@bufbuild/protobuf';
import { RoleSpecV6Schema } from '../../src/gen/teleport/types/role_pb.js';
import { DecodeError, fromObject } from '../../src/kinds/codec/index.js';

/** A role’s spec as it is sent. */
export const role = (spec: unknown) => fromObject(RoleSpecV6Schema, spec, { path: 'spec' });
export const options = (value: Record<string, unknown>) => role({ options: value }).Options!;

/** The problems of a spec, one `path: message` each; fails where there are none. */
export function refused(schema: DescMessage, spec: unknown, hidden: readonly string[] = []): string[] {
  try {
    fromObject(schema, spec, { path: 'spec', hidden });
  } catch (error) {
    if (error instanceof DecodeError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  throw new Error('was not refused');
}
