import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unprovedRows } from './failure-modes.js';
import { brokenLinks } from './links.js';
import { bannedWords, longFiles } from './sources.js';
import { looseVersions } from './versions.js';

// In pieces, so that these lines pass the check themselves.
const any = ['as', 'any'].join(' ');
const ignore = ['@ts', 'ignore'].join('-');
const only = ['it', 'only'].join('.');
const lines = (count: number): string => 'x\n'.repeat(count);

describe('bannedWords', () => {
  it.each([`const x = y ${any};`, `f(y ${any}, 1)`, `// ${ignore}`, `${only}('x', f)`, 'debugger'])(
    'refuses %s',
    (line) => {
      expect(bannedWords(new Map([['src/a.ts', `\n${line}\n`]]))).toEqual([
        expect.stringMatching(/^src\/a\.ts:2: /),
      ]);
    },
  );

  it.each(['// the same as any other', 'this.only(x)', '// @ts-expect-error: the type is wrong upstream'])(
    'takes %s',
    (line) => {
      expect(bannedWords(new Map([['src/a.ts', line]]))).toEqual([]);
    },
  );
});

describe('longFiles', () => {
  it('lists above 300 lines and refuses above 450', () => {
    const { listed, refused } = longFiles(
      new Map([
        ['src/a.ts', lines(300)],
        ['src/b.ts', lines(301)],
        ['src/c.ts', lines(451)],
        ['src/d.test.ts', lines(900)],
        ['test/e.ts', lines(900)],
      ]),
    );
    expect(listed).toEqual(['src/c.ts: 451 lines', 'src/b.ts: 301 lines']);
    expect(refused).toEqual([expect.stringContaining('src/c.ts has 451 lines')]);
  });
});

describe('unprovedRows', () => {
  const files = new Map([['test/a.test.ts', "describe('one', () => { it(`two ${x} three`, () => {}); });"]]);
  const rows = (...tests: string[]): string =>
    ['| what | does | test |', '|---|---|---|', ...tests.map((test) => `| w | d | ${test} |`)].join('\n');
  const check = (...tests: string[]) => unprovedRows(rows(...tests), (path) => files.get(path));

  it('takes rows whose tests there are', () => {
    expect(check('`test/a.test.ts`: one', '`test/a.test.ts`: two; `test/a.test.ts`: three')).toEqual([]);
  });

  it.each([
    ['', 'name its test'],
    ['`test/e2e`', 'name its test'],
    ['`test/a.test.ts`', 'name its test'],
    ['`test/b.test.ts`: one', 'is not there'],
    ['`test/a.test.ts`: four', 'no test with "four"'],
    ['`test/a.test.ts`: one; `test/a.test.ts`: => {}', 'no test with "=> {}"'],
  ])('refuses %s', (test, why) => {
    expect(check(test)).toEqual([expect.stringContaining(why)]);
  });
});

describe('looseVersions', () => {
  const lock = { packages: { '': { dependencies: { yaml: '2.9.1', pino: '^10.4.0' } } } };

  it('takes exact versions that the lockfile has too', () => {
    expect(looseVersions({ dependencies: { yaml: '2.9.1' } }, lock)).toEqual([]);
  });

  it('refuses ranges and versions of which the lockfile knows nothing', () => {
    expect(looseVersions({ dependencies: { pino: '^10.4.0' } }, lock)).toEqual([
      expect.stringContaining('not an exact version'),
    ]);
    expect(looseVersions({ dependencies: { yaml: '2.9.2' } }, lock)).toEqual([
      expect.stringContaining('2.9.1'),
    ]);
    expect(looseVersions({ devDependencies: { ajv: '8.20.0' } }, lock)).toEqual([
      expect.stringContaining('not at all'),
    ]);
  });
});

describe('brokenLinks', () => {
  it('finds files and headings that there are not', () => {
    const root = mkdtempSync(join(tmpdir(), 'teleport-operator-links-'));
    try {
      writeFileSync(join(root, 'a.md'), '# One & two\n\n```\n[code](nowhere.md)\n```\n');
      writeFileSync(
        join(root, 'b.md'),
        '[a](a.md) [b](a.md#one--two) [c](#top) [d](c.md) [e](https://example.com/c.md) [f](a.md#three)\n',
      );
      expect(brokenLinks(root, ['a.md', 'b.md'])).toEqual([
        'b.md: #top: b.md has no such heading',
        'b.md: c.md is not there',
        'b.md: a.md#three: a.md has no such heading',
      ]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
