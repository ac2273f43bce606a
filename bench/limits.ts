// What the servers take without any operator, from the same load generator in the same run: single requests
// one after another kind, and of the load itself all the requests that no operator can do without, as a tight loop
// would send them: no look, no comparison, no question. Beside it the same with what an operator needs that must not
// write over, or delete, what somebody else wrote meanwhile: a look at the resource, and a write bound to what was seen.
import { AuthService } from '../src/gen/teleport/client/authservice_pb.js';
import { UsersService } from '../src/gen/teleport/users/v1/users_service_pb.js';
import type { KubeObject } from '../src/kube/object.js';
import type { TeleportClient } from '../src/teleport/client.js';
import { ensure, type KubeAdmin } from '../test/env/kube-admin.js';
import { type Measured, measure, timed } from './figures.js';
import { bodyOf, collection, each, type Item, items, mixed, role, user } from './load.js';
import { Tracker } from './tracker.js';

export interface LimitParts {
  readonly admin: KubeAdmin;
  readonly teleport: TeleportClient;
  readonly kubeconfigPath: string;
  readonly concurrency: number;
  readonly serversPid: number;
  readonly report: (scenario: string, measured: Measured) => void;
}

const namespace = 'bench-limits';
const finalizer = 'bench.invalid/limit';

/** At most so many requests of each sort; more tell nothing new. */
const most = 1_000;

/** Single requests, one sort after another. */
export async function measureRequests(parts: LimitParts, wanted: number): Promise<void> {
  const { create, patchStatus, remove, inTeleport } = await requests(parts);
  const roles = items(Math.min(wanted, most), 'limit', [role]);
  await run(parts, 'create an object', roles, create);
  await run(parts, 'patch a status', roles, patchStatus);
  await run(parts, 'delete an object', roles, remove);
  await run(parts, 'create a role in Teleport', roles, inTeleport.create);
  await run(parts, 'delete a role in Teleport', roles, inTeleport.remove);
}

/** The load itself. An operator's watches and the generator's own are part of what the servers have to do. */
export async function measureLoad(parts: LimitParts, wanted: number, when = ''): Promise<void> {
  const { create, remove, patchSpec, addFinalizer, dropFinalizer, replaceStatus, inTeleport } =
    await requests(parts);
  const { concurrency } = parts;
  const watchers = [new Tracker(parts.kubeconfigPath), new Tracker(parts.kubeconfigPath)];
  try {
    for (const watcher of watchers) await watcher.watch(mixed, namespace);
    const load = items(Math.min(wanted, most), 'load');
    await run(parts, `all of a creation${when}`, load, async (item) => {
      await create(item);
      const object = await addFinalizer(item);
      await inTeleport.create(item);
      await replaceStatus(1, item, object);
    });
    await run(parts, `all of an update${when}`, load, async (item) => {
      const object = await patchSpec(item);
      await inTeleport.update(item);
      await replaceStatus(2, item, object);
    });
    await run(parts, `all of an update, and a look${when}`, load, async (item) => {
      const object = await patchSpec(item, 2);
      await inTeleport.updateSeen(item, await inTeleport.look(item));
      await replaceStatus(3, item, object);
    });
    const deletion = async (item: Item, look: (item: Item) => Promise<unknown>): Promise<void> => {
      await remove(item);
      await look(item);
      await inTeleport.remove(item);
      await dropFinalizer(item);
    };
    await run(parts, `all of a deletion${when}`, load, (item) => deletion(item, async () => {}));
    await each(load, concurrency, async (item) => {
      await create(item);
      await addFinalizer(item);
      await inTeleport.create(item);
    });
    await run(parts, `all of a deletion, and a look${when}`, load, (item) => deletion(item, inTeleport.look));
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}

async function run(
  { concurrency, serversPid, report }: LimitParts,
  what: string,
  of: readonly Item[],
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  report(
    `limit: ${what}`,
    await measure(undefined, of.length, () => timed(of, concurrency, work), serversPid),
  );
}

/** The requests, each about one object of the load. */
async function requests({ admin, teleport }: LimitParts) {
  await ensure(admin, '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  const path = ({ recipe, name }: Item): string => `${collection(recipe, namespace)}/${name}`;
  return {
    create: (item: Item): Promise<unknown> =>
      admin.create(collection(item.recipe, namespace), bodyOf(item, namespace)),
    remove: (item: Item): Promise<unknown> => admin.remove(path(item)),
    patchSpec: (item: Item, edit = 1): Promise<KubeObject> =>
      admin.patch(path(item), { spec: item.recipe.spec(edit, item.index) }),
    addFinalizer: (item: Item): Promise<KubeObject> =>
      admin.patch(path(item), { metadata: { finalizers: [finalizer] } }),
    dropFinalizer: (item: Item): Promise<unknown> =>
      admin.patch(path(item), { metadata: { finalizers: null } }),
    patchStatus: (item: Item): Promise<unknown> => admin.patch(`${path(item)}/status`, { status: status(1) }),
    // A status is replaced where one knows the object's version: that costs the server less than a patch.
    replaceStatus: (generation: number, item: Item, { metadata }: KubeObject): Promise<unknown> => {
      const { apiVersion, kind } = item.recipe;
      const { name, resourceVersion } = metadata;
      const body = {
        apiVersion,
        kind,
        metadata: { name, namespace, resourceVersion },
        status: status(generation),
      };
      return admin.replace(`${path(item)}/status`, body);
    },
    inTeleport: resources(teleport),
  };
}

/** Upstream's conditions and `Ready`, and nothing beside. */
function status(observedGeneration: number): object {
  const types = ['TeleportResourceOwned', 'SuccessfullyReconciled', 'ValidStructure', 'Ready'];
  return {
    observedGeneration,
    conditions: types.map((type) => ({
      type,
      status: 'True',
      reason: 'Synced',
      message: 'The resource in Teleport is as the object says.',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration,
    })),
  };
}

/** The load's resources in Teleport. `create`, `update` and `remove` ask nothing before. */
function resources(teleport: TeleportClient) {
  const metadata = (name: string, revision: string) => ({
    Name: name,
    Namespace: 'default',
    Labels: { 'teleport.dev/origin': 'kubernetes' },
    Revision: revision,
  });
  const roleOf = ({ name }: Item, login: string, revision = '') => ({
    Kind: 'role',
    Version: 'v7',
    Metadata: metadata(name, revision),
    Spec: { Allow: { Logins: [login] } },
  });
  const userOf = ({ name }: Item, login: string, revision = '') => ({
    Kind: 'user',
    Version: 'v2',
    Metadata: metadata(name, revision),
    Spec: { Roles: ['access'], Traits: { Values: { logins: { Values: [login] } } } },
  });
  const isUser = ({ recipe }: Item): boolean => recipe === user;
  return {
    create: (item: Item): Promise<unknown> =>
      isUser(item)
        ? teleport.unary(UsersService.method.createUser, { user: userOf(item, 'one') })
        : teleport.unary(AuthService.method.createRole, { Role: roleOf(item, 'one') }),
    update: (item: Item): Promise<unknown> =>
      isUser(item)
        ? teleport.unary(UsersService.method.upsertUser, { user: userOf(item, 'other') })
        : teleport.unary(AuthService.method.upsertRoleV2, { Role: roleOf(item, 'other') }),
    /** @returns the revision */
    look: async (item: Item): Promise<string> => {
      const { Metadata } = isUser(item)
        ? ((await teleport.unary(UsersService.method.getUser, { name: item.name })).user ?? {})
        : await teleport.unary(AuthService.method.getRole, { Name: item.name });
      return Metadata?.Revision ?? '';
    },
    updateSeen: (item: Item, revision: string): Promise<unknown> =>
      isUser(item)
        ? teleport.unary(UsersService.method.updateUser, { user: userOf(item, 'third', revision) })
        : teleport.unary(AuthService.method.updateRole, { Role: roleOf(item, 'third', revision) }),
    remove: (item: Item): Promise<unknown> =>
      isUser(item)
        ? teleport.unary(UsersService.method.deleteUser, { name: item.name })
        : teleport.unary(AuthService.method.deleteRole, { Name: item.name }),
  };
}
