// `teleport-operator doctor`: the settings of `run`, looked at from all sides, without changing anything but for a join
// that leaves a short-lived bot instance behind. Prints what it found; the exit code says whether all is well.
import { findNamespace } from '../../cli/namespace.js';
import { readSettings, type Settings, SettingsError } from '../../cli/settings.js';
import type { Clock } from '../../core/clock.js';
import { noMetrics } from '../../core/metrics.js';
import { Until } from '../../core/until.js';
import { kinds } from '../../kinds/index.js';
import { createKubeClient, type KubeClient } from '../../kube/client.js';
import { loadKubeConfig } from '../../kube/config.js';
import { validateBotSettings, warnAboutSettings } from '../../teleport/settings.js';
import { botSettings } from '../bot-settings.js';
import { objectNamespaces } from '../namespaces.js';
import { SecretStore } from '../secret-store.js';
import { type Finding, failed, isHealthy, json, ok, skipped, table, warning } from './findings.js';
import { askKubernetes } from './kubernetes.js';
import { askTeleport } from './teleport.js';

/** Milliseconds for everything. */
const limitMs = 90_000;

export interface DoctorParts {
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly print: (text: string) => void;
}

/**
 * @param args flags of `run`, and `-o json`.
 * @returns the exit code: 0 when nothing failed, 1 otherwise, 2 for an output format that there is not.
 */
export async function runDoctor(args: readonly string[], parts: DoctorParts): Promise<number> {
  const { output, rest } = outputFormat(args);
  if (output !== 'table' && output !== 'json') {
    parts.print(`teleport-operator: -o: ${JSON.stringify(output)} is neither table nor json\n`);
    return 2;
  }
  const findings = await examine(rest, parts);
  parts.print(output === 'json' ? json(findings) : table(findings));
  return isHealthy(findings) ? 0 : 1;
}

function outputFormat(args: readonly string[]): { output: string; rest: string[] } {
  let output = 'table';
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    const match = /^--?(?:o|output)(?:=(.*))?$/.exec(arg);
    if (match) output = match[1] ?? args[++at] ?? '';
    else rest.push(arg);
  }
  return { output, rest };
}

async function examine(args: readonly string[], { env, clock }: DoctorParts): Promise<Finding[]> {
  let settings: Settings;
  try {
    settings = readSettings(args);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems.map((problem) => failed('flags', problem, 'teleport-operator -h lists the flags'));
  }
  const own = findNamespace(settings.namespace, env);
  const { kube, problem } = openKube(settings, env, clock);
  const limit = new Until(clock, limitMs, () => new Error(`not done within ${limitMs / 1000} s`));
  try {
    const store = kube && own ? new SecretStore(kube, own, settings.boundKeypairSecret) : undefined;
    const bot = botSettings(settings, env, store);
    const mistakes = validateBotSettings(bot);
    const flags = [
      ...mistakes.map((text) => failed('flags', text, 'correct the flag')),
      ...warnAboutSettings(bot).map((text) => warning('flags', text, 'see docs/joining.md')),
    ];
    const inKubernetes = async (): Promise<Finding[]> => {
      if (!kube) return [failed('kubernetes', problem, 'give -kubeconfig, set $KUBECONFIG, or run in a Pod')];
      if (!own)
        return [
          failed(
            'namespace',
            'nothing names a namespace',
            'set -namespace or $POD_NAMESPACE, or run in a Pod',
          ),
        ];
      return askKubernetes(kube, kinds, own, objectNamespaces(settings.namespaces, own), limit.signal);
    };
    const inTeleport = async (): Promise<Finding[]> =>
      mistakes.length > 0
        ? [skipped('teleport', 'needs flags without mistakes')]
        : askTeleport({ settings: bot, kinds, clock, signal: limit.signal });
    const [first, second] = await Promise.all([inKubernetes(), inTeleport()]);
    return [...(flags.length > 0 ? flags : [ok('flags', 'no mistakes')]), ...first, ...second];
  } finally {
    limit.done();
    kube?.close();
  }
}

function openKube(
  settings: Settings,
  env: NodeJS.ProcessEnv,
  clock: Clock,
): { kube: KubeClient | undefined; problem: string } {
  try {
    const access = loadKubeConfig({
      env,
      clock,
      ...(settings.kubeconfig ? { kubeconfig: settings.kubeconfig } : {}),
    });
    return { kube: createKubeClient(access, { clock, metrics: noMetrics }), problem: '' };
  } catch (error) {
    return { kube: undefined, problem: error instanceof Error ? error.message : String(error) };
  }
}
