// Contract: what a kind declares as needed is what Teleport refuses to do without, and what it declares as named only is
// written; from the declarations of src/kinds, so that neither says too much.
import { expect, it } from 'vitest';
import { fromObject } from '../../../src/kinds/codec/index.js';
import { kinds } from '../../../src/kinds/index.js';
import type { AnyKind } from '../../../src/kinds/kind.js';
import { failure } from '../../../src/reconcile/failures.js';
import type { RunningTeleport } from '../../env/types.js';
import { unique } from './expectations.js';

const missing = 'is-not-there';
const lists = { request: { roles: [missing] } };

/** Specs that name something that Teleport does not have. Kinds that need a licence can't be tried. */
const samples: readonly (readonly [what: string, kind: string, spec: object, refused: boolean])[] = [
  ['a user with a role', 'TeleportUser', { roles: ['access', missing] }, true],
  [
    'a trusted cluster that maps to a role',
    'TeleportTrustedClusterV2',
    {
      enabled: true,
      token: 't',
      web_proxy_addr: '127.0.0.1:1',
      tunnel_addr: '127.0.0.1:1',
      role_map: [{ remote: 'a', local: [missing] }],
    },
    true,
  ],
  ['a bot with a role', 'TeleportBotV1', { roles: [missing] }, false],
  ['a role that lets one be requested', 'TeleportRoleV7', { allow: lists }, false],
  [
    'a role that lets one be impersonated',
    'TeleportRoleV7',
    { allow: { impersonate: { roles: [missing], users: ['*'] } } },
    false,
  ],
  [
    'a token of a bot',
    'TeleportProvisionToken',
    { join_method: 'token', roles: ['Bot'], bot_name: missing },
    false,
  ],
  ['a lock on a user', 'TeleportLockV2', { target: { user: missing } }, false],
  ['a lock on a role', 'TeleportLockV2', { target: { role: missing } }, false],
];

export function referencesContract(teleport: () => RunningTeleport): void {
  const kindOf = (name: string): AnyKind => {
    const found = kinds.find(({ object }) => object.kind === name);
    if (!found) throw new Error(`there is no kind ${name}`);
    return found;
  };

  it.each(samples)('%s that is missing, %s', async (_what, name, spec, refused) => {
    const kind = kindOf(name);
    const resource = kind.form.build(
      kind.resource,
      { name: unique('refers'), description: '', labels: {} },
      fromObject(kind.spec.schema, spec, { path: 'spec', hidden: kind.spec.hidden }),
    );
    expect(kind.references(resource).some((to) => to.name === missing)).toBe(refused);
    const refusal = await kind.calls.create.run(teleport().admin, resource).then(
      () => undefined,
      (error: unknown) => failure('write', error),
    );
    expect(refusal?.reason).toBe(refused ? 'DependencyNotReady' : undefined);
  });
}
