// The namespace that the operator works in, found as the Go operator finds it (joining.md 1.1): the flag,
// $POD_NAMESPACE, then the file that Kubernetes puts beside a service account's token.
import { readFileSync } from 'node:fs';

const serviceAccountFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** The namespace, or undefined where nothing names one. */
export function findNamespace(
  flag: string,
  env: Readonly<Record<string, string | undefined>>,
  file: string = serviceAccountFile,
): string | undefined {
  if (flag !== '') return flag;
  const fromEnv = env['POD_NAMESPACE'];
  if (fromEnv !== undefined && fromEnv !== '') return fromEnv;
  try {
    const text = readFileSync(file, 'utf8').trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}
