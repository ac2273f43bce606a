// Label and field selectors of lists and watches, parsed into a predicate.
import { badRequest } from './errors.js';
import { at, textOr } from './json.js';
import type { ResourceType } from './kinds/resource-type.js';
import type { ApiObject } from './object.js';

export type Predicate = (object: ApiObject) => boolean;

/** @throws ApiError 400 with the text at fault */
export function labelSelector(text: string): Predicate {
  const tests = splitOutsideBrackets(text).map(requirement);
  return (object) => tests.every((test) => test(object.metadata.labels ?? {}));
}

type LabelTest = (labels: Record<string, string>) => boolean;

const setBased = /^([^\s!=,()]+)\s+(in|notin)\s*\(([^)]*)\)$/;
const equality = /^([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)$/;

function requirement(part: string): LabelTest {
  const set = setBased.exec(part);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    const inside = (labels: Record<string, string>): boolean =>
      key in labels && values.has(labels[key] ?? '');
    return operator === 'in' ? inside : (labels) => !inside(labels);
  }
  const equal = equality.exec(part);
  if (equal) {
    const [, key = '', operator, value = ''] = equal;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const exists = /^(!?)\s*([^\s!=,()]+)$/.exec(part);
  if (!exists) throw badRequest(`unable to parse requirement: ${JSON.stringify(part)}`);
  const [, not, key = ''] = exists;
  return not ? (labels) => !(key in labels) : (labels) => key in labels;
}

function splitOutsideBrackets(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** @throws ApiError 400 when the type has no such field to select by */
export function fieldSelector(text: string, type: ResourceType): Predicate {
  const tests = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^([^!=]+)(==|=|!=)(.*)$/.exec(part);
      if (!match) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
      const [, field = '', operator, value = ''] = match;
      const path = field.split('.');
      const known = ['metadata.name', 'metadata.namespace', ...(type.fields ?? [])];
      if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`);
      return (object: ApiObject) => (textOr(at(object, ...path)) === value) === (operator !== '!=');
    });
  return (object) => tests.every((test) => test(object));
}

/** The name that a field selector asks for, if it asks for exactly one: authorization looks at it. */
export function selectedName(text: string | null): string | undefined {
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(text ?? '')?.[1];
}
