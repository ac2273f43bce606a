// What the embedded Teleport stores, as declarations: a kind's name, its message and how an event of it
// travels. A new kind is one entry here and its service.
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Event } from '../../../src/gen/teleport/client/event_pb.js';
import { LockV2Schema } from '../../../src/gen/teleport/types/lock_pb.js';
import { ProvisionTokenV2Schema } from '../../../src/gen/teleport/types/provision_token_pb.js';
import { RoleV6Schema } from '../../../src/gen/teleport/types/role_pb.js';
import { UserV2Schema } from '../../../src/gen/teleport/types/user_pb.js';

type EventCase = NonNullable<Event['Resource']['case']>;

export interface StoredKind<Schema extends DescMessage = DescMessage> {
  /** As in the resource's own `kind` and in rules: role, user, token … */
  readonly kind: string;
  readonly schema: Schema;
  /** The event's field for it; undefined where Auth does not let the kind be watched (joining.md 8.4). */
  readonly event: EventCase | undefined;
}

export type Resource<Kind extends StoredKind> = MessageShape<Kind['schema']>;

const stored = <Schema extends DescMessage>(
  kind: string,
  schema: Schema,
  event?: EventCase,
): StoredKind<Schema> => ({ kind, schema, event });

export const roles = stored('role', RoleV6Schema, 'Role');
export const users = stored('user', UserV2Schema, 'User');
export const tokens = stored('token', ProvisionTokenV2Schema, 'ProvisionToken');
export const locks = stored('lock', LockV2Schema, 'Lock');

/** Every stored kind, by name. */
export const storedKinds = { role: roles, user: users, token: tokens, lock: locks };

export type KindName = keyof typeof storedKinds;

/** The kind of that name, if this server stores it. */
export function storedKind(name: string): StoredKind | undefined {
  return (storedKinds as unknown as Record<string, StoredKind | undefined>)[name];
}
