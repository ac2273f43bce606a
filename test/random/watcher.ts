// What of the operator no object and no resource shows: what it writes when there is nothing to be done, what it forgets to
// forget, what it says in its log that it should never have to.
import { readdirSync, readlinkSync } from 'node:fs';
import type { Condition } from '../../src/kube/object.js';
import type { RunningEmbeddedTeleport } from '../env/teleport-embedded.js';
import { botWrites } from '../env/teleport-writes.js';
import type { Stage } from './stage.js';
import type { World } from './world.js';

/** What no text of ours has: a mistake in the code, or a promise that nobody waited for. */
const mistake = /TypeError|RangeError|ReferenceError|please report this|is not a function|Cannot read prop/;

/** Sockets that may come on top of those of the first rest: kept ones of lists that were made at once. */
const spareSockets = 60;

export class Watcher {
  readonly #stage: Stage;
  #teleportWrites: number;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#teleportWrites = botWrites(stage.scene.teleport).length;
    stage.kubeFaults.takeWrites();
  }

  /** Writes of the operator since the last call, to both sides. */
  takeWrites(): string[] {
    const { scene, kubeFaults } = this.#stage;
    const all = botWrites(scene.teleport);
    const fresh = all.slice(this.#teleportWrites);
    this.#teleportWrites = all.length;
    return [...fresh, ...kubeFaults.takeWrites().map(({ method, path }) => `${method} ${path}`)];
  }

  async wrong(world: World): Promise<string[]> {
    const { scene } = this.#stage;
    const operator = this.#stage.operator();
    const texts = [...this.#stage.lastLogs(), operator?.output() ?? ''];
    const lines = texts.flatMap((text) => text.split('\n')).filter((line) => mistake.test(line));
    const crashes =
      scene.teleport.kind === 'embedded' ? (scene.teleport as RunningEmbeddedTeleport).server.crashes : [];
    return [
      ...lines.map((line) => `the operator's log: ${line}`),
      ...crashes.map((method) => `${method} without its resource ends a real Auth`),
      ...(operator ? await countsOf(operator.metricsUrl, world) : []),
    ];
  }

  /** Sockets of the operator's process do not grow in number from rest to rest. */
  leaks(): string[] {
    const pid = this.#stage.operator()?.process.pid;
    if (pid === undefined || process.platform !== 'linux') return [];
    const now = socketsOf(pid);
    const first = this.#stage.socketsAtFirst.get(pid) ?? now;
    this.#stage.socketsAtFirst.set(pid, first);
    return now > first + spareSockets
      ? [`the operator has ${now} sockets, and had ${first} at its first rest`]
      : [];
  }

  /** The end of the operator's log, for people. */
  lastWords(): string {
    const output = this.#stage.operator()?.output() ?? '';
    const lines = output.split('\n').filter((line) => !line.includes('"level":"DEBUG"'));
    return `The operator's last words:\n${lines.slice(-25).join('\n')}`;
  }
}

function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

const gauge = /^teleport_operator_objects\{kind="(\w+)",ready="(\w+)"\} (\d+)/;

/** The metric counts the objects that there are, by what they say. */
async function countsOf(url: string, world: World): Promise<string[]> {
  const text = await (await fetch(url)).text();
  const counted = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, kind, ready, count] = gauge.exec(line) ?? [];
    if (Number(count) > 0) counted.set(`${kind} ${ready?.toLowerCase()}`, Number(count));
  }
  const there = new Map<string, number>();
  for (const claimant of world.subjects.flatMap(({ claimants }) => claimants)) {
    const conditions = (claimant.object.status?.['conditions'] ?? []) as Condition[];
    const ready = conditions.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
    const key = `${claimant.object.kind} ${ready.toLowerCase()}`;
    there.set(key, (there.get(key) ?? 0) + 1);
  }
  const sorted = (counts: Map<string, number>): string =>
    [...counts]
      .map(([key, count]) => `${key}: ${count}`)
      .sort()
      .join(', ') || 'none';
  if (sorted(counted) === sorted(there)) return [];
  return [`the metric counts ${sorted(counted)}, and there are ${sorted(there)}`];
}
