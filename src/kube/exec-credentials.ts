// Credentials from an exec plugin (client.authentication.k8s.io): the program is run without a terminal, its
// answer is kept until it expires or is refused. What it prints is never logged or put into an error.
import { execFile } from 'node:child_process';
import type { Clock } from '../core/clock.js';
import { KubeConfigError } from './access.js';
import type { Credential, Credentials } from './credentials.js';
import type { Env } from './proxy-env.js';

export interface ExecOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Env;
  /** client.authentication.k8s.io/v1 or /v1beta1 */
  readonly apiVersion: string;
  readonly installHint?: string;
  /** The cluster's own settings, for plugins that ask for them. */
  readonly clusterInfo?: Readonly<Record<string, unknown>>;
  readonly impersonate?: Readonly<Record<string, string | string[]>>;
  /** File and user, for errors. */
  readonly where: string;
}

/** A plugin that takes longer is stopped. */
const longestRunMs = 60_000;
/** A credential is not used in its last seconds. */
const marginMs = 10_000;

/** Credentials that a program hands out; one run at a time, whoever asks. */
export function execCredentials(options: ExecOptions, clock: Clock): Credentials {
  let known: { credential: Credential; expiresAt: number } | undefined;
  let running: Promise<Credential> | undefined;
  const renew = async (): Promise<Credential> => {
    try {
      known = readAnswer(await run(options), options);
      return known.credential;
    } finally {
      running = undefined;
    }
  };
  return {
    current() {
      if (known && clock.now() < known.expiresAt - marginMs) return Promise.resolve(known.credential);
      running ??= renew();
      return running;
    },
    refused() {
      known = undefined;
      return true;
    },
  };
}

function run(options: ExecOptions): Promise<string> {
  const info = {
    apiVersion: options.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(options.clusterInfo && { cluster: options.clusterInfo }) },
  };
  return new Promise((resolve, reject) => {
    const child = execFile(
      options.command,
      [...options.args],
      {
        env: { ...options.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
        timeout: longestRunMs,
        maxBuffer: 4 << 20,
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        if (error) reject(failure(options, error, stderr));
        else resolve(stdout);
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end();
  });
}

function failure(options: ExecOptions, error: Error, stderr: string): KubeConfigError {
  const code = 'code' in error ? error.code : undefined;
  const hint = options.installHint ? `; ${options.installHint.trim()}` : '';
  if (code === 'ENOENT') {
    return new KubeConfigError(`${options.where}: exec plugin "${options.command}" was not found${hint}`);
  }
  if ('killed' in error && error.killed) {
    return new KubeConfigError(
      `${options.where}: exec plugin "${options.command}" did not end within ${longestRunMs / 1000} s`,
    );
  }
  const told = stderr.trim().slice(-256);
  return new KubeConfigError(
    `${options.where}: exec plugin "${options.command}" failed with exit code ${String(code)}${told && `: ${told}`}`,
  );
}

interface Answer {
  apiVersion?: unknown;
  kind?: unknown;
  status?: {
    token?: unknown;
    clientCertificateData?: unknown;
    clientKeyData?: unknown;
    expirationTimestamp?: unknown;
  };
}

function readAnswer(text: string, options: ExecOptions): { credential: Credential; expiresAt: number } {
  const wrong = (what: string): KubeConfigError =>
    new KubeConfigError(`${options.where}: the answer of exec plugin "${options.command}" ${what}`);
  let answer: Answer | null;
  try {
    answer = JSON.parse(text);
  } catch {
    throw wrong('is not JSON');
  }
  if (answer?.kind !== 'ExecCredential') throw wrong('is not an ExecCredential');
  if (answer.apiVersion !== options.apiVersion) {
    throw wrong(`has not the apiVersion ${options.apiVersion} that the kubeconfig names`);
  }
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = answer.status ?? {};
  const headers: Record<string, string | string[]> = { ...options.impersonate };
  if (typeof token === 'string' && token) headers.authorization = `Bearer ${token}`;
  const cert = typeof clientCertificateData === 'string' ? clientCertificateData : '';
  const key = typeof clientKeyData === 'string' ? clientKeyData : '';
  if (!headers.authorization && !(cert && key)) {
    throw wrong('has neither status.token nor status.clientCertificateData with clientKeyData');
  }
  const expires = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Number.NaN;
  return {
    credential: { headers, ...(cert && key && { cert, key }) },
    expiresAt: Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires,
  };
}
