// docs/errors.md against what can stand in a status or an Event: nothing is told that is not explained, and nothing
// is explained that is never told.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { everyOutcome } from '../../test/builders/outcomes.js';
import { eventOf } from './announce.js';
import { reasons } from './outcome.js';
import { statusOf } from './status.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const text = readFileSync(`${here}/../../docs/errors.md`, 'utf8');

/** What stands between two headings. */
function section(title: string): string {
  const [, after = ''] = text.split(`## ${title}\n`);
  return after.split('\n## ')[0] ?? '';
}

const rows = (title: string): string[][] =>
  section(title)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
const ticked = (cell: string): string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, word = '']) => word);
const sorted = (words: Iterable<string>): string[] => [...new Set(words)].sort();

describe('docs/errors.md', () => {
  it('has one row for each reason of Ready, and none for others', () => {
    const named = rows('Reasons of `Ready`').map(([, name = '']) => ticked(name).join());
    expect([...named].sort()).toEqual([...reasons].sort());
  });

  it('says what to do about each, and when it is looked at again', () => {
    for (const cells of rows('Reasons of `Ready`'))
      expect(cells.slice(1, 5).map((cell) => cell !== '')).toEqual([true, true, true, true]);
  });

  it('knows no reason that the code does not tell', () => {
    // Where outcomes are made; other files ask for a reason that was told.
    const sources = ['failures.ts', 'gates.ts', 'refusals.ts', 'status.ts']
      .map((name) => readFileSync(`${here}/${name}`, 'utf8'))
      .join('\n')
      .replace(/new Set<Reason>\([^)]*\)/g, '');
    const words = [...sources.matchAll(/'(\w+)'/g)].map(([, word = '']) => word);
    expect(reasons.filter((reason) => !words.includes(reason))).toEqual([]);
  });

  it('names every condition with every reason that is not Ready’s', () => {
    const told = new Map<string, Set<string>>();
    for (const outcome of everyOutcome) {
      for (const { type, status, reason } of statusOf(outcome)?.conditions ?? []) {
        const key = `${type} ${status}`;
        if (['Ready', 'Reconciling', 'Stalled'].includes(type)) told.set(key, new Set());
        else told.set(key, (told.get(key) ?? new Set()).add(reason));
      }
    }
    const documented = new Map<string, string[]>();
    for (const [, name = '', ...cells] of rows('Conditions'))
      for (const [at, status] of ['True', 'False', 'Unknown'].entries())
        if (!['–', '(absent)', ''].includes(cells[at] ?? ''))
          documented.set(`${ticked(name).join()} ${status}`, sorted(ticked(cells[at] ?? '')));
    expect(Object.fromEntries(documented)).toEqual(
      Object.fromEntries([...told].map(([key, words]) => [key, sorted(words)])),
    );
  });

  it('names every Event, and no other', () => {
    const told = sorted(everyOutcome.flatMap((outcome) => eventOf(outcome, 'role')?.reason ?? []));
    const documented = ticked(section('Events').split('(Warning)')[0] ?? '').filter(
      (word) => !['AccessDenied'].includes(word),
    );
    const others = told.filter((word) => !(reasons as readonly string[]).includes(word));
    expect(others.filter((word) => !documented.includes(word))).toEqual([]);
    expect(documented.filter((word) => !told.includes(word))).toEqual([]);
  });
});
