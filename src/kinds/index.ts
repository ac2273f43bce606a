// The only list of kinds. Everything that is made per kind is made from it.
import type { AnyKind } from './kind.js';
import { provisionToken } from './provision-token.js';
import { roleV5, roleV6, roleV7, roleV8 } from './role.js';
import { user } from './user.js';

export const kinds: readonly AnyKind[] = [user, roleV5, roleV6, roleV7, roleV8, provisionToken];
