// The bench's command line. What its words mean to the runs is the scenarios' matter.

export const scenarioNames = [
  'limits',
  'single',
  'create',
  'update',
  'resync',
  'restart',
  'steady',
  'secrets',
  'fair',
  'delete',
] as const;

export type ScenarioName = (typeof scenarioNames)[number];

export interface BenchOptions {
  /** Objects of each run; one run for each number. */
  readonly sizes: readonly number[];
  readonly scenarios: readonly ScenarioName[];
  readonly servers: 'embedded' | 'real';
  /** Command lines of the operators that get the same load, ours first. */
  readonly operators: readonly OperatorCommand[];
  /** Requests that the load generator has under way at most. */
  readonly concurrency: number;
  /** How long `steady` watches, in seconds. */
  readonly steadySeconds: number;
  /** How often the load is created, updated and deleted, by one process of the operator: a program just started compiles itself. */
  readonly rounds: number;
  /** File that the JSON lines are added to; empty for none but standard output. */
  readonly out: string;
}

export interface OperatorCommand {
  readonly name: string;
  readonly command: readonly string[];
}

export const help = `npm run bench -- [options]

  --n 1000[,10000]       objects of a run; several numbers make several runs (1000)
  --scenario a,b         of ${scenarioNames.join(', ')} (all; secrets and fair on embedded servers only)
  --servers embedded     or real: etcd and kube-apiserver from KUBEBUILDER_ASSETS, teleport and tctl from
                         TELEPORT_BIN_DIR (real where both are set)
  --operator 'node dist/main.js'   the command of this operator; npm run build comes first
  --other '/path/operator'         another operator for the same load, on fresh servers; it gets the same flags
  --concurrency 32       requests of the load generator at the same time
  --rounds 1             create, update, delete so many times, by one process of the operator
  --steady 60            seconds for which the steady state is watched
  --out FILE             adds the JSON lines to a file as well

JSON lines go to standard output, progress and the table to standard error.
`;

/** @throws Error that names the option */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): BenchOptions {
  const given = new Map<string, string>();
  for (let index = 0; index < args.length; index += 2) {
    const [option = '', value] = args.slice(index, index + 2);
    if (!known.has(option)) throw new Error(`${option} is no option; there are ${[...known].join(', ')}`);
    if (value === undefined) throw new Error(`${option} needs a value`);
    given.set(option, value);
  }
  const real = Boolean(env['KUBEBUILDER_ASSETS'] && env['TELEPORT_BIN_DIR']);
  const servers = given.get('--servers') ?? (real ? 'real' : 'embedded');
  if (servers !== 'embedded' && servers !== 'real') throw new Error('--servers: embedded or real');
  if (servers === 'real' && !real)
    throw new Error('--servers real: set KUBEBUILDER_ASSETS and TELEPORT_BIN_DIR');
  const other = given.get('--other');
  const scenarios = readScenarios(given.get('--scenario'), servers);
  const rounds = whole('--rounds', given.get('--rounds') ?? '1');
  if (rounds > 1 && !(scenarios.includes('create') && scenarios.includes('delete')))
    throw new Error('--rounds: what a round makes it must delete; --scenario needs create and delete');
  return {
    sizes: (given.get('--n') ?? '1000').split(',').map((text) => whole('--n', text)),
    scenarios,
    servers,
    operators: [
      { name: 'teleport-operator', command: words(given.get('--operator') ?? 'node dist/main.js') },
      ...(other === undefined ? [] : [{ name: 'other', command: words(other) }]),
    ],
    concurrency: whole('--concurrency', given.get('--concurrency') ?? '32'),
    rounds,
    steadySeconds: whole('--steady', given.get('--steady') ?? '60'),
    out: given.get('--out') ?? '',
  };
}

const known = new Set([
  '--n',
  '--scenario',
  '--servers',
  '--operator',
  '--other',
  '--concurrency',
  '--rounds',
  '--steady',
  '--out',
]);

/** A real Auth asks github.com about GitHub connectors and has no fault switches. */
const embeddedOnly: ReadonlySet<string> = new Set(['secrets', 'fair']);

function readScenarios(text: string | undefined, servers: string): ScenarioName[] {
  if (text === undefined)
    return scenarioNames.filter((name) => servers === 'embedded' || !embeddedOnly.has(name));
  const wanted = text.split(',');
  for (const name of wanted) {
    if (!scenarioNames.includes(name as ScenarioName)) {
      throw new Error(`--scenario: ${name} is none of ${scenarioNames.join(', ')}`);
    }
    if (servers === 'real' && name === 'secrets')
      throw new Error(`--scenario ${name}: embedded servers only`);
  }
  return scenarioNames.filter((name) => wanted.includes(name));
}

function whole(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`${option}: ${JSON.stringify(text)} is no whole number`);
  return Number(text);
}

/** A command line without quoting: words between spaces. */
function words(text: string): string[] {
  const found = text.split(/\s+/).filter((word) => word !== '');
  if (found.length === 0) throw new Error('a command is empty');
  return found;
}
