// The servers of a run as the load generator sees them. They run in a process of their own (stage-server.ts),
// so that neither they nor the operator share a thread with what measures them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { OperatorOptions } from '../test/env/operator.js';

/** What the stage's process tells when it is ready. */
export interface StageFacts {
  readonly kind: 'embedded' | 'real';
  readonly namespace: string;
  /** A kubeconfig with an administrator's rights. */
  readonly kubeconfigPath: string;
  readonly authAddress: string;
  readonly teleportAdmin: { readonly hostCa: string; readonly cert: string; readonly key: string };
}

/** A slow or failing RPC, on embedded servers. */
export interface Fault {
  /** Pattern of `/service/Method`. */
  readonly method: string;
  readonly delayMs?: number;
  /** Every one of the calls fails with RESOURCE_EXHAUSTED. */
  readonly refuse?: boolean;
}

export type StageRequest =
  | { readonly ask: 'operator' }
  | { readonly ask: 'faults'; readonly faults: readonly Fault[] };

export interface Stage extends StageFacts {
  readonly pid: number;
  /** Options for an operator, with a fresh service account token. */
  operator(): Promise<OperatorOptions>;
  /** Sets the faults; none takes them back. */
  faults(faults: readonly Fault[]): Promise<void>;
  stop(): Promise<void>;
}

/** Starts servers, CRDs installed, a namespace and a bot made. */
export async function openStage(kind: 'embedded' | 'real'): Promise<Stage> {
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=12000', 'tools/run.mjs', 'bench/stage-server.ts', kind],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the servers ended; see above');
    return JSON.parse(value) as T;
  };
  const ask = async <T>(request: StageRequest): Promise<T> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    return read<T>();
  };
  const facts = await read<StageFacts>();
  return {
    ...facts,
    pid: child.pid ?? 0,
    operator: () => ask({ ask: 'operator' }),
    faults: async (faults) => {
      await ask({ ask: 'faults', faults });
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
