// What the servers take without any operator, from the same load generator in the same run: single requests
// one after another kind, and of the load itself all the requests that no operator can do without, as a tight loop
// would send them: no look, no comparison, no question.
import { AuthService } from '../src/gen/teleport/client/authservice_pb.js';
import { UsersService } from '../src/gen/teleport/users/v1/users_service_pb.js';
import type { KubeObject } from '../src/kube/object.js';
import type { TeleportClient } from '../src/teleport/client.js';
import { ensure, type KubeAdmin } from '../test/env/kube-admin.js';
import { type Measured, measure, timed } from './figures.js';
import { bodyOf, collection, type Item, items, mixed, role, user } from './load.js';
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

export async function measureLimits(parts: LimitParts, wanted: number): Promise<void> {
  const { admin, teleport, kubeconfigPath, concurrency, serversPid, report } = parts;
  await ensure(admin, '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  const count = Math.min(wanted, most);
  const path = ({ recipe, name }: Item): string => `${collection(recipe, namespace)}/${name}`;
  const create = (item: Item): Promise<unknown> =>
    admin.create(collection(item.recipe, namespace), bodyOf(item, namespace));
  const patchStatus = (item: Item) => admin.patch(`${path(item)}/status`, { status: status(1) });
  // A status is replaced where one knows the object's version: that costs the server less than a patch.
  const replaceStatus = (generation: number, item: Item, { metadata }: KubeObject): Promise<unknown> => {
    const { apiVersion, kind } = item.recipe;
    const { name, resourceVersion } = metadata;
    const body = {
      apiVersion,
      kind,
      metadata: { name, namespace, resourceVersion },
      status: status(generation),
    };
    return admin.replace(`${path(item)}/status`, body);
  };
  const patchSpec = (item: Item): Promise<KubeObject> =>
    admin.patch(path(item), { spec: item.recipe.spec(1, item.index) });
  const addFinalizer = (item: Item): Promise<KubeObject> =>
    admin.patch(path(item), { metadata: { finalizers: [finalizer] } });
  const dropFinalizer = (item: Item): Promise<unknown> =>
    admin.patch(path(item), { metadata: { finalizers: null } });
  const inTeleport = resources(teleport);
  const run = async (scenario: string, of: readonly Item[], work: (item: Item) => Promise<unknown>) =>
    report(scenario, await measure(undefined, of.length, () => timed(of, concurrency, work), serversPid));

  const roles = items(count, 'limit', [role]);
  await run('limit: create an object', roles, create);
  await run('limit: patch a status', roles, patchStatus);
  await run('limit: delete an object', roles, (item) => admin.remove(path(item)));
  await run('limit: create a role in Teleport', roles, inTeleport.create);
  await run('limit: delete a role in Teleport', roles, inTeleport.remove);

  // An operator's watches and the generator's own are part of what the servers have to do.
  const watchers = [new Tracker(kubeconfigPath), new Tracker(kubeconfigPath)];
  try {
    for (const watcher of watchers) await watcher.watch(mixed, namespace);
    const load = items(count, 'load');
    await run('limit: all of a creation', load, async (item) => {
      await create(item);
      const object = await addFinalizer(item);
      await inTeleport.create(item);
      await replaceStatus(1, item, object);
    });
    await run('limit: all of an update', load, async (item) => {
      const object = await patchSpec(item);
      await inTeleport.update(item);
      await replaceStatus(2, item, object);
    });
    await run('limit: all of a deletion', load, async (item) => {
      await admin.remove(path(item));
      await inTeleport.remove(item);
      await dropFinalizer(item);
    });
  } finally {
    for (const watcher of watchers) watcher.close();
  }
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

/** The load's resources in Teleport, written with nothing asked before. */
function resources(
  teleport: TeleportClient,
): Record<'create' | 'update' | 'remove', (item: Item) => Promise<unknown>> {
  const metadata = (name: string) => ({
    Name: name,
    Namespace: 'default',
    Labels: { 'teleport.dev/origin': 'kubernetes' },
  });
  const roleOf = ({ name }: Item, login: string) => ({
    Kind: 'role',
    Version: 'v7',
    Metadata: metadata(name),
    Spec: { Allow: { Logins: [login] } },
  });
  const userOf = ({ name }: Item, login: string) => ({
    Kind: 'user',
    Version: 'v2',
    Metadata: metadata(name),
    Spec: { Roles: ['access'], Traits: { Values: { logins: { Values: [login] } } } },
  });
  const isUser = ({ recipe }: Item): boolean => recipe === user;
  return {
    create: (item) =>
      isUser(item)
        ? teleport.unary(UsersService.method.createUser, { user: userOf(item, 'one') })
        : teleport.unary(AuthService.method.createRole, { Role: roleOf(item, 'one') }),
    update: (item) =>
      isUser(item)
        ? teleport.unary(UsersService.method.upsertUser, { user: userOf(item, 'other') })
        : teleport.unary(AuthService.method.upsertRoleV2, { Role: roleOf(item, 'other') }),
    remove: (item) =>
      isUser(item)
        ? teleport.unary(UsersService.method.deleteUser, { name: item.name })
        : teleport.unary(AuthService.method.deleteRole, { Name: item.name }),
  };
}
