// A real Teleport (open source edition) from TELEPORT_BIN_DIR: Auth and a multiplexing proxy in one process on
// loopback, its state in a temp folder. The web certificate of the proxy comes from an authority of our own.
import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { createAuthority } from './certificates.js';
import { eventually } from './eventually.js';
import type { Pod } from './pod.js';
import { freePorts, listening } from './ports.js';
import { logTail, type RunningProcess, startProcess } from './process.js';
import { openTeleportAdmin } from './teleport-admin.js';
import { makeBot } from './teleport-bot.js';
import type { RunningTeleport } from './types.js';

const adminName = 'test-admin';

const adminResources = [
  {
    kind: 'role',
    version: 'v7',
    metadata: { name: adminName },
    spec: {
      allow: {
        rules: [{ resources: ['*'], verbs: ['*'] }],
        node_labels: { '*': '*' },
        app_labels: { '*': '*' },
        db_labels: { '*': '*' },
        impersonate: { users: ['*'], roles: ['*'] },
      },
    },
  },
  {
    kind: 'user',
    version: 'v2',
    metadata: { name: adminName },
    spec: { roles: ['editor', 'access', adminName] },
  },
];

/** A real Teleport, with tctl's view of it: an oracle that shares no code with us. */
export interface RealTeleport extends RunningTeleport {
  /** Runs tctl as the administrator of the server's own host; answers its standard output. */
  tctl(...args: string[]): Promise<string>;
}

export interface RealTeleportOptions {
  /** Further variables of the server's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** The Pod that the server runs in; none if not said. */
  readonly pod?: Pod;
  /** No TLS routing: the proxy's SSH port is apart from its web port. */
  readonly separatePorts?: boolean;
  /** `tele.test` if not said. */
  readonly clusterName?: string;
  /** PEM of further authorities that this server believes, such as another cluster's `proxyCa`. */
  readonly trustedCa?: string;
}

/**
 * Starts Teleport.
 * @param binDir a folder with `teleport` (built with web assets, or the proxy refuses to start) and `tctl`
 * @throws with the end of the server's log when it does not come up within a minute
 */
export async function startRealTeleport(
  binDir: string,
  {
    clusterName = 'tele.test',
    trustedCa = '',
    separatePorts = false,
    pod,
    env: more = {},
  }: RealTeleportOptions = {},
): Promise<RealTeleport> {
  const folder = mkdtempSync(join(tmpdir(), 'operator-teleport-'));
  const path = (name: string) => join(folder, name);
  const [authPort = 0, proxyPort = 0, sshPort = 0, tunnelPort = 0] = await freePorts(4);
  const authority = await createAuthority('test-proxy-web');
  const web = await authority.server();
  writeFileSync(path('proxy-ca.crt'), `${authority.cert}\n${trustedCa}`);
  writeFileSync(path('web.crt'), web.cert);
  writeFileSync(path('web.key'), web.key, { mode: 0o600 });
  writeFileSync(path('admin.yaml'), adminResources.map((resource) => stringify(resource)).join('---\n'));
  writeFileSync(
    path('teleport.yaml'),
    stringify(
      configuration(
        folder,
        clusterName,
        authPort,
        proxyPort,
        separatePorts ? { sshPort, tunnelPort } : undefined,
      ),
    ),
  );

  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    // Teleport and tctl check that the web certificate is trusted on the host
    SSL_CERT_FILE: path('proxy-ca.crt'),
    // and Teleport asks the cloud where it is; tests stay on loopback
    AWS_EC2_METADATA_DISABLED: 'true',
    ...more,
  };
  let server: RunningProcess | undefined;
  const start = async (): Promise<void> => {
    const command = join(binDir, 'teleport');
    const args = ['start', '--config', path('teleport.yaml')];
    server = await startProcess({
      name: 'teleport',
      ...(pod?.wrap(command, args) ?? { command, args }),
      logPath: path('teleport.log'),
      env: { ...env, ...pod?.env },
    });
    const running = server;
    const up = () => listening(authPort, proxyPort);
    await eventually(async () => !running.running || up(), { timeoutMs: 60_000 }).catch(() => {});
    if (!(await up())) throw new Error(`teleport did not come up: ${logTail(running.logPath)}`);
  };
  const tctl = tctlRunner(join(binDir, 'tctl'), path('teleport.yaml'), env);
  const stop = async (): Promise<void> => {
    // SIGTERM lets Teleport wait for open connections; tests have nothing to lose
    await server?.stop(3_000);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start();
    await tctl('create', '-f', path('admin.yaml'));
    await tctl('auth', 'sign', `--user=${adminName}`, '--format=tls', '--ttl=24h', `--out=${path('admin')}`);
    const hostCa = await tctl('auth', 'export', '--type=tls-host');
    const identity = {
      cert: readFileSync(path('admin.crt'), 'utf8'),
      key: readFileSync(path('admin.key'), 'utf8'),
    };
    const authAddress = `127.0.0.1:${authPort}`;
    const admin = openTeleportAdmin(authAddress, hostCa, identity);
    const answers = () => admin.unary(AuthService.method.ping, {}, { timeoutMs: 3_000 });
    await eventually(answers, { timeoutMs: 20_000 });
    return {
      kind: 'teleport',
      clusterName,
      authAddress,
      proxyAddress: `127.0.0.1:${proxyPort}`,
      proxyCa: authority.cert,
      caPins: pins(hostCa),
      admin,
      tctl,
      addBot: (options) => makeBot(admin, options),
      restart: async ({ downMs = 0 } = {}) => {
        await server?.stop(3_000);
        await pause(downMs);
        await start();
        await eventually(answers, { timeoutMs: 20_000 });
      },
      stop: async () => {
        admin.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configuration(
  folder: string,
  clusterName: string,
  authPort: number,
  proxyPort: number,
  separate: { sshPort: number; tunnelPort: number } | undefined,
): object {
  return {
    version: 'v3',
    teleport: {
      nodename: 'test',
      data_dir: join(folder, 'data'),
      storage: { type: 'sqlite' },
      log: { output: 'stderr', severity: 'INFO', format: { output: 'text' } },
      auth_server: `127.0.0.1:${authPort}`,
    },
    auth_service: {
      enabled: 'yes',
      cluster_name: clusterName,
      listen_addr: `127.0.0.1:${authPort}`,
      proxy_listener_mode: separate ? 'separate' : 'multiplex',
      authentication: { type: 'local', second_factor: 'otp' },
    },
    proxy_service: {
      enabled: 'yes',
      web_listen_addr: `127.0.0.1:${proxyPort}`,
      public_addr: `127.0.0.1:${proxyPort}`,
      ...(separate
        ? {
            listen_addr: `127.0.0.1:${separate.sshPort}`,
            tunnel_listen_addr: `127.0.0.1:${separate.tunnelPort}`,
          }
        : {}),
      https_keypairs: [{ cert_file: join(folder, 'web.crt'), key_file: join(folder, 'web.key') }],
    },
    ssh_service: { enabled: 'no' },
  };
}

function tctlRunner(command: string, config: string, env: NodeJS.ProcessEnv) {
  const run = promisify(execFile);
  return async (...args: string[]): Promise<string> => {
    const { stdout } = await run(command, ['--config', config, ...args], { env });
    return stdout;
  };
}

/** `sha256:` over the public key of each certificate (joining.md 2.2). */
export function pins(pem: string): string[] {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return certificates.map((text) => {
    const key = new X509Certificate(text).publicKey.export({ type: 'spki', format: 'der' });
    return `sha256:${createHash('sha256').update(key).digest('hex')}`;
  });
}
