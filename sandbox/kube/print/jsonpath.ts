// The JSONPath of printer columns: names, indexes, wildcards, filters. Left out: ranges, unions, recursive descent,
// functions; kube-apiserver allows none of them to be useful in a column.
import { isObject } from '../json.js';

type Step =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly path: Step[]; readonly operator: string; readonly value: unknown };

const cache = new Map<string, Step[]>();

/** All values at the path, in order. */
export function find(value: unknown, path: string): unknown[] {
  let steps = cache.get(path);
  if (!steps) {
    steps = parse(path);
    cache.set(path, steps);
  }
  return walk([value], steps);
}

function walk(values: unknown[], steps: readonly Step[]): unknown[] {
  let current = values;
  for (const step of steps) current = current.flatMap((value) => take(value, step));
  return current;
}

function take(value: unknown, step: Step): unknown[] {
  switch (step.kind) {
    case 'name':
      return isObject(value) && value[step.name] !== undefined ? [value[step.name]] : [];
    case 'index': {
      const item = Array.isArray(value) ? (value as unknown[]).at(step.index) : undefined;
      return item === undefined ? [] : [item];
    }
    case 'all':
      return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
    case 'filter':
      return Array.isArray(value) ? (value as unknown[]).filter((item) => matches(item, step)) : [];
  }
}

function matches(item: unknown, step: Step & { kind: 'filter' }): boolean {
  const [found] = walk([item], step.path);
  switch (step.operator) {
    case '':
      return found !== undefined;
    case '==':
      return found === step.value;
    case '!=':
      return found !== undefined && found !== step.value;
    default:
      return compare(found, step.operator, step.value);
  }
}

function compare(a: unknown, operator: string, b: unknown): boolean {
  if (typeof a !== typeof b || (typeof a !== 'number' && typeof a !== 'string')) return false;
  const [left, right] = [a as number, b as number];
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}

const token =
  /\.((?:\\.|[^.[\]\\])+)|\[\s*(-?\d+)\s*\]|\[\s*(\*)\s*\]|\[\s*(?:'([^']*)'|"([^"]*)")\s*\]|\[\?\(\s*@([^)]*?)\s*(?:(==|!=|<=|>=|<|>)\s*([^)]*?))?\s*\)\]/y;

function parse(path: string): Step[] {
  const text = path.replace(/^\{|\}$/g, '');
  const steps: Step[] = [];
  token.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (!match) return [{ kind: 'name', name: text }];
    at = token.lastIndex;
    steps.push(stepOf(match));
  }
  return steps;
}

function stepOf(match: RegExpExecArray): Step {
  const [, name, index, star, single, double, filter, operator, literal] = match;
  if (name !== undefined)
    return name === '*' ? { kind: 'all' } : { kind: 'name', name: name.replaceAll(/\\(.)/g, '$1') };
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  if (star !== undefined) return { kind: 'all' };
  if (filter !== undefined) {
    return { kind: 'filter', path: parse(filter), operator: operator ?? '', value: literalOf(literal ?? '') };
  }
  return { kind: 'name', name: single ?? double ?? '' };
}

function literalOf(text: string): unknown {
  const quoted = /^(['"])(.*)\1$/.exec(text);
  if (quoted) return quoted[2];
  if (text === 'true' || text === 'false') return text === 'true';
  return text === '' || Number.isNaN(Number(text)) ? text : Number(text);
}
