// npm run sandbox: an embedded Kubernetes API server, an embedded Teleport and the operator between them, with
// every example applied. Stays until Ctrl-C; with --once it ends when all examples are Ready (exit 0) or time is
// up (exit 1). What the two servers leave out: docs/sandbox.md.
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../src/cli/settings.js';
import { sleep } from '../src/core/abort.js';
import { systemClock } from '../src/core/clock.js';
import { createLogger } from '../src/core/log-pino.js';
import crds from '../src/gen/crds.json' with { type: 'json' };
import { createKubeClient } from '../src/kube/client.js';
import { loadKubeConfig } from '../src/kube/config.js';
import { startOperator } from '../src/operator.js';
import { applyFiles } from './apply.js';
import { startKubernetes } from './kube/server.js';
import { intro } from './screen/intro.js';
import { allReady, type Row, rows } from './screen/rows.js';
import { Screen } from './screen/screen.js';
import { startTeleport } from './teleport/server.js';

const namespace = 'teleport';
const serviceAccount = 'teleport-operator';
/** With --once, how long the examples may take to be Ready, in milliseconds. */
const patienceMs = 45_000;
/** Life of the operator's join proof, and how often it is made anew. */
const proof = { seconds: 1_200, everyMs: 300_000 };

const once = process.argv.includes('--once');
const clock = systemClock;
const folder = mkdtempSync(join(tmpdir(), 'teleport-sandbox-'));
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

const kubernetes = await startKubernetes({ crds, namespaces: [namespace] });
const teleport = await startTeleport({ clusterName: 'sandbox.local', enterprise: true });
const paths = {
  kubeconfig: join(folder, 'kubeconfig.yaml'),
  operatorKubeconfig: join(folder, 'operator.yaml'),
  token: join(folder, 'token'),
  log: join(folder, 'operator.log'),
};
// what somebody applies with it comes to the operator
writeFileSync(paths.kubeconfig, kubernetes.kubeconfig(namespace), { mode: 0o600 });
writeFileSync(paths.operatorKubeconfig, kubernetes.kubeconfigFor(namespace, serviceAccount), { mode: 0o600 });
writeProof();
const refresh = setInterval(writeProof, proof.everyMs);
const token = teleport.addBot({
  name: 'operator',
  join: {
    method: 'kubernetes',
    type: 'static_jwks',
    jwks: kubernetes.jwks(),
    serviceAccount: `${namespace}:${serviceAccount}`,
  },
});
const log = createLogger({
  level: 'DEBUG',
  component: 'operator',
  write: (line) => appendFileSync(paths.log, line),
});
const admin = createKubeClient(loadKubeConfig({ kubeconfig: paths.kubeconfig, env: {}, clock }), { clock });
await applyFiles(admin, namespace, ['docs/rbac.yaml', 'docs/examples']);
const operator = await startOperator({
  settings: readSettings([
    `-auth-server=${teleport.authAddress}`,
    `-ca-pin=${teleport.caPins.join(',')}`,
    `-token=${token}`,
    `-kubeconfig=${paths.operatorKubeconfig}`,
    '-health-probe-bind-address=127.0.0.1:0',
    '-metrics-bind-address=127.0.0.1:0',
  ]),
  namespace,
  env: { KUBERNETES_TOKEN_PATH: paths.token },
  clock,
  log,
});

const screen = new Screen(process.stdout);
process.stdout.write(
  intro({ kubeconfig: paths.kubeconfig, log: paths.log, namespace, ports: operator.ports }),
);
const since = clock.monotonic();
let last: readonly Row[] = [];
let ended: 'ready' | 'late' | 'interrupted' = 'interrupted';
try {
  while (!stop.signal.aborted) {
    last = rows(kubernetes.store, teleport.resources, namespace);
    screen.show(last);
    if (once && allReady(last)) {
      ended = 'ready';
      break;
    }
    if (once && clock.monotonic() - since > patienceMs) {
      ended = 'late';
      break;
    }
    await sleep(clock, 250, stop.signal);
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
}
if (ended !== 'interrupted') {
  const seconds = ((clock.monotonic() - since) / 1_000).toFixed(1);
  const ready = last.filter((row) => row.ready === 'True').length;
  process.stdout.write(`\n${ready} of ${last.length} objects are Ready after ${seconds} s.\n`);
}
clearInterval(refresh);
admin.close();
await operator.stop();
await Promise.all([teleport.close(), kubernetes.close()]);
if (ended === 'late') process.stdout.write(`The operator's log: ${paths.log}\n`);
else rmSync(folder, { recursive: true, force: true });
process.exitCode = ended === 'late' ? 1 : 0;

/** The operator's proof of who it is, as the kubelet would lay it down and renew it. */
function writeProof(): void {
  const jwt = kubernetes.token(namespace, serviceAccount, {
    audience: teleport.clusterName,
    expirationSeconds: proof.seconds,
    pod: 'teleport-operator-0',
  });
  writeFileSync(paths.token, jwt, { mode: 0o600 });
}
