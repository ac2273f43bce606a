// Which annotations of an object hold a value that means nothing, and what is said of it. Pure. That such an object is stopped is the
// gates' part; what known values ask for is policy.ts's, and where a flag counts is told there.
import { cut } from '../core/cut.js';
import type { KubeObject } from '../kube/object.js';
import { annotations, flagValues } from './names.js';
import { driftModes } from './policy.js';

/** The values of an annotation of ours. */
interface Values {
  readonly annotation: string;
  readonly known: ReadonlySet<string>;
  /** As they are told. */
  readonly told: string;
  /** The passes that it counts in: over objects that stay, or over those that go. */
  readonly counts: { readonly staying: boolean; readonly going: boolean };
}

const flag = '"true" or "false"';
const ofOurs: readonly Values[] = [
  {
    annotation: annotations.mode,
    known: new Set(['observe']),
    told: '"observe" alone',
    counts: { staying: true, going: true },
  },
  {
    annotation: annotations.drift,
    known: new Set<string>(driftModes),
    told: '"correct", "report" or "ignore"',
    counts: { staying: true, going: false },
  },
  {
    annotation: annotations.adopt,
    known: new Set([...flagValues, 'preview']),
    told: '"true", "false" or "preview"',
    counts: { staying: true, going: false },
  },
  {
    annotation: annotations.confirmDelete,
    known: flagValues,
    told: flag,
    counts: { staying: false, going: true },
  },
];

/** Flags that the Go operator has too, and reads as off where they are none. */
const ofGo: readonly string[] = [annotations.keep, annotations.ignore];

const none: readonly string[] = [];
const longestValue = 100;

/**
 * What is wrong with the annotations that count in such a pass, a sentence each; empty where nothing is. One that is
 * empty counts as not given.
 * @param going whether the pass is over an object that is being deleted
 */
export function unknownValues({ metadata }: KubeObject, going: boolean): readonly string[] {
  const { annotations: given } = metadata;
  if (given === undefined) return none;
  return ofOurs.flatMap(({ annotation, known, told, counts }) => {
    const value = given[annotation];
    if (!value || known.has(value) || !(going ? counts.going : counts.staying)) return [];
    return [`${holding(annotation, value)}, and takes ${told}, letter for letter.`];
  });
}

/** Flags of the Go operator's that are off because they are no flags, a sentence each. */
export function unknownFlags({ metadata }: KubeObject): readonly string[] {
  const { annotations: given } = metadata;
  if (given === undefined) return none;
  return ofGo.flatMap((annotation) => {
    const value = given[annotation];
    if (!value || flagValues.has(value)) return [];
    return [
      `${holding(annotation, value)}, which counts as "false", as in Teleport's own operator; it takes ${flag}.`,
    ];
  });
}

const holding = (annotation: string, value: string): string =>
  `The annotation ${annotation} holds ${JSON.stringify(cut(value, longestValue))}`;
