// The operator as a process of its own, started with flags as in the chart, its JSON log readable line by
// line. Where it joins and with what is the caller's choice.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operatorProgram } from './build.js';
import { eventually } from './eventually.js';
import { freePorts } from './ports.js';
import { logTail, type RunningProcess, startProcess } from './process.js';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface OperatorOptions {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  /** host:port of Auth or of the proxy. */
  readonly address: string;
  readonly joinMethod: 'token' | 'kubernetes';
  readonly token: string;
  /** The service account token for join method kubernetes. */
  readonly serviceAccountToken?: string;
  readonly caPins?: readonly string[];
  /** PEM that SSL_CERT_FILE points to, for the proxy's web certificate. */
  readonly trustedCa?: string;
  readonly flags?: readonly string[];
}

export interface RunningOperator {
  readonly process: RunningProcess;
  readonly healthUrl: string;
  readonly metricsUrl: string;
  /** All log lines up to now that are JSON. */
  logs(): LogLine[];
  /** Everything that was written to stdout and stderr. */
  output(): string;
  /** Status and text of /readyz or /healthz; status 0 while nobody listens. */
  probe(path: '/readyz' | '/healthz'): Promise<{ status: number; text: string }>;
  /** Waits for /readyz. @throws with the end of the log when it does not turn green in time */
  untilReady(timeoutMs?: number): Promise<void>;
  /** Replaces the service account token's file, as the kubelet does. */
  rotateToken(token: string): void;
  /** SIGTERM; the exit code. */
  stop(): Promise<number>;
  /** kill -9. */
  kill(): Promise<void>;
}

export async function startOperator(options: OperatorOptions): Promise<RunningOperator> {
  const folder = mkdtempSync(join(tmpdir(), 'operator-run-'));
  const [health = 0, metrics = 0] = await freePorts(2);
  const tokenPath = join(folder, 'token');
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: folder };
  const rotateToken = (token: string) => writeFileSync(tokenPath, token, { mode: 0o600 });
  if (options.serviceAccountToken !== undefined) {
    rotateToken(options.serviceAccountToken);
    env['KUBERNETES_TOKEN_PATH'] = tokenPath;
  }
  if (options.trustedCa !== undefined) {
    env['SSL_CERT_FILE'] = join(folder, 'ca.pem');
    writeFileSync(env['SSL_CERT_FILE'], options.trustedCa);
  }
  const child = await startProcess({
    name: 'teleport-operator',
    command: process.execPath,
    args: [
      operatorProgram(),
      '-auth-server',
      options.address,
      '-join-method',
      options.joinMethod,
      '-token',
      options.token,
      ...(options.caPins && options.caPins.length > 0 ? ['-ca-pin', options.caPins.join(',')] : []),
      `-namespace=${options.namespace}`,
      `-kubeconfig=${options.kubeconfigPath}`,
      `-health-probe-bind-address=127.0.0.1:${health}`,
      `-metrics-bind-address=127.0.0.1:${metrics}`,
      '-log-level=DEBUG',
      ...(options.flags ?? []),
    ],
    logPath: join(folder, 'operator.log'),
    env,
  });
  const output = () => readFileSync(child.logPath, 'utf8');
  const healthUrl = `http://127.0.0.1:${health}`;
  const probe = async (path: string) => {
    try {
      const reply = await fetch(`${healthUrl}${path}`, { signal: AbortSignal.timeout(5_000) });
      return { status: reply.status, text: await reply.text() };
    } catch {
      return { status: 0, text: 'no answer' };
    }
  };
  const end = async (): Promise<void> => {
    await child.exited;
    if (process.env['KEEP_LOGS'] === undefined) rmSync(folder, { recursive: true, force: true });
  };
  return {
    process: child,
    healthUrl,
    metricsUrl: `http://127.0.0.1:${metrics}/metrics`,
    logs: () => output().split('\n').flatMap(parsed),
    output,
    probe,
    untilReady: async (timeoutMs = 30_000) => {
      let last = '';
      try {
        await eventually(
          async () => {
            const { status, text } = await probe('/readyz');
            last = `${status} ${text}`;
            return status === 200 || !child.running;
          },
          { timeoutMs, intervalMs: 100 },
        );
      } catch (error) {
        throw new Error(`the operator is not ready (${last}):\n${logTail(child.logPath)}`, { cause: error });
      }
      if (!child.running) throw new Error(`the operator ended:\n${logTail(child.logPath)}`);
    },
    rotateToken,
    stop: async () => {
      const code = await child.stop(15_000);
      await end();
      return code;
    },
    kill: async () => {
      child.signal('SIGKILL');
      await end();
    },
  };
}

function parsed(line: string): LogLine[] {
  try {
    return [JSON.parse(line) as LogLine];
  } catch {
    return [];
  }
}
