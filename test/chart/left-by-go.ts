// What the Go operator leaves: objects with its finalizer and status, resources with the origin label, a Lease that ran out.
import { type AnyKind, group } from '../../src/kinds/kind.js';
import { wantedResource } from '../../src/reconcile/wanted.js';
import { eventually } from '../env/eventually.js';
import { kindNamed, namespace, type Release } from './release.js';

const finalizer = 'resources.teleport.dev/deletion';

export interface Left {
  readonly kind: AnyKind;
  readonly name: string;
  /** Of the resource in Teleport, as it was left. */
  readonly revision: string;
}

export const leasePath = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/431e83f4.teleport.dev`;
/** Makes them. */
export async function leftByGo(scene: Release): Promise<Left[]> {
  const specs: Record<string, Record<string, unknown>> = {
    TeleportRoleV7: { allow: { logins: ['ubuntu'], node_labels: { env: 'test' } } },
    TeleportRoleV8: { allow: { logins: ['ubuntu'] } },
    TeleportUser: { roles: ['access'] },
    TeleportProvisionToken: {
      roles: ['Node'],
      join_method: 'github',
      github: { allow: [{ repository: 'a/b' }] },
    },
  };
  const seeded: Left[] = [];
  for (const [name, spec] of Object.entries(specs)) {
    const kind = kindNamed(name);
    const metadata = { name: `left-${kind.object.plural}`, namespace, finalizers: [finalizer] };
    const object = { apiVersion: `${group}/${kind.object.versions[0]?.name}`, kind: name, metadata, spec };
    await kind.calls.create.run(scene.teleport.admin, wantedResource(kind, object));
    const made = await scene.admin.create(scene.path(kind), object);
    await scene.admin.replace(`${scene.path(kind, metadata.name)}/status`, { ...made, status: goStatus() });
    const stored = await eventually(() => kind.calls.get.run(scene.teleport.admin, metadata.name));
    seeded.push({ kind, name: metadata.name, revision: kind.form.revision(stored) });
  }
  const past = new Date(Date.now() - 3_600_000).toISOString().replace('Z', '000Z');
  await scene.admin.create(leasePath.slice(0, leasePath.lastIndexOf('/')), {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: '431e83f4.teleport.dev', namespace },
    spec: {
      holderIdentity: 'go-operator_1',
      leaseDurationSeconds: 15,
      acquireTime: past,
      renewTime: past,
      leaseTransitions: 3,
    },
  });
  return seeded;
}

function goStatus(): object {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  return {
    conditions: [
      { type: 'ValidStructure', status: 'True', reason: 'NoError', message: 'ok', lastTransitionTime },
      {
        type: 'TeleportResourceOwned',
        status: 'True',
        reason: 'NewResource',
        message: 'new',
        lastTransitionTime,
      },
      {
        type: 'SuccessfullyReconciled',
        status: 'True',
        reason: 'NoError',
        message: 'ok',
        lastTransitionTime,
      },
    ],
  };
}
