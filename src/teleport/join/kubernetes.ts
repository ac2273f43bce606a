// Join method `kubernetes`: the pod's service account token. Which check Auth makes with it (in_cluster,
// static_jwks, later oidc) is the token resource's matter; the client does the same for all.
import { readFile } from 'node:fs/promises';
import { TeleportError } from '../errors.js';
import type { JoinContext, ProofMethod } from './method.js';

export const defaultKubernetesTokenPath = '/var/run/secrets/kubernetes.io/serviceaccount/token';

export const kubernetes: ProofMethod = {
  name: 'kubernetes',
  form: 'proof',
  repeatable: true,
  // Read at each join: the kubelet replaces the file before the token ends.
  idToken: readServiceAccountToken,
};

async function readServiceAccountToken(context: JoinContext): Promise<string> {
  const fromEnv = context.env.KUBERNETES_TOKEN_PATH;
  const path = context.kubernetesTokenPath || fromEnv || defaultKubernetesTokenPath;
  const source = fromEnv ? 'KUBERNETES_TOKEN_PATH names ' : 'the service account token is expected at ';
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new TeleportError(
      'BadParameter',
      `join method kubernetes: ${source}${path}, which cannot be read (${code}); mount a projected service ` +
        'account token there, or set KUBERNETES_TOKEN_PATH',
      { cause },
    );
  }
  if (text === '') {
    throw new TeleportError('BadParameter', `join method kubernetes: ${source}${path}, which is empty`);
  }
  return text;
}
