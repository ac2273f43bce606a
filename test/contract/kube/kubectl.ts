// Runs kubectl for the cases: the one in KUBEBUILDER_ASSETS, or the first on the PATH.
import { execFile } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The path of a kubectl, or undefined. */
export function findKubectl(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [env.KUBEBUILDER_ASSETS ?? '', ...(env.PATH ?? '').split(delimiter)].filter(Boolean);
  return folders
    .map((folder) => join(folder, 'kubectl'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Kubectl {
  /** Runs kubectl with words and, for `-f -`, a text on stdin. */
  run(words: string, input?: string | object): Promise<Ran>;
  /** As `run`, but throws with what was printed when it fails. */
  ok(words: string, input?: string | object): Promise<string>;
  stop(): void;
}

/** @param path of kubectl */
export function kubectl(path: string, kubeconfig: string): Kubectl {
  // Its cache of discovery must not outlive the server.
  const home = mkdtempSync(join(tmpdir(), 'kubectl-'));
  const run: Kubectl['run'] = (words, input) =>
    new Promise((resolve) => {
      const child = execFile(
        path,
        words.split(' ').filter(Boolean),
        { env: { ...process.env, KUBECONFIG: kubeconfig, HOME: home }, timeout: 30_000 },
        (error, out, err) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          resolve({ code, out: out.trim(), err: err.trim() });
        },
      );
      child.stdin?.end(typeof input === 'object' ? JSON.stringify(input) : (input ?? ''));
    });
  return {
    run,
    ok: async (words, input) => {
      const { code, out, err } = await run(words, input);
      if (code !== 0) throw new Error(`kubectl ${words}: exit ${code}\n${err}\n${out}`);
      return out;
    },
    stop: () => rmSync(home, { recursive: true, force: true }),
  };
}
