// The objects of docs/examples as tests apply them, and which of them a real Teleport of this machine can't take.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { group } from '../../src/kinds/kind.js';
import type { KubeObject } from '../../src/kube/object.js';
import { kindOf, type Scene } from './scene.js';

const folder = fileURLToPath(new URL('../../docs/examples', import.meta.url));

/** All objects in the files' order; Secrets too. */
export function exampleObjects(): KubeObject[] {
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .flatMap((name) => parseAllDocuments(readFileSync(`${folder}/${name}`, 'utf8')))
    .map((document) => document.toJS() as KubeObject);
}

export const isOurs = ({ apiVersion }: KubeObject): boolean => apiVersion.startsWith(`${group}/`);

/** Kinds whose examples an open source Teleport without a network refuses, and how. */
export const refusedByReal: Readonly<Record<string, { reason: string; text: RegExp }>> = {
  // Auth asks github.com about the organization at every write, and answers with code 2 where it can't.
  TeleportGithubConnector: { reason: 'TeleportError', text: /trying to reach GitHub/ },
  // There is no such root cluster; trusted-cluster.test.ts has one.
  TeleportTrustedClusterV2: { reason: 'TeleportError|TeleportUnavailable|Rejected', text: /./ },
  TeleportOIDCConnector: { reason: 'KindDisabled', text: /needs Teleport Enterprise/ },
  TeleportSAMLConnector: { reason: 'KindDisabled', text: /needs Teleport Enterprise/ },
  TeleportLoginRule: { reason: 'KindDisabled', text: /needs Teleport Enterprise/ },
  TeleportOktaImportRule: { reason: 'KindDisabled', text: /needs Teleport Enterprise/ },
  TeleportAccessList: { reason: 'KindDisabled', text: /needs Teleport Enterprise/ },
};

/** Applies them all, users before the roles they name, as somebody does who thinks of no order. */
export async function applyExamples(scene: Scene): Promise<void> {
  const users = (object: KubeObject) => (object.kind === 'TeleportUser' ? 0 : 1);
  for (const object of exampleObjects().toSorted((a, b) => users(a) - users(b))) {
    const body = { ...object, metadata: { ...object.metadata, namespace: scene.namespace } };
    const path = isOurs(object)
      ? scene.path(object.kind).replace(/\/v\d+\//, `/${object.apiVersion.split('/')[1]}/`)
      : `/api/v1/namespaces/${scene.namespace}/secrets`;
    await scene.admin.create(path, body);
  }
}

/** `user/alice`, as tctl takes it. */
export function resourceId(kind: string, name: string): string {
  const { resource, singleton } = kindOf(kind);
  return singleton === undefined ? `${resource.kind}/${name}` : resource.kind;
}
