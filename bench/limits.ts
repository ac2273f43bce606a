// What the servers take without any operator, from the same load generator in the same run: single requests
// one after another kind, and the requests that one new object costs at least, as a tight loop would send them.
import { AuthService } from '../src/gen/teleport/client/authservice_pb.js';
import type { TeleportClient } from '../src/teleport/client.js';
import { ensure, type KubeAdmin } from '../test/env/kube-admin.js';
import { type Measured, measure, timed } from './figures.js';
import { bodyOf, collection, type Item, items, role } from './load.js';

export interface LimitParts {
  readonly admin: KubeAdmin;
  readonly teleport: TeleportClient;
  readonly concurrency: number;
  readonly serversPid: number;
  readonly report: (scenario: string, measured: Measured) => void;
}

const namespace = 'bench-limits';
const finalizer = 'bench.invalid/limit';

/** At most so many requests of each sort; more tell nothing new. */
const most = 1_000;

export async function measureLimits(
  { admin, teleport, concurrency, serversPid, report }: LimitParts,
  wanted: number,
): Promise<void> {
  await ensure(admin, '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  const count = Math.min(wanted, most);
  const list = items(count, 'limit', [role]);
  const base = collection(role, namespace);
  const path = ({ name }: Item): string => `${base}/${name}`;
  const create = (item: Item): Promise<unknown> => admin.create(base, bodyOf(item, namespace));
  const patchStatus = (item: Item): Promise<unknown> =>
    admin.patch(`${path(item)}/status`, { status: { conditions: [condition] } });
  const addFinalizer = (item: Item): Promise<unknown> =>
    admin.patch(path(item), { metadata: { finalizers: [finalizer] } });
  const dropFinalizer = (item: Item): Promise<unknown> =>
    admin.patch(path(item), { metadata: { finalizers: null } });
  const createRole = ({ name }: Item): Promise<unknown> =>
    teleport.unary(AuthService.method.createRole, { Role: resource(name) });
  const deleteRole = ({ name }: Item): Promise<unknown> =>
    teleport.unary(AuthService.method.deleteRole, { Name: name });
  const run = async (scenario: string, of: readonly Item[], work: (item: Item) => Promise<unknown>) =>
    report(scenario, await measure(undefined, of.length, () => timed(of, concurrency, work), serversPid));

  await run('limit: create an object', list, create);
  await run('limit: patch a status', list, patchStatus);
  await run('limit: delete an object', list, (item) => admin.remove(path(item)));
  await run('limit: create a role in Teleport', list, createRole);
  await run('limit: delete a role in Teleport', list, deleteRole);
  // Create, finalizer, Teleport, status: what no operator that keeps finalizers can do without.
  await run('limit: all of a creation', list, async (item) => {
    await create(item);
    await addFinalizer(item);
    await createRole(item);
    await patchStatus(item);
  });
  await run('limit: all of a deletion', list, async (item) => {
    await admin.remove(path(item));
    await deleteRole(item);
    await dropFinalizer(item);
  });
}

const condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Synced',
  message: 'The resource is in Teleport.',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  observedGeneration: 1,
};

function resource(name: string) {
  return {
    Kind: 'role',
    Version: 'v7',
    Metadata: { Name: name, Namespace: 'default', Labels: { 'teleport.dev/origin': 'kubernetes' } },
    Spec: { Allow: { Logins: ['login'] } },
  };
}
