// A kind that nobody foresaw, made of one declaration: its CRD, codec, permissions, docs row and the whole operator
// come of it, without a change anywhere else. Its Teleport is a map.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { LockSpecV2Schema, type LockV2, LockV2Schema } from '../../src/gen/teleport/types/lock_pb.js';
import { call, nothing } from '../../src/kinds/calls.js';
import { crdFor } from '../../src/kinds/crd/index.js';
import { legacyForm } from '../../src/kinds/forms.js';
import { declareKind } from '../../src/kinds/kind.js';
import { kubeRules, teleportAllow } from '../../src/kinds/permissions.js';
import type { Condition } from '../../src/kube/object.js';
import { kindsDoc } from '../../tools/gen/docs-kinds.js';
import { inMemory } from '../builders/memory-kind.js';
import { installCrds } from '../env/crds.js';
import { ensure, type KubeAdmin, openKube } from '../env/kube-admin.js';
import { startEmbeddedKube } from '../env/kube-embedded.js';
import { stopAll } from '../env/stop-all.js';
import { startEmbeddedTeleport } from '../env/teleport-embedded.js';
import { operatorOn } from './operator-on.js';

/** The one declaration. */
const toy = declareKind({
  object: {
    kind: 'TeleportToyV9',
    plural: 'teleporttoysv9',
    shortNames: ['toyv9'],
    versions: [{ name: 'v1', storage: true }],
    columns: [{ name: 'Message', jsonPath: '.spec.message', type: 'string' }],
    description: 'A toy.',
  },
  resource: { kind: 'toy', version: 'v2' },
  schema: LockV2Schema,
  form: legacyForm(LockV2Schema),
  spec: { schema: LockSpecV2Schema, hidden: ['created_at', 'created_by'] },
  calls: {
    get: call(
      AuthService.method.getLock,
      (Name: string) => ({ Name }),
      (stored) => stored,
    ),
    create: call(AuthService.method.upsertLock, (lock: LockV2) => lock, nothing),
    update: call(AuthService.method.upsertLock, (lock: LockV2) => lock, nothing),
    delete: call(AuthService.method.deleteLock, (Name: string) => ({ Name }), nothing),
  },
  kept: ['Spec.CreatedBy'],
});

const path = '/apis/resources.teleport.dev/v1/namespaces/toys/teleporttoysv9';
const { kind, teleport: memory } = inMemory(toy);

describe('a kind made of one declaration', () => {
  let stop: () => Promise<void>;
  let admin: KubeAdmin;
  beforeAll(async () => {
    const kube = await startEmbeddedKube();
    const teleport = await startEmbeddedTeleport();
    admin = openKube(kube.kubeconfigPath);
    await ensure(admin, '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'toys' },
    });
    await installCrds(admin, [crdFor(kind, () => 'What it means.')]);
    const operator = await operatorOn({
      kube,
      teleport,
      name: 'toys',
      namespace: 'toys',
      kinds: [kind],
      flags: ['-health-probe-bind-address=0', '-metrics-bind-address=0'],
    });
    stop = async () => {
      await operator.stop();
      admin.close();
      await stopAll(teleport.stop, kube.stop);
    };
  }, 60_000);
  afterAll(() => stop?.());

  const ready = async (): Promise<Condition | undefined> => {
    const { status } = await admin.get(`${path}/bear`);
    return ((status?.['conditions'] ?? []) as Condition[]).find(({ type }) => type === 'Ready');
  };
  const stored = () => memory.resources.get('bear') as LockV2 | undefined;

  it('has a CRD, rights and a row in the documentation', () => {
    expect(crdFor(kind, () => 'What it means.').metadata.name).toBe('teleporttoysv9.resources.teleport.dev');
    expect(JSON.stringify(kubeRules([kind]))).toContain('teleporttoysv9/status');
    expect(teleportAllow([kind]).rules[0]?.resources).toEqual(['toy']);
    expect(kindsDoc([kind], [])).toContain('`TeleportToyV9`');
  });

  it('is created, changed, protected against drift and deleted', async () => {
    await admin.create(path, {
      apiVersion: 'resources.teleport.dev/v1',
      kind: 'TeleportToyV9',
      metadata: { name: 'bear', namespace: 'toys', labels: { soft: 'yes' } },
      spec: { target: { user: 'alice' }, message: 'one' },
    });
    await expect.poll(async () => (await ready())?.status, { timeout: 20_000 }).toBe('True');
    expect(stored()).toMatchObject({
      Kind: 'toy',
      Metadata: { Labels: { soft: 'yes', 'teleport.dev/origin': 'kubernetes' } },
      Spec: { Message: 'one' },
    });
    const { Spec: spec } = stored() as { Spec?: { CreatedBy: string } };
    if (spec) spec.CreatedBy = 'somebody';
    await admin.patch(`${path}/bear`, { spec: { message: 'two' } });
    await expect.poll(() => stored()?.Spec?.Message, { timeout: 10_000 }).toBe('two');
    expect(stored()?.Spec?.CreatedBy).toBe('somebody');
    await admin.patch(`${path}/bear`, { spec: { massage: 'three' } }).catch(() => {});
    await admin.remove(`${path}/bear`);
    await expect.poll(() => admin.find(`${path}/bear`), { timeout: 10_000 }).toBeUndefined();
    expect(stored()).toBeUndefined();
  }, 45_000);
});
