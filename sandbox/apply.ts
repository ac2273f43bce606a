// Applies YAML files to the embedded API server, as `kubectl apply --server-side` would.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubeClient } from '../src/kube/client.js';
import type { ApiResource, KubeObject } from '../src/kube/object.js';

/** Plurals of the kinds that are not ours. */
const builtin: Readonly<Record<string, string>> = {
  ServiceAccount: 'serviceaccounts',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  Secret: 'secrets',
};

/**
 * Applies the objects of files and folders, in the order of names.
 * @throws KubeError
 */
export async function applyFiles(
  kube: KubeClient,
  namespace: string,
  paths: readonly string[],
): Promise<void> {
  const served = new Map<string, string>();
  for (const object of paths.flatMap(files).flatMap(read)) {
    const resource = await resourceOf(kube, object, served);
    const body = { ...object, metadata: { ...object.metadata, namespace } };
    for (const subject of (body as { subjects?: { namespace?: string }[] }).subjects ?? [])
      subject.namespace ??= namespace;
    await kube.patch(
      resource,
      { namespace, name: object.metadata.name },
      { type: 'apply', body, fieldManager: 'sandbox', force: true },
    );
  }
}

function files(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => join(path, name));
}

function read(path: string): KubeObject[] {
  return parseAllDocuments(readFileSync(path, 'utf8'))
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
}

async function resourceOf(
  kube: KubeClient,
  object: KubeObject,
  served: Map<string, string>,
): Promise<ApiResource> {
  const slash = object.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : object.apiVersion.slice(0, slash);
  const version = object.apiVersion.slice(slash + 1);
  const known = builtin[object.kind] ?? served.get(`${object.apiVersion}/${object.kind}`);
  if (known !== undefined) return { group, version, plural: known };
  for (const { kind, name } of (await kube.discover(group, version)) ?? []) {
    if (!name.includes('/')) served.set(`${object.apiVersion}/${kind}`, name);
  }
  const plural = served.get(`${object.apiVersion}/${object.kind}`);
  if (plural === undefined)
    throw new Error(`the API server has no kind ${object.kind} in ${object.apiVersion}`);
  return { group, version, plural };
}
