// A restart over 1,000 unchanged objects writes nothing, to nobody; nor does a resync; and the first start over the
// Go operator's objects writes one status each. Writes are counted on the wire to Kubernetes and in Teleport itself.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type KubeWire, objectWrites, startKubeWire } from '../env/kube-wire.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { botWrites } from '../env/teleport-writes.js';
import { openScene, redirected, type Scene } from './scene.js';

const many = 1_000;

interface Piece {
  readonly kind: string;
  readonly name: string;
  readonly spec: object;
}

const pieces: readonly Piece[] = Array.from({ length: many }, (_, i): Piece => {
  const name = `many-${String(i).padStart(4, '0')}`;
  if (i % 10 < 5) return { kind: 'TeleportRoleV7', name, spec: { allow: { logins: [`login-${i}`] } } };
  if (i % 10 < 8)
    return { kind: 'TeleportUser', name, spec: { roles: ['access'], traits: { team: [`${i % 7}`] } } };
  const allow = [{ service_account: `ns:sa-${i}` }];
  return {
    kind: 'TeleportProvisionToken',
    name,
    spec: { join_method: 'kubernetes', roles: ['Node'], kubernetes: { allow } },
  };
});

describe.each(pairs())(`${many} unchanged objects, on $name`, ({ start, skipped }) => {
  describe.skipIf(skipped)('cost', () => {
    let scene: Scene;
    let wire: KubeWire;
    let operator: RunningOperator | undefined;

    beforeAll(async () => {
      scene = await openScene(await start());
      wire = await startKubeWire(scene.kube);
      await inParallel(pieces, ({ kind, name, spec }) => scene.create(kind, name, spec));
      await run();
      await eventually(
        async () => expect(await metric(/^teleport_operator_objects\{.*ready="True"/)).toBe(many),
        {
          timeoutMs: 240_000,
          intervalMs: 500,
        },
      );
      await operator?.stop();
    }, 400_000);
    afterEach(async () => {
      await operator?.stop();
      operator = undefined;
    });
    afterAll(async () => {
      await wire?.stop();
      await scene?.close();
    });

    const run = async (...flags: string[]): Promise<void> => {
      const options = await scene.operator();
      wire.requests.length = 0;
      operator = await startOperator({
        ...options,
        kubeconfigPath: redirected(options.kubeconfigPath, wire),
        flags,
      });
      await operator.untilReady();
    };
    /** Sum of the metric's lines that match. */
    const metric = async (line: RegExp): Promise<number> => {
      const text = await (await fetch(operator?.metricsUrl ?? '')).text();
      return text
        .split('\n')
        .filter((each) => line.test(each))
        .reduce((sum, each) => sum + Number(each.slice(each.lastIndexOf(' ') + 1)), 0);
    };
    const unchanged = /^teleport_operator_passes_total\{.*outcome="unchanged"/;
    const untilPasses = (count: number, timeoutMs: number) =>
      eventually(async () => expect(await metric(unchanged)).toBeGreaterThanOrEqual(count), {
        timeoutMs,
        intervalMs: 250,
      });

    it('nothing at a restart, and Teleport is read by lists', async () => {
      const before = botWrites(scene.teleport).length;
      // the count counts: making the objects is in it
      expect(before).toBeGreaterThanOrEqual(many);
      await run();
      await untilPasses(many, 60_000);
      expect(objectWrites(wire.requests)).toEqual([]);
      expect(botWrites(scene.teleport).slice(before)).toEqual([]);
      const gets = await metric(/call_duration_seconds_count\{.*method="Get(Role|User|Token)",/);
      expect(gets).toBeLessThan(20);
    }, 120_000);

    it('nothing at a resync', async () => {
      const before = botWrites(scene.teleport).length;
      await run('-sync-period=3s');
      await untilPasses(3 * many, 90_000);
      expect(objectWrites(wire.requests)).toEqual([]);
      expect(botWrites(scene.teleport).slice(before)).toEqual([]);
      expect(await metric(/call_duration_seconds_count\{.*method="Get(Role|User|Token)",/)).toBeLessThan(20);
    }, 120_000);

    it('one status each at the first start after the Go operator, and Teleport nothing', async () => {
      await inParallel(pieces, async ({ kind, name }) => {
        const lastTransitionTime = '2026-01-01T00:00:00Z';
        const condition = (type: string, reason: string) => ({
          type,
          reason,
          status: 'True',
          message: '',
          lastTransitionTime,
        });
        const conditions = [
          condition('TeleportResourceOwned', 'OriginLabelMatching'),
          condition('ValidStructure', 'NoError'),
          condition('SuccessfullyReconciled', 'NoError'),
        ];
        await scene.admin.patch(`${scene.path(kind, name)}/status`, {
          status: { conditions, applied: null, observedGeneration: null, resourceName: null },
        });
      });
      const before = botWrites(scene.teleport).length;
      await run();
      await untilPasses(many, 120_000);
      await eventually(() => objectWrites(wire.requests).length >= many, { timeoutMs: 30_000 });
      const paths = objectWrites(wire.requests).map(({ path }) => path.split('?')[0] ?? '');
      expect(paths.filter((path) => !path.endsWith('/status'))).toEqual([]);
      expect(new Set(paths).size).toBe(paths.length);
      expect(paths).toHaveLength(many);
      expect(botWrites(scene.teleport).slice(before)).toEqual([]);
    }, 240_000);
  });
});

async function inParallel(all: readonly Piece[], act: (piece: Piece) => Promise<unknown>): Promise<void> {
  const left = [...all];
  const worker = async (): Promise<void> => {
    for (let piece = left.shift(); piece; piece = left.shift()) await act(piece);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}
