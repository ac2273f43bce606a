// docs/examples as objects of a release, and whether the operator keeps them all.
import { expect } from 'vitest';
import type { AnyKind } from '../../src/kinds/kind.js';
import type { KubeObject } from '../../src/kube/object.js';
import { exampleObjects, isOurs, refusedByReal } from '../e2e/example-objects.js';
import { eventually } from '../env/eventually.js';
import type { Pair } from '../env/index.js';
import { kindNamed, namespace, type Release, ready, type Started } from './release.js';

export interface Example {
  readonly kind: AnyKind;
  readonly object: KubeObject;
}

/** How an open source Teleport without a network refuses a kind, where it does. */
export const refusal = (kind: AnyKind, pair: Pair) =>
  pair.teleport.kind === 'teleport' ? refusedByReal[kind.object.kind] : undefined;

/** Applies all of them. */
export async function applyExamples(scene: Release): Promise<Example[]> {
  const inNamespace = (object: KubeObject) => ({ ...object, metadata: { ...object.metadata, namespace } });
  const documents = exampleObjects();
  for (const object of documents.filter(({ kind }) => kind === 'Secret'))
    await scene.admin.create(`/api/v1/namespaces/${namespace}/secrets`, inNamespace(object));
  const examples = documents.filter(isOurs).map((object) => ({ kind: kindNamed(object.kind ?? ''), object }));
  for (const { kind, object } of examples) {
    const base = scene.path(kind).replace(/\/v\d+\//, `/${object.apiVersion?.split('/')[1]}/`);
    await scene.admin.create(base, inNamespace(object));
  }
  return examples;
}

/** Waits until each is Ready, but for those that this Teleport refuses. */
export async function untilKept(scene: Release, examples: readonly Example[]): Promise<void> {
  await eventually(
    async () => {
      const open: string[] = [];
      for (const { kind, object } of examples.filter((one) => !refusal(one.kind, scene))) {
        const condition = ready(await scene.find(kind, object.metadata.name));
        if (condition?.status !== 'True')
          open.push(`${object.kind} ${object.metadata.name}: ${condition?.message}`);
      }
      expect(open).toEqual([]);
    },
    { timeoutMs: 60_000, intervalMs: 500 },
  );
}

/** Lines of the log about something that the operator may not do, on either side. */
export function forbidden(operator: Started): string[] {
  const lines = operator.log().split('\n');
  const refused = lines.filter((line) => /forbidden|access denied|not allowed/i.test(line));
  const unlicensed = /Teleport Enterprise/;
  return refused.filter((line) => !unlicensed.test(line));
}
