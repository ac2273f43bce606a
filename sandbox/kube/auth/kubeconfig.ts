// kubeconfig files for kubectl and the operator.
import { stringify } from 'yaml';
import type { KeyPair } from './pki.js';

export interface KubeconfigOptions {
  readonly url: string;
  readonly ca: string;
  readonly namespace?: string;
  readonly user: string;
  readonly credentials: { readonly token: string } | KeyPair;
}

/** YAML of a kubeconfig with one context. */
export function kubeconfig(options: KubeconfigOptions): string {
  const { url, ca, user, credentials, namespace = 'default' } = options;
  const encoded = (pem: string): string => Buffer.from(pem).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'sandbox', cluster: { server: url, 'certificate-authority-data': encoded(ca) } }],
    users: [
      {
        name: user,
        user:
          'token' in credentials
            ? { token: credentials.token }
            : {
                'client-certificate-data': encoded(credentials.cert),
                'client-key-data': encoded(credentials.key),
              },
      },
    ],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user, namespace } }],
    'current-context': 'sandbox',
  });
}
