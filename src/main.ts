#!/usr/bin/env node
// The teleport-operator command: arguments in, signals, exit code out. What it runs is in operator.ts.
import { onStopSignal } from './cli/signals.js';
import './operator/save-memory.js';
import { tellCrashes } from './cli/crash.js';
import { findNamespace } from './cli/namespace.js';
import { readSettings, type Settings, SettingsError, usage } from './cli/settings.js';
import { version } from './cli/version.js';
import { systemClock } from './core/clock.js';
import type { Logger } from './core/log.js';
import { createLogger } from './core/log-pino.js';
import { mistakeBehind, unforeseen } from './core/mistake.js';
import { kinds } from './kinds/index.js';
import { teleportAllow } from './kinds/permissions.js';
import { isKubeError } from './kube/errors.js';
import { botSettings } from './operator/bot-settings.js';
import { startInspector } from './operator/inspector.js';
import { type RunningOperator, startOperator } from './operator.js';
import { validateBotSettings } from './teleport/settings.js';

/** Exit codes; docs/errors.md. */
const exit = { ok: 0, failed: 1, usage: 2 } as const;

/** What only one command needs is read when that is asked for: the operator itself would keep it in memory for nothing. */
const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number> | number>> = {
  run,
  release,
  doctor,
  crds: alone('crds', async () => {
    const { printCrds } = await import('./cli/crds.js');
    return print(printCrds());
  }),
  'teleport-role': alone('teleport-role', async () => {
    const { printTeleportRole } = await import('./cli/teleport-role.js');
    return print(printTeleportRole(teleportAllow(kinds)));
  }),
  'resolve-trace': alone('resolve-trace', resolveTrace),
  version: alone('version', () => print(`teleport-operator ${version}\n`)),
  help: () => print(usage()),
};

const crash = tellCrashes();
// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [first = '', ...rest] = args;
  if (args.some((arg) => /^--?h(elp)?$/.test(arg))) return print(usage());
  if (/^--?version$/.test(first)) return commands['version']?.(rest) ?? exit.usage;
  if (first !== '' && !first.startsWith('-')) {
    const command = commands[first];
    if (command) return command(rest);
    return fail([`${JSON.stringify(first)} is no command; there are ${Object.keys(commands).join(', ')}`]);
  }
  return run(args);
}

async function run(args: readonly string[]): Promise<number> {
  let settings: Settings;
  const problems: string[] = [];
  try {
    settings = readSettings(args);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    settings = error.settings;
    problems.push(...error.problems);
  }
  const namespace = findNamespace(settings.namespace, process.env);
  // All mistakes at once; what is said of a flag that could not be read would be about its default.
  const unread = new Set(problems.map((problem) => problem.split(/[ :]/, 1)[0]));
  const unusable = validateBotSettings(botSettings(settings, process.env));
  problems.push(...unusable.filter((problem) => !unread.has(problem.split(/[ :]/, 1)[0])));
  if (namespace === undefined && !unread.has('-namespace')) {
    problems.push('-namespace: nothing names a namespace; set the flag or $POD_NAMESPACE, or run in a Pod');
  }
  if (problems.length > 0 || namespace === undefined) return fail(problems);
  const log = createLogger({ level: settings.logLevel, component: 'operator' });
  surviveStrayErrors(log);
  const crashLogged = tellCrashes(log);
  let operator: RunningOperator;
  try {
    startInspector(settings.pprofBindAddress, log);
    operator = await startOperator({ settings, namespace, env: process.env, clock: systemClock, log });
  } catch (error) {
    if (mistakeBehind(error)) crashLogged(error);
    return fail([error instanceof Error ? error.message : String(error)]);
  }
  onStopSignal((signal) => {
    log.info('Stopping', { signal });
    void operator.stop();
  });
  let code: number;
  try {
    code = (await operator.done) === 'stopped' ? exit.ok : exit.failed;
  } catch (error) {
    log.error('The work failed; please report this', unforeseen(error));
    code = exit.failed;
  }
  // Whatever still holds the event loop (a socket that does not close) must not hold the Pod.
  setImmediate(() => process.exit(code));
  return code;
}

/** Ends the operator's hold on all objects; docs/drift.md. */
async function release(args: readonly string[]): Promise<number> {
  let settings: Settings;
  try {
    settings = readSettings(args);
  } catch (error) {
    if (error instanceof SettingsError) return fail(error.problems);
    throw error;
  }
  const namespace = findNamespace(settings.namespace, process.env);
  if (namespace === undefined) {
    return fail(['-namespace: nothing names a namespace; set the flag or $POD_NAMESPACE, or run in a Pod']);
  }
  const { runRelease } = await import('./operator/release-command.js');
  const stop = new AbortController();
  onStopSignal(() => stop.abort());
  const tell = (line: string): void => void process.stdout.write(`${line}\n`);
  try {
    const parts = { settings, namespace, env: process.env, clock: systemClock, tell };
    const problems = await runRelease(parts, stop.signal);
    if (problems.length === 0) return exit.ok;
    fail(problems);
  } catch (error) {
    if (mistakeBehind(error)) crash(error);
    fail([inWords(error)]);
  }
  return exit.failed;
}

/** What went wrong, and where it was the Kubernetes API what to compare. */
function inWords(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (isKubeError(error, 'Unauthorized'))
    return `the Kubernetes API server does not know us: ${text}; compare the credentials of -kubeconfig, or the service account of the Pod`;
  if (isKubeError(error, 'Unavailable', 'Timeout'))
    return `the Kubernetes API server does not answer: ${text}; compare -kubeconfig, $KUBECONFIG and network policies`;
  return text;
}

/** Looks at everything that `run` with these flags would need; prints a table or, with -o json, JSON. */
async function doctor(args: readonly string[]): Promise<number> {
  const { runDoctor } = await import('./operator/doctor/index.js');
  const code = await runDoctor(args, {
    env: process.env,
    clock: systemClock,
    print: (text) => process.stdout.write(text),
  });
  // A connection that still drains must not hold the command.
  setImmediate(() => process.exit(code));
  return code;
}

/** A command that does the same whatever it is given: who gives it something means something else. */
function alone(
  name: string,
  command: () => Promise<number> | number,
): (args: readonly string[]) => Promise<number> | number {
  return (args) => {
    if (args.length === 0) return command();
    const given = args.map((arg) => JSON.stringify(arg)).join(' ');
    return fail([`${name} takes no arguments, and was given ${given}`]);
  };
}

/** Names the sources in a stack trace; the maps lie beside the parts of the program, of which this file is one. */
async function resolveTrace(): Promise<number> {
  const { createInterface } = await import('node:readline');
  const { mapsIn, resolveTrace: resolve } = await import('./cli/resolve-trace.js');
  return resolve(mapsIn(new URL('../maps/', import.meta.url)), {
    lines: createInterface({ input: process.stdin }),
    print: (text) => void process.stdout.write(text),
    complain: (text) => void process.stderr.write(text),
  });
}

function surviveStrayErrors(log: Logger): void {
  process.on('unhandledRejection', (error) => {
    log.error('A promise failed that nobody waited for; please report this', unforeseen(error));
  });
}

function print(text: string): number {
  process.stdout.write(text);
  return exit.ok;
}

function fail(problems: readonly string[]): number {
  process.stderr.write(`${problems.map((problem) => `teleport-operator: ${problem}`).join('\n')}\n`);
  return exit.usage;
}
