// npm run bench: for each size and each operator fresh servers, and on them one scenario after the other.
// Ctrl-C ends servers and operators too: they notice that their parent is gone.
import { openKube } from '../test/env/kube-admin.js';
import { openTeleportAdmin } from '../test/env/teleport-admin.js';
import { fair } from './fair.js';
import { create, remove, single, update } from './lifecycle.js';
import { type LimitParts, measureLoad, measureRequests } from './limits.js';
import { connector, items, mixed, Writer } from './load.js';
import { startBenchOperator } from './operator.js';
import { type BenchOptions, help, type OperatorCommand, readOptions, type ScenarioName } from './options.js';
import { restart, resync, steady } from './quiet.js';
import { Report } from './report.js';
import type { Scenario, Scene } from './scenario.js';
import { secrets } from './secrets.js';
import { openStage } from './stage.js';
import { Tracker } from './tracker.js';

const scenarios: Readonly<Record<Exclude<ScenarioName, 'limits'>, Scenario>> = {
  single,
  create,
  update,
  resync,
  restart,
  steady,
  secrets,
  fair,
  delete: remove,
};

/** What is done in every round; a round needs that the one before deleted its objects. */
const repeated: ReadonlySet<ScenarioName> = new Set(['create', 'update', 'delete']);

process.exitCode = await main(process.argv.slice(2));
process.exit();

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(help);
    return 0;
  }
  let options: BenchOptions;
  try {
    options = readOptions(args, process.env);
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return 2;
  }
  const report = new Report(options.out);
  let failures = 0;
  for (const n of options.sizes) {
    for (const command of options.operators) failures += await run(options, n, command, report);
  }
  progress('');
  process.stderr.write(`${report.table()}\n`);
  return failures > 0 ? 1 : 0;
}

/** @returns how many scenarios could not be ended */
async function run(
  options: BenchOptions,
  n: number,
  command: OperatorCommand,
  report: Report,
): Promise<number> {
  const about = `${command.name}, n = ${n}`;
  progress(`${about}: starting ${options.servers} servers`);
  const stage = await openStage(options.servers);
  const admin = openKube(stage.kubeconfigPath);
  const { hostCa, cert, key } = stage.teleportAdmin;
  const teleport = openTeleportAdmin(stage.authAddress, hostCa, { cert, key });
  const tracker = new Tracker(stage.kubeconfigPath);
  const base = { operator: command.name, servers: options.servers, n };
  let scene: Scene | undefined;
  try {
    const withLimits = options.scenarios.includes('limits');
    const limits: LimitParts = {
      admin,
      teleport,
      kubeconfigPath: stage.kubeconfigPath,
      concurrency: options.concurrency,
      serversPid: stage.pid,
      report: (scenario, measured) => report.add({ ...base, operator: 'none', scenario, ...measured }),
    };
    if (withLimits) {
      progress(`${about}: what the servers take alone`);
      await measureRequests(limits, n);
      await measureLoad(limits, n);
    }
    const wanted = options.scenarios.filter((name) => name !== 'limits');
    if (wanted.length === 0) return 0;
    await tracker.watch([...mixed, connector], stage.namespace);
    progress(`${about}: starting the operator`);
    scene = {
      options,
      command,
      stage,
      admin,
      tracker,
      n,
      writer: new Writer(admin, stage.namespace, options.concurrency),
      load: items(n, 'load'),
      operator: await startBenchOperator(command, stage),
      report: (scenario, measured, count = n) => report.add({ ...base, n: count, scenario, ...measured }),
      progress: (text) => progress(`${about}: ${text}`),
    };
    for (const name of wanted) {
      progress(`${about}: ${name}`);
      await scenarios[name](scene);
    }
    for (let round = 2; round <= options.rounds; round++) {
      const again: Scene = {
        ...scene,
        report: (scenario, measured) => scene?.report(`${scenario}, round ${round}`, measured),
      };
      for (const name of wanted.filter((one) => repeated.has(one))) {
        progress(`${about}: ${name}, round ${round}`);
        await scenarios[name](again);
      }
    }
    if (withLimits && options.rounds > 1) {
      // Machines that others share are faster in one minute than in the next: one limit before, one after.
      await scene.operator.stop();
      progress(`${about}: what the servers take alone, again`);
      await measureLoad(limits, n, ', after');
    }
    return 0;
  } catch (error) {
    process.stderr.write(`\nbench: ${about}: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await scene?.operator.stop().catch(() => {});
    tracker.close();
    teleport.close();
    admin.close();
    await stage.stop();
  }
}

/** One line that replaces itself on a terminal; elsewhere only what is new. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  else if (text !== '' && !/ open$|steady: \d/.test(text)) process.stderr.write(`${text}\n`);
}
