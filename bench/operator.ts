// An operator as a process of its own, whatever its command: started with the flags that ours and the Go
// operator share, measured from outside.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '../test/env/ports.js';
import { logTail, startProcess } from '../test/env/process.js';
import type { OperatorCommand } from './options.js';
import { type Scrape, scrape } from './scrape.js';
import type { Stage } from './stage.js';

export interface BenchOperator {
  readonly name: string;
  readonly pid: number;
  /** The process that the servers are children of. */
  readonly serversPid: number | undefined;
  readonly logPath: string;
  scrape(): Promise<Scrape>;
  /** Waits until so many passes have ended since the start, or none for a while. @throws after the limit */
  untilPasses(count: number, timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the operator on the stage; resolves when /readyz is green. */
export async function startBenchOperator(
  { name, command }: OperatorCommand,
  stage: Pick<Stage, 'operator'> & Partial<Pick<Stage, 'pid'>>,
  flags: readonly string[] = [],
): Promise<BenchOperator> {
  const options = await stage.operator();
  const folder = mkdtempSync(join(tmpdir(), 'bench-operator-'));
  const [health = 0, metrics = 0] = await freePorts(2);
  const tokenPath = join(folder, 'token');
  writeFileSync(tokenPath, options.serviceAccountToken ?? '', { mode: 0o600 });
  const [program = '', ...args] = command;
  const logPath = process.env['BENCH_LOG'] ?? join(folder, 'operator.log');
  const child = await startProcess({
    name,
    command: program === 'node' ? process.execPath : program,
    args: [
      ...args,
      '-auth-server',
      options.address,
      '-join-method',
      options.joinMethod,
      '-token',
      options.token,
      ...(options.caPins ? ['-ca-pin', options.caPins.join(',')] : []),
      `-namespace=${options.namespace}`,
      `-kubeconfig=${options.kubeconfigPath}`,
      `-health-probe-bind-address=127.0.0.1:${health}`,
      `-metrics-bind-address=127.0.0.1:${metrics}`,
      ...flags,
    ],
    logPath,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      KUBERNETES_TOKEN_PATH: tokenPath,
      ...(process.env['BENCH_PROBE'] ? { BENCH_PROBE: process.env['BENCH_PROBE'] } : {}),
      ...(process.env['NODE_OPTIONS'] ? { NODE_OPTIONS: process.env['NODE_OPTIONS'] } : {}),
    },
  });
  const url = `http://127.0.0.1:${metrics}/metrics`;
  const dead = (): Error => new Error(`${name} ended:\n${logTail(logPath)}`);
  for (const end = performance.now() + 60_000; ; await pause(50)) {
    if (!child.running) throw dead();
    const reply = await fetch(`http://127.0.0.1:${health}/readyz`).catch(() => undefined);
    if (reply?.status === 200) break;
    if (performance.now() > end) throw new Error(`${name} is not ready after a minute:\n${logTail(logPath)}`);
  }
  return {
    name,
    pid: child.pid,
    serversPid: stage.pid,
    logPath,
    scrape: () => scrape(url),
    untilPasses: async (count, timeoutMs) => {
      for (const end = performance.now() + timeoutMs; ; await pause(100)) {
        if (!child.running) throw dead();
        if ((await scrape(url)).passes >= count) return;
        if (performance.now() > end)
          throw new Error(`${name}: fewer than ${count} passes in ${timeoutMs} ms`);
      }
    },
    stop: async () => {
      await child.stop(15_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
