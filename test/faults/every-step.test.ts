// The process dies at every step of I/O, before the step is done or just after, for every kind and every act: made,
// edited, put right, taken over, deleted, under its own name and under another. The next process ends where an undisturbed
// one would. Steps are counted, not listed, so that a new one is in it. crash.test.ts does it with a real process.
import { clone, type Message } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { canonical } from '../../src/kinds/canonical.js';
import { kinds } from '../../src/kinds/index.js';
import type { AnyKind } from '../../src/kinds/kind.js';
import { setConditions } from '../../src/kube/conditions.js';
import type { KubeObject } from '../../src/kube/object.js';
import { notCompared } from '../../src/reconcile/applied.js';
import { Mirror } from '../../src/reconcile/mirror.js';
import { annotations, finalizer } from '../../src/reconcile/names.js';
import type { ReconcilerParts } from '../../src/reconcile/parts.js';
import { reconcile } from '../../src/reconcile/reconciler.js';
import { mergedStatus, readyReason, statusOf } from '../../src/reconcile/status.js';
import type { TeleportClient } from '../../src/teleport/client.js';
import { inMemory } from '../builders/memory-kind.js';
import { reconcilerParts } from '../builders/reconciler-parts.js';
import { exampleObjects } from '../e2e/example-objects.js';

const examples = exampleObjects();
/** Without the annotations that are the example's own matter. */
function exampleOf(kind: string): KubeObject | undefined {
  const found = examples.find((object) => object.kind === kind);
  return found && { ...found, metadata: { ...found.metadata, annotations: {} } };
}
/** As the API server stores it. */
function secretOf(name: string): KubeObject | undefined {
  const found = examples.find(({ kind, metadata }) => kind === 'Secret' && metadata.name === name);
  const text = (found as { stringData?: Record<string, string> } | undefined)?.stringData ?? {};
  const data = Object.entries(text).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return found && ({ ...found, data: Object.fromEntries(data) as object } as KubeObject);
}

class Died extends Error {}

/** At which step, counted from 1, the process dies, and whether the step is done. */
interface Death {
  readonly step: number;
  readonly done: boolean;
}

function world(base: AnyKind, example: KubeObject) {
  const { kind, teleport } = inMemory(base);
  const clock = new VirtualClock();
  /** As Kubernetes has it; undefined when it is gone. */
  let object: KubeObject | undefined;
  let steps: string[] = [];
  let death: Death | undefined;
  let dead = false;
  const step = async <T>(name: string, act: () => T | Promise<T>): Promise<T> => {
    if (dead) throw new Died();
    steps.push(name);
    const here = death?.step === steps.length;
    dead = here && !death?.done;
    if (dead) throw new Died();
    const result = await act();
    dead = here;
    if (dead) throw new Died();
    return result;
  };
  for (const verb of ['get', 'create', 'update', 'delete'] as const) {
    const { run, method } = kind.calls[verb];
    const stepwise = (client: TeleportClient, argument: never) =>
      step<unknown>(verb, () => run(client, argument));
    Object.assign(kind.calls, { [verb]: { method, run: stepwise } });
  }
  const write = (change: (now: KubeObject) => KubeObject): KubeObject => {
    if (!object) throw new Error('the object is gone');
    object = change(object);
    if (object.metadata.deletionTimestamp && !object.metadata.finalizers?.length) object = undefined;
    return object ?? change({ metadata: {} } as KubeObject);
  };
  const withFinalizers = (finalizers: string[]) => () =>
    write((now) => ({ ...now, metadata: { ...now.metadata, finalizers } }));
  const start = (): ReconcilerParts =>
    reconcilerParts({
      kind,
      clock,
      mirror: new Mirror([kind]),
      teardown: { ending: () => step('ask what ends', () => undefined) },
      secrets: {
        get: (_namespace, name) => step('read a Secret', () => secretOf(name)),
      },
      objects: {
        addFinalizer: () => step('add the finalizer', withFinalizers([finalizer])),
        removeFinalizer: async () => void (await step('remove the finalizer', withFinalizers([]))),
        record: (_object, fields) =>
          step('record', () => write((now) => ({ ...now, status: { ...now.status, ...fields } }))),
      },
    });
  let parts = start();
  const pass = async (current: KubeObject): Promise<void> => {
    const { object: held, outcome } = await reconcile(parts, current, new AbortController().signal);
    const status = statusOf(outcome);
    if (!status) return;
    const { generation } = held.metadata;
    const merged = (now: KubeObject) =>
      mergedStatus(now, status, held, (existing, wanted) =>
        setConditions(existing, wanted, { generation, now: 0 }),
      );
    const differs = JSON.stringify({ ...held.status, ...merged(held) }) !== JSON.stringify(held.status);
    if (differs) {
      await step('write the status', () =>
        write((now) => ({ ...now, status: { ...now.status, ...merged(now) } })),
      );
    }
  };
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      if (!object || dead) return;
      const running = pass(object).catch((error: unknown) => {
        if (!(error instanceof Died)) throw error;
      });
      const progress = { over: false };
      void running.finally(() => (progress.over = true));
      while (!progress.over) await clock.advance(100);
      await running;
    }
  };
  return {
    kind,
    teleport,
    create: (metadata: object) =>
      void (object = {
        ...example,
        metadata: { ...example.metadata, namespace: 'teleport', uid: 'u', generation: 1, ...metadata },
      }),
    edit: (change: (now: KubeObject) => KubeObject) => void write(change),
    object: () => object,
    settle,
    /** Lets the act take place in a process that dies, and another that goes on. @returns the steps of the first */
    run: async (act: () => void, meanwhile: () => void, at?: Death): Promise<string[]> => {
      steps = [];
      death = at;
      act();
      await settle();
      const taken = steps;
      death = undefined;
      dead = false;
      meanwhile();
      // Auth's cache has caught up when the next one starts
      await clock.advance(10_000);
      parts = start();
      await settle();
      return taken;
    },
  };
}

type World = ReturnType<typeof world>;

/** What Teleport and Kubernetes hold, less what tells one write from another. */
function outcomeOf({ kind, teleport, object }: World): object {
  const resources = [...teleport.resources].map(([name, resource]) => [
    name,
    canonical(kind.schema, resource, notCompared(kind)),
  ]);
  const now = object();
  return {
    resources,
    object: now && [readyReason(now), now.metadata.finalizers, now.status?.['resourceName']],
  };
}

/** Somebody changes every resource that there is. */
function meddle({ kind, teleport }: World, change: (labels: Record<string, string>) => void): void {
  for (const [name, resource] of teleport.resources) {
    const copy = clone(kind.schema, resource);
    change(kind.form.head(copy).labels);
    kind.form.setRevision(copy, `${kind.form.revision(copy)}-meddled`);
    teleport.resources.set(name, copy);
  }
}

const writesOf = ({ teleport }: World): number => teleport.calls.filter((call) => call !== 'get').length;

const other = 'other@example.com';
const named = { annotations: { [annotations.resourceName]: other } };
const labelled = (now: KubeObject): KubeObject => ({
  ...now,
  metadata: { ...now.metadata, generation: 2, labels: { ...now.metadata.labels, edited: 'yes' } },
});

interface Act {
  readonly name: string;
  before?(world: World): Promise<void>;
  act(world: World): void;
  /** What somebody does while no process runs. */
  meanwhile?(world: World): void;
  /** What Teleport must have at the end; it is compared with an undisturbed run besides. */
  readonly leaves: 'resource' | 'nothing';
}

const made = (metadata: object) => async (world: World) => {
  world.create(metadata);
  await world.settle();
};
const going = (world: World) =>
  world.edit((now) => ({ ...now, metadata: { ...now.metadata, deletionTimestamp: 'now' } }));

const acts = (metadata: object): Act[] => [
  { name: 'creation', act: (world) => world.create(metadata), leaves: 'resource' },
  { name: 'update', before: made(metadata), act: (world) => world.edit(labelled), leaves: 'resource' },
  {
    name: 'correction',
    before: made(metadata),
    act: (world) => meddle(world, (labels) => void (labels['slipped'] = 'in')),
    leaves: 'resource',
  },
  {
    name: 'making again',
    before: made(metadata),
    act: ({ teleport }) => teleport.resources.clear(),
    leaves: 'resource',
  },
  {
    name: 'adoption',
    before: async (world) => {
      await made(metadata)(world);
      meddle(world, (labels) => {
        for (const label of Object.keys(labels)) delete labels[label];
      });
    },
    act: (world) => {
      const { annotations: given = {} } = metadata as { annotations?: object };
      world.create({ ...metadata, annotations: { ...given, [annotations.adopt]: 'true' } });
    },
    leaves: 'resource',
  },
  {
    name: 'creation, and deleted before the next start',
    act: (world) => world.create(metadata),
    meanwhile: going,
    leaves: 'nothing',
  },
  { name: 'deletion', before: made(metadata), act: going, leaves: 'nothing' },
];

const isOneTime = (kind: AnyKind, resource: Message | undefined): boolean =>
  resource !== undefined && kind.oneTime?.is(resource) === true;

describe.each(kinds.map((kind) => [kind.object.kind, kind] as const))('%s', (name, kind) => {
  const example = exampleOf(name);
  if (!example) throw new Error(`docs/examples has no ${name}`);
  const forms = kind.singleton === undefined ? [{}, named] : [{}];
  const all = forms.flatMap((metadata) =>
    acts(metadata)
      .filter(({ name }) => metadata !== named || name.startsWith('creation') || name === 'deletion')
      .map((act) => ({
        ...act,
        name: metadata === named ? `${act.name} as ${other}` : act.name,
      })),
  );

  it.each(all)('$name', async ({ before, act, meanwhile, leaves }) => {
    const perform = async (death?: Death) => {
      const each = world(kind, example);
      await before?.(each);
      const steps = await each.run(
        () => act(each),
        () => meanwhile?.(each),
        death,
      );
      return { each, steps };
    };
    const { each: undisturbed, steps } = await perform();
    const wanted = outcomeOf(undisturbed);
    const { resources } = undisturbed.teleport;
    // a one-time token is another matter: one-time.test.ts
    if (isOneTime(kind, [...resources.values()][0])) return;
    expect(resources.size).toBe(leaves === 'resource' ? 1 : 0);
    const object = undisturbed.object();
    expect(object && readyReason(object)).toBe(leaves === 'nothing' ? undefined : 'Synced');
    expect(steps.length).toBeGreaterThanOrEqual(3);
    for (let step = 1; step <= steps.length; step++) {
      for (const done of [false, true]) {
        const { each } = await perform({ step, done });
        const when = `killed ${done ? 'after' : 'before'} step ${step} of ${steps.join(', ')}`;
        expect(outcomeOf(each), when).toEqual(wanted);
        if (leaves === 'resource') expect(each.teleport.calls, when).not.toContain('delete');
        // what was written before the death is written once more at most
        expect(writesOf(each), when).toBeLessThanOrEqual(writesOf(undisturbed) + 1);
      }
    }
  });
});
