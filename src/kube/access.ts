// How to reach an API server: address, trust, proxy, credentials. The result of reading a configuration,
// whatever it was (kubeconfig.ts, in-cluster.ts), and all that a client needs of it.
import type { Credentials } from './credentials.js';

export interface ClusterAccess {
  /** https://host:port, possibly with a path before /api. */
  readonly server: URL;
  /** Where this was found, for logs: a file and context, or "in-cluster". */
  readonly origin: string;
  /** The context's namespace, if it names one. */
  readonly namespace?: string;
  /** PEM of the CAs to trust; undefined: the system's. Asked again for each new connection pool. */
  readonly ca: () => Promise<string | undefined>;
  /** The name to ask for and to verify instead of the host. */
  readonly tlsServerName?: string;
  /** True: the server's certificate is not verified. */
  readonly insecure: boolean;
  /** An http or https proxy that connects us (CONNECT). */
  readonly proxy?: URL;
  readonly credentials: Credentials;
}

/** A configuration that can't be used. The text names the file, the field and the remedy. */
export class KubeConfigError extends Error {
  override readonly name = 'KubeConfigError';
}
