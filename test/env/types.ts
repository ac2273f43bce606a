// What tests see of a server, be it embedded or real: the contract suites and the whole-operator tests are
// written against these two interfaces and run on both.
import type { TeleportClient } from '../../src/teleport/client.js';

/** A running Kubernetes API server. */
export interface RunningKube {
  readonly kind: 'embedded' | 'kube-apiserver';
  /** https://127.0.0.1:port */
  readonly url: string;
  /** PEM of the CA that signed the server's certificate. */
  readonly ca: string;
  /** A kubeconfig file with an administrator's credentials. */
  readonly kubeconfigPath: string;
  /** A kubeconfig file for a service account, made if it does not exist; rights come from RBAC alone. */
  serviceAccountKubeconfig(namespace: string, serviceAccount: string): Promise<string>;
  /**
   * A token of the service account, bound to a Pod object that is made for it, as Teleport's kubernetes join
   * method demands. Without an audience it is for the API server.
   */
  serviceAccountToken(
    namespace: string,
    serviceAccount: string,
    options: { audience?: string; expirationSeconds: number },
  ): Promise<string>;
  /** The JWKS that verifies such tokens, as JSON text. */
  jwks(): Promise<string>;
  stop(): Promise<void>;
}

/** A running Teleport: Auth and a proxy with TLS routing, in one cluster. */
export interface RunningTeleport {
  readonly kind: 'embedded' | 'teleport';
  readonly clusterName: string;
  /** host:port of Auth. */
  readonly authAddress: string;
  /** host:port of the proxy's web listener (TLS routing). */
  readonly proxyAddress: string;
  /** PEM of the CA behind the proxy's web certificate. */
  readonly proxyCa: string;
  /** `sha256:…` pins of the cluster's host CA. */
  readonly caPins: readonly string[];
  /** A client that may do everything, for looking at and changing resources behind the operator's back. */
  readonly admin: TeleportClient;
  /**
   * Makes the operator's role (all that its kinds need), the bot `bot-<name>` and a join token for it.
   * @returns the token's name
   */
  addBot(options: BotOptions): Promise<string>;
  /** Stops the server and starts it again with the same state and addresses. */
  restart(options?: { downMs?: number }): Promise<void>;
  stop(): Promise<void>;
}

export interface BotOptions {
  readonly name: string;
  /** What the operator's role allows: all kinds, if not said, or what the Go operator's chart gives. */
  readonly rights?: 'all' | 'chart';
  readonly join:
    | { readonly method: 'token' }
    | {
        readonly method: 'kubernetes';
        readonly type: 'static_jwks';
        readonly jwks: string;
        readonly serviceAccount: string;
      };
}
