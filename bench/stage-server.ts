// The process that the servers of a run live in: starts them, says where they are, answers requests line by
// line, and ends with its standard input. Embedded servers share this one thread, real ones are its children.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Code } from '@connectrpc/connect';
import { openScene, type Scene } from '../test/e2e/scene.js';
import { startEmbeddedKube } from '../test/env/kube-embedded.js';
import { startRealKube } from '../test/env/kube-real.js';
import { startEmbeddedTeleport } from '../test/env/teleport-embedded.js';
import { startRealTeleport } from '../test/env/teleport-real.js';
import type { Fault, StageFacts, StageRequest } from './stage.js';

interface Opened {
  readonly scene: Scene;
  readonly admin: StageFacts['teleportAdmin'];
  readonly setFaults: (faults: readonly Fault[]) => void;
}

const kind = process.argv[2] === 'real' ? 'real' : 'embedded';
const { scene, admin, setFaults } = await (kind === 'real' ? openReal() : openEmbedded());
const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
say({
  kind,
  namespace: scene.namespace,
  kubeconfigPath: scene.kube.kubeconfigPath,
  authAddress: scene.teleport.authAddress,
  teleportAdmin: admin,
} satisfies StageFacts);
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as StageRequest;
  if (request.ask === 'operator') {
    say(await scene.operator());
  } else {
    setFaults(request.faults);
    say({});
  }
}
await scene.close();
process.exit(0);

async function openEmbedded(): Promise<Opened> {
  const kube = await startEmbeddedKube({ historyLimit: 200_000 });
  const teleport = await startEmbeddedTeleport();
  // They keep a record of every call, for tests; here it would only grow.
  setInterval(() => {
    kube.server.calls.length = 0;
    teleport.server.calls.clear();
  }, 1_000);
  const { certPem, keyPem, hostCaPem } = await teleport.server.admin();
  const { faults } = teleport.server;
  return {
    scene: await openScene({ kube, teleport }),
    admin: { hostCa: hostCaPem, cert: certPem, key: keyPem },
    setFaults: (wanted) => {
      faults.clear();
      for (const { method, delayMs, refuse } of wanted) {
        const options = { method: new RegExp(method), times: Number.POSITIVE_INFINITY };
        if (delayMs !== undefined) faults.delay(delayMs, options);
        if (refuse) faults.fail(Code.ResourceExhausted, 'rate limit exceeded', options);
      }
    },
  };
}

async function openReal(): Promise<Opened> {
  const kube = await startRealKube(process.env['KUBEBUILDER_ASSETS'] ?? '');
  const teleport = await startRealTeleport(process.env['TELEPORT_BIN_DIR'] ?? '');
  const folder = mkdtempSync(join(tmpdir(), 'bench-admin-'));
  const out = join(folder, 'admin');
  await teleport.tctl('auth', 'sign', '--user=test-admin', '--format=tls', '--ttl=24h', `--out=${out}`);
  const hostCa = await teleport.tctl('auth', 'export', '--type=tls-host');
  const admin = { hostCa, cert: readFileSync(`${out}.crt`, 'utf8'), key: readFileSync(`${out}.key`, 'utf8') };
  rmSync(folder, { recursive: true });
  return {
    scene: await openScene({ kube, teleport }),
    admin,
    setFaults: (wanted) => {
      if (wanted.length > 0) throw new Error('real servers have no fault switches');
    },
  };
}
