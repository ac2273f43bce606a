// Why the resource of an object that is let go stays in Teleport, in words: for its Event, and for the plan where that is
// only observed. Pure.
import type { Gone } from './outcome.js';

/** A clause for a sentence; undefined where nothing of it stays. */
export function whyItStays(end: Gone): string | undefined {
  switch (end.resource) {
    case 'kept':
      return 'the annotation teleport.dev/keep asks for it';
    case 'left':
      return `the object goes because ${end.ending} does`;
    case 'handedOver':
      return 'another object has it then';
    case 'notOurs':
      return "it is not this operator's";
    case 'deleted':
    case 'absent':
    case 'untouched':
      return undefined;
  }
}
