// The command's judgement, on a small program that is built here. What a real crash prints is test/e2e/crash.test.ts's matter.
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { resolveTrace, TraceResolver } from './resolve-trace.js';

const part = 'main-AAAA1111.mjs';

/** A program of one function on one line, the trace of its mistake, and its map. */
async function program(): Promise<{ trace: string; map: string }> {
  const source = [
    '// a line that the program has not',
    'export function inner(x) {',
    '  const length = 1;',
    '  return x.name + length;',
    '}',
  ].join('\n');
  const { outputFiles } = await build({
    stdin: { contents: source, sourcefile: 'src/inner.ts', loader: 'ts' },
    outfile: 'out.js',
    write: false,
    format: 'esm',
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'external',
  });
  const [map = '', code = ''] = outputFiles.map(({ text }) => text);
  const column = code.indexOf('.name') + 2;
  return { trace: `    at inner (file:///app/parts/${part}:1:${column})`, map };
}

async function run(lines: string[], maps: Record<string, string>) {
  let printed = '';
  let complaints = '';
  const code = await resolveTrace((name) => maps[name], {
    lines: (async function* () {
      yield* lines;
    })(),
    print: (text) => {
      printed += text;
    },
    complain: (text) => {
      complaints += text;
    },
  });
  return { code, printed, complaints };
}

describe('resolve-trace', () => {
  it('names the line and the column of the source', async () => {
    const { trace, map } = await program();
    const { code, printed, complaints } = await run(['TypeError: no', trace], { [part]: map });
    expect(printed).toBe('TypeError: no\n    at inner (src/inner.ts:4:12)\n');
    expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  });

  it.each([
    ['a path', (at: string) => at.replace('file://', '')],
    ['a file name alone', (at: string) => at.replace(/file:.*\//, '')],
    [
      'another folder',
      (at: string) => at.replace('/app/', '/home/me/some folder-1/dist/').replace('some ', ''),
    ],
    ['no parentheses', (at: string) => at.replace(/inner \((.*)\)/, 'async $1')],
    ['several in a line', (at: string) => `${at} ${at}`],
  ])('reads a place with %s', async (_, form) => {
    const { trace, map } = await program();
    const { printed } = await run([form(trace)], { [part]: map });
    expect(printed).not.toContain('.mjs');
    expect(printed).toContain('src/inner.ts:4:12');
  });

  it('unfolds the trace of a log line, and keeps the rest of it', async () => {
    const { trace, map } = await program();
    const line = {
      level: 'ERROR',
      message: 'a pass failed',
      error: 'x',
      stack: `${trace}\n    at node:net:1:2`,
    };
    const { printed } = await run([JSON.stringify(line)], { [part]: map });
    expect(printed).toBe(
      '{"level":"ERROR","message":"a pass failed","error":"x"}\n    at inner (src/inner.ts:4:12)\n    at node:net:1:2\n',
    );
  });

  it.each([
    '',
    'no trace at all',
    '{"level":"INFO","message":"Reconciled"}',
    '{"broken":',
    '{"stack":3}',
    '    at node:internal/process/task_queues:103:5',
    '    at file:///app/other.mjs:1:2',
  ])('leaves %j as it is', async (line) => {
    expect(await run([line], {})).toEqual({ code: 0, printed: `${line}\n`, complaints: '' });
  });

  it('leaves a place that the map does not know', async () => {
    const { map } = await program();
    const line = `at x (${part}:900:1)`;
    const resolver = new TraceResolver(() => JSON.stringify({ ...JSON.parse(map), mappings: '' }));
    expect(resolver.line(line)).toBe(line);
  });

  it('says so where the trace is of another build', async () => {
    const { trace } = await program();
    const { code, printed, complaints } = await run([trace], {});
    expect(printed).toBe(`${trace}\n`);
    expect(code).toBe(1);
    expect(complaints).toContain(`not of this build: ${part};`);
  });
});
