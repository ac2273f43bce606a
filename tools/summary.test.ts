import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

type Status = 'passed' | 'failed' | 'skipped' | 'pending';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'teleport-operator-summary-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, status: 'passed' | 'failed', ...tests: Array<[suite: string, status: Status]>) {
  return {
    name: join(process.cwd(), name),
    status,
    assertionResults: tests.map(([suite, status]) => ({ status, title: 'does it', ancestorTitles: [suite] })),
  };
}

function summary(files: unknown[] | undefined, ...rest: string[]): { lines: string[]; code: number | null } {
  const path = join(folder, 'results.json');
  if (files) writeFileSync(path, JSON.stringify({ testResults: files }));
  const { stdout, status } = spawnSync(process.execPath, ['tools/summary.mjs', path, ...rest], {
    encoding: 'utf8',
  });
  return { lines: stdout.trim().split('\n'), code: status };
}

describe('summary', () => {
  it('counts tests and names suites that were skipped', () => {
    const files = [
      file('a.test.ts', 'passed', ['one', 'passed'], ['one', 'passed']),
      file('b.test.ts', 'passed', ['a real Teleport', 'skipped'], ['a real Teleport', 'skipped']),
    ];
    expect(summary(files, '0')).toEqual({
      lines: ['skipped: b.test.ts: a real Teleport (2)', '2 passed, 0 failed, 2 skipped'],
      code: 0,
    });
  });

  it('fails with a failed test', () => {
    expect(summary([file('a.test.ts', 'failed', ['one', 'failed'], ['one', 'passed'])], '1')).toEqual({
      lines: ['1 passed, 1 failed, 0 skipped'],
      code: 1,
    });
  });

  it('names tests that were at work when their process died', () => {
    const files = [file('a.test.ts', 'passed', ['one', 'passed'], ['one', 'pending'], ['two', 'skipped'])];
    expect(summary(files, '1')).toEqual({
      lines: [
        'unfinished: a.test.ts: does it',
        'skipped: a.test.ts: two (1)',
        '1 passed, 1 failed, 1 skipped',
      ],
      code: 1,
    });
  });

  it('fails with a file that cannot be loaded', () => {
    expect(summary([file('a.test.ts', 'failed')], '1').lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
  });

  it.each([
    ['a step that failed before', [file('a.test.ts', 'passed', ['one', 'passed'])], ['0', 'npm run check']],
    ['an error outside of tests', [file('a.test.ts', 'passed', ['one', 'passed'])], ['1']],
  ])('counts %s', (_, files, args) => {
    const { lines, code } = summary(files, ...args);
    expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
    expect(code).toBe(1);
  });

  it('fails without results', () => {
    expect(summary(undefined, '124')).toEqual({
      lines: ['failed: vitest ended with code 124', '0 passed, 1 failed, 0 skipped'],
      code: 1,
    });
  });
});
