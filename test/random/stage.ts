// What a round is played on: both servers with a wire before each, and one operator of two namespaces, which is killed,
// stopped and started again as the steps say. Whatever was broken, `calm` mends. What a step is, is acts.ts's matter.

import { kinds } from '../../src/kinds/index.js';
import { group, storageVersion } from '../../src/kinds/kind.js';
import { grant } from '../e2e/rights.js';
import { kindOf, openScene, redirected, type Scene, serviceAccount } from '../e2e/scene.js';
import { eventually } from '../env/eventually.js';
import type { Pair } from '../env/index.js';
import { ensure } from '../env/kube-admin.js';
import { type KubeWire, startKubeWire } from '../env/kube-wire.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { stopAll } from '../env/stop-all.js';
import type { RunningEmbeddedTeleport } from '../env/teleport-embedded.js';
import { startTeleportWire, type TeleportWire } from '../env/teleport-wire.js';
import { KubeFaults } from './kube-faults.js';
import type { Actor, Place } from './subjects.js';

export interface Stage {
  readonly scene: Scene;
  readonly kubeWire: KubeWire;
  readonly teleportWire: TeleportWire;
  readonly kubeFaults: KubeFaults;
  /** Switches that only an embedded Teleport has. */
  readonly faults: RunningEmbeddedTeleport['server']['faults'] | undefined;
  namespaceOf(place: Place): string;
  /** Of the object, or of all objects of its kind there. */
  path(actor: Actor, name?: string): string;
  secretPath(place: Place, name?: string): string;
  /** The operator at work; undefined while none is. */
  operator(): RunningOperator | undefined;
  /** What operators of before have logged, but for these last few lines of those that were killed that nobody has read. */
  lastLogs(): readonly string[];
  /** Sockets of operators at their first rest, by process id. */
  readonly socketsAtFirst: Map<number, number>;
  /** kill -9, and another one after this many milliseconds, with a Lease of its own: the dead one writes nothing more. */
  kill(downMs: number): void;
  /** Asks it to end, and starts another one on the same Lease. */
  restart(): void;
  /** Somebody else has the Lease for that long. */
  usurp(ms: number): void;
  /** Ends all that is broken, and waits for an operator that works. */
  calm(): Promise<void>;
  close(): Promise<void>;
}

export async function openStage(pair: Pair): Promise<Stage> {
  const scene = await openScene(pair);
  const { admin, namespace } = scene;
  const away = `${namespace}-away`;
  await ensure(admin, '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: away },
  });
  await grant(
    admin,
    away,
    serviceAccount,
    kinds.map(({ object }) => object.plural),
    namespace,
  );
  const kubeWire = await startKubeWire(scene.kube);
  const teleportWire = await startTeleportWire(scene.teleport.authAddress);
  const kubeFaults = new KubeFaults(kubeWire);
  const faults =
    scene.teleport.kind === 'embedded'
      ? (scene.teleport as RunningEmbeddedTeleport).server.faults
      : undefined;
  let lease = 0;
  let operator: RunningOperator | undefined;
  const logs: string[] = [];
  const leasePath = () => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/random-${lease}`;
  const start = async (): Promise<void> => {
    const options = await scene.operator();
    operator = await startOperator({
      ...options,
      kubeconfigPath: redirected(options.kubeconfigPath, kubeWire),
      address: teleportWire.address,
      flags: [`-namespaces=${namespace},${away}`, `-leader-election-id=random-${lease}`],
    });
    const { process } = operator;
    kubeFaults.onKill = () => {
      process.signal('SIGKILL');
      afterwards(replace(0));
    };
  };
  /** What happens to the operator, one after the other; steps don't wait for it. */
  let doing: Promise<void> = Promise.resolve();
  const afterwards = (next: () => Promise<void>): void => {
    doing = (async (before) => {
      await before;
      await next();
    })(doing);
  };
  const replace = (downMs: number) => async (): Promise<void> => {
    if (operator) logs.push(operator.output());
    await operator?.kill();
    operator = undefined;
    await new Promise((resolve) => setTimeout(resolve, downMs));
    lease += 1;
    await start();
  };
  const hold = (holderIdentity: string): Promise<unknown> =>
    admin
      .patch(leasePath(), {
        spec: {
          holderIdentity,
          leaseDurationSeconds: 15,
          renewTime: new Date().toISOString().replace('Z', '000Z'),
        },
      })
      .catch(() => {
        // nobody has led yet
      });

  await start();
  await operator?.untilReady();
  return {
    scene,
    kubeWire,
    teleportWire,
    kubeFaults,
    faults,
    namespaceOf: (place) => (place === 'home' ? namespace : away),
    path: ({ kind, place }, name) => {
      const { object } = kindOf(kind);
      const base = `/apis/${group}/${storageVersion({ object })}/namespaces/${place === 'home' ? namespace : away}/${object.plural}`;
      return name === undefined ? base : `${base}/${name}`;
    },
    secretPath: (place, name) =>
      `/api/v1/namespaces/${place === 'home' ? namespace : away}/secrets${name === undefined ? '' : `/${name}`}`,
    operator: () => operator,
    lastLogs: () => logs,
    socketsAtFirst: new Map(),
    kill: (downMs) => afterwards(replace(downMs)),
    restart: () =>
      afterwards(async () => {
        if (operator) logs.push(operator.output());
        if (operator?.process.running) await operator.stop();
        operator = undefined;
        await start();
      }),
    usurp: (ms) =>
      afterwards(async () => {
        await hold('somebody-else');
        await new Promise((resolve) => setTimeout(resolve, ms));
        await hold('');
      }),
    calm: async () => {
      kubeFaults.clear();
      faults?.clear();
      teleportWire.state = 'open';
      await doing;
      if (!operator?.process.running) await replace(0)();
      await operator?.untilReady(60_000);
      await eventually(() => leads(operator?.output() ?? ''), { timeoutMs: 60_000 });
    },
    close: async () => {
      await doing.catch(() => {});
      await stopAll(
        async () => {
          if (operator?.process.running) await operator.stop();
        },
        kubeWire.stop,
        teleportWire.stop,
        scene.close,
      );
    },
  };
}

/** Whether the operator is at work, by its log. */
const leads = (log: string): boolean =>
  log.lastIndexOf('Leading; reconciling') > log.lastIndexOf('lost leader lease');
