// What is left of a process that a mistake ended: one readable line with the place in the program, and the way from there to the
// line of the source. The mistakes are made by a module that Node loads before the program.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { operatorProgram } from '../env/build.js';

const preload = (code: string): string => `--import=data:text/javascript,${encodeURIComponent(code)}`;

/** Runs the program with its output in pipes, as a container's is. */
const run = (args: readonly string[], options: { before?: string; input?: string } = {}) =>
  spawnSync(
    process.execPath,
    [...(options.before === undefined ? [] : [preload(options.before)]), operatorProgram(), ...args],
    { encoding: 'utf8', timeout: 20_000, env: { HOME: '/nowhere' }, input: options.input ?? '' },
  );

const folder = mkdtempSync(join(tmpdir(), 'crash-'));
const kubeconfig = join(folder, 'kubeconfig');
writeFileSync(
  kubeconfig,
  JSON.stringify({
    'current-context': 'x',
    clusters: [{ name: 'x', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'x', user: { token: 'x' } }],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
  }),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An operator that comes up and finds nobody. */
const flags = [
  `-kubeconfig=${kubeconfig}`,
  '-namespace=x',
  '-join-method=token',
  '-token=x',
  '-auth-server=127.0.0.1:1',
  '-metrics-bind-address=0',
  '-health-probe-bind-address=127.0.0.1:0',
];

/** The line of the source that the first call of our own in a resolved trace names. */
function sourceOf(resolved: string): string {
  const [, path = '', line = ''] = / \(?(src\/[^:\s]+):(\d+):\d+\)?$/m.exec(resolved) ?? [];
  return readFileSync(path, 'utf8').split('\n')[Number(line) - 1] ?? '';
}

describe('a mistake that ends the process', () => {
  it('of a command is told on standard error, with its place', () => {
    const before = "process.stdout.write = () => { throw new TypeError('no such pipe'); };";
    const { status, stderr } = run(['version'], { before });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^teleport-operator: crashed; please report this: TypeError: no such pipe\n {4}at /,
    );
    expect(stderr.length).toBeLessThan(3_000);
    const { stdout, status: resolved } = run(['resolve-trace'], { input: stderr });
    expect(resolved).toBe(0);
    expect(stdout).toMatch(/^teleport-operator: crashed; .*\n/);
    expect(sourceOf(stdout)).toContain('process.stdout.write(text)');
  });

  it('of the start is told as a log line, which resolves too', () => {
    const before =
      "import http from 'node:http'; import { syncBuiltinESMExports } from 'node:module'; http.createServer = undefined; syncBuiltinESMExports();";
    const { status, stdout } = run(flags, { before });
    expect(status).toBe(1);
    const line = stdout.trim().split('\n').at(-1) ?? '';
    expect(JSON.parse(line)).toMatchObject({
      level: 'ERROR',
      message: 'The operator crashed; please report this',
      error: expect.stringContaining('not a function'),
      stack: expect.stringMatching(/^ {4}at \w+ \(file:\/\/\S+\/parts\/[\w-]+\.mjs:\d+:\d+\)\n/),
    });
    const resolved = run(['resolve-trace'], { input: stdout });
    expect(resolved).toMatchObject({ status: 0, stderr: '' });
    expect(sourceOf(resolved.stdout)).toContain('createServer');
  });

  it('of a running operator is one log line', () => {
    const before =
      "process.on('newListener', (name) => { if (name === 'unhandledRejection') setImmediate(() => { throw new Error('out of the blue'); }); });";
    const { status, stdout, stderr } = run(flags, { before });
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines.at(-1)).toMatchObject({
      level: 'ERROR',
      message: 'The operator crashed; please report this',
      error: 'out of the blue',
      stack: expect.stringMatching(/^ {4}at /),
    });
  });
});
