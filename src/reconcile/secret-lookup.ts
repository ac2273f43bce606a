// secret://name/key in sensitive fields: the value of a Kubernetes Secret in the object's namespace, if that
// Secret allows it. Each way to get it wrong has its own words (kinds.md C.3). Values appear nowhere else.
import type { Message } from '@bufbuild/protobuf';
import { sensitiveTexts } from '../kinds/codec/sensitive.js';
import type { AnyKind } from '../kinds/kind.js';
import type { KubeObject } from '../kube/object.js';

/** The annotation on a Secret that names the objects that may read it. */
export const allowAnnotation = 'resources.teleport.dev/allow-lookup-from-cr';

const scheme = 'secret://';

/** Reads Secrets. */
export interface SecretSource {
  /** Undefined where there is none. @throws KubeError */
  get(namespace: string, name: string, signal: AbortSignal): Promise<KubeObject | undefined>;
}

/** A reference that can't be followed; the message names field, Secret and remedy, never a value. */
export class SecretLookupError extends Error {
  override readonly name = 'SecretLookupError';
}

export interface Lookup {
  /** Names of the Secrets that were looked at, also when the lookup failed. */
  readonly secrets: Set<string>;
  /** `name uid resourceVersion` of each that was used: stands for the values in hashes. */
  readonly versions: string[];
}

/**
 * Replaces every reference in the spec of `wanted` by its value.
 * @param lookup is filled in while going
 * @throws SecretLookupError; the signal's reason
 */
export async function lookUpSecrets(
  kind: AnyKind,
  wanted: Message,
  object: KubeObject,
  source: SecretSource,
  lookup: Lookup,
  signal: AbortSignal,
): Promise<void> {
  for (const text of sensitiveTexts(kind.schema, wanted, '')) {
    if (!text.value.startsWith(scheme)) continue;
    const field = text.path.replace(/^\./, '');
    const { name, key } = parseReference(text.value, field);
    lookup.secrets.add(name);
    const secret = await read(source, object.metadata.namespace ?? '', name, field, signal);
    text.set(valueOf(secret, { name, key, field, from: object.metadata.name }));
    lookup.versions.push(`${name} ${secret?.metadata.uid ?? ''} ${secret?.metadata.resourceVersion ?? ''}`);
  }
}

async function read(
  source: SecretSource,
  namespace: string,
  name: string,
  field: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await source.get(namespace, name, signal);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new SecretLookupError(
      `${field}: Secret ${JSON.stringify(name)} could not be read: ${why}; the operator's service account must be ` +
        'allowed to get Secrets',
    );
  }
}

/** @throws SecretLookupError */
export function parseReference(value: string, field: string): { name: string; key: string } {
  const remedy = `${field}: a reference has the form secret://<name of the Secret>/<key>`;
  let name: string;
  let key: string;
  try {
    const url = new URL(value);
    name = decodeURIComponent(url.host);
    key = decodeURIComponent(url.pathname.slice(1));
  } catch {
    throw new SecretLookupError(`${remedy}, and this one can't be read`);
  }
  if (name === '') throw new SecretLookupError(`${remedy}; the name of the Secret is missing`);
  if (key === '') throw new SecretLookupError(`${remedy}; the key is missing`);
  return { name, key };
}

interface Wanted {
  readonly name: string;
  readonly key: string;
  readonly field: string;
  /** Name of the object that asks. */
  readonly from: string;
}

function valueOf(secret: KubeObject | undefined, { name, key, field, from }: Wanted): string {
  const at = `${field}: Secret ${JSON.stringify(name)}`;
  if (!secret) throw new SecretLookupError(`${at} does not exist in the object's namespace; create it`);
  const allowed = secret.metadata.annotations?.[allowAnnotation];
  if (allowed === undefined) {
    throw new SecretLookupError(
      `${at} lacks the annotation ${allowAnnotation}; set it to ${JSON.stringify(from)} or "*"`,
    );
  }
  if (!isAllowed(allowed, from)) {
    throw new SecretLookupError(
      `${at} does not allow lookups from ${JSON.stringify(from)}; add it to the annotation ${allowAnnotation}`,
    );
  }
  const data = secret.data && Object.hasOwn(secret.data, key) ? secret.data[key] : undefined;
  if (data === undefined) throw new SecretLookupError(`${at} has no key ${JSON.stringify(key)}; add it`);
  return Buffer.from(data, 'base64').toString('utf8');
}

/** `*` as the whole value allows all; otherwise a list of names with commas, each exact but for white space. */
export function isAllowed(annotation: string, name: string): boolean {
  return annotation === '*' || annotation.split(',').some((item) => item.trim() === name);
}
