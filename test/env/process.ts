// A server process that never outlives the test run: a small shell parent holds a pipe to us, and ends the
// server when the pipe closes, however we went. What the server is and when it is ready is the caller's matter.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';

export interface RunningProcess {
  readonly pid: number;
  /** Where stdout and stderr go. */
  readonly logPath: string;
  /** Resolves with the exit code (128 + n after signal n). */
  readonly exited: Promise<number>;
  readonly running: boolean;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL after `graceMs` (8 s when not given); resolves with the exit code once it is gone. */
  stop(graceMs?: number): Promise<number>;
}

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logPath: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

// $1.. is the server. fd 3 tells its pid; our stdin (fd 5) is the lifeline.
const guardian = `
exec 5<&0
"$@" </dev/null 3>&- 5<&- &
pid=$!
echo $pid >&3
exec 3>&-
( cat >/dev/null; kill -TERM $pid; sleep 8; kill -KILL $pid ) <&5 >/dev/null 2>&1 &
watch=$!
exec 5<&-
wait $pid
code=$?
kill $watch 2>/dev/null
exit $code
`;

/** Starts a process. @throws when the command cannot be started at all. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const log = openSync(options.logPath, 'a');
  const child = spawn('/bin/sh', ['-c', guardian, options.name, options.command, ...options.args], {
    detached: true,
    stdio: ['pipe', log, log, 'pipe'],
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  child.stdin?.on('error', () => {});
  let running = true;
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      running = false;
      endGroup(child);
      resolve(code ?? (signal === 'SIGKILL' ? 137 : 1));
    });
  });
  const pid = await readPid(child, exited, options);
  const signal = (name: NodeJS.Signals): void => {
    if (!running) return;
    try {
      process.kill(pid, name);
    } catch {
      // it went by itself just now
    }
  };
  return {
    pid,
    logPath: options.logPath,
    exited,
    get running() {
      return running;
    },
    signal,
    async stop(graceMs = 8_000) {
      signal('SIGTERM');
      const last = setTimeout(() => signal('SIGKILL'), graceMs);
      try {
        return await exited;
      } finally {
        clearTimeout(last);
      }
    },
  };
}

/** The last lines of a log, for the error of a server that did not come up. */
export function logTail(logPath: string, lines = 20): string {
  return readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}

async function readPid(
  child: ChildProcess,
  exited: Promise<number>,
  options: ProcessOptions,
): Promise<number> {
  let text = '';
  const reader = (async () => {
    for await (const chunk of child.stdio[3] as Readable) text += String(chunk);
  })();
  await Promise.race([reader, exited]);
  const pid = Number.parseInt(text, 10);
  if (!Number.isInteger(pid))
    throw new Error(`${options.name} could not be started: ${logTail(options.logPath)}`);
  return pid;
}

/** The guardian's own leftovers (its `sleep`). */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // none left
  }
}
