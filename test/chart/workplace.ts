// A folder that looks like a checkout, and a shell in it: where the documents' commands are run.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect } from 'vitest';
import { operatorProgram } from '../env/build.js';
import { eventually } from '../env/eventually.js';
import type { RealTeleport } from '../env/teleport-real.js';
import { assets, root } from './helm.js';

/** A folder that looks like a checkout, with the program and tctl on its PATH. */
export function workplace() {
  const folder = mkdtempSync(join(tmpdir(), 'operator-docs-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = operatorProgram();
  for (const name of ['docs', 'charts', 'deploy']) symlinkSync(join(root, name), join(folder, name));
  symlinkSync(dirname(program), join(folder, 'dist'));
  const script = (name: string, command: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec ${command} "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  };
  script('teleport-operator', `'${process.execPath}' '${program}'`);
  return {
    folder,
    script,
    /** Runs commands as a shell does that stops at the first failure. */
    run: (commands: string, env: NodeJS.ProcessEnv = {}, cwd = folder): string => {
      const PATH = [bin, assets, dirname(process.execPath), process.env['PATH']].join(delimiter);
      try {
        return execFileSync('/bin/bash', ['-euo', 'pipefail', '-c', commands], {
          cwd,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
          maxBuffer: 64 * 1024 * 1024,
          env: { PATH, HOME: folder, HELM_CACHE_HOME: join(folder, 'helm'), ...env },
        });
      } catch (error) {
        const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
        throw new Error(`${commands}\n${stdout.slice(-500)}\n${stderr.slice(0, 2_000)}`, { cause: error });
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
export type Workplace = ReturnType<typeof workplace>;

/** Puts tctl on the PATH, with an administrator's identity, as it is where it is used from afar. */
export async function administer(teleport: RealTeleport, place: Workplace, binaries: string): Promise<void> {
  const identity = join(place.folder, 'admin.identity');
  await teleport.tctl('auth', 'sign', '--user=test-admin', '--format=file', `--out=${identity}`);
  const flags = `--identity='${identity}' --auth-server='${teleport.authAddress}' --insecure`;
  place.script('tctl', `'${binaries}/tctl' ${flags}`);
  // `tctl bots add` ends with 1, the bot being made, while Auth knows of no proxy
  await eventually(async () => expect(await teleport.tctl('get', 'proxies')).toContain('kind: proxy'), {
    timeoutMs: 30_000,
  });
}
