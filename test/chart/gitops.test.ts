// What deploy/ gives to GitOps tools: Argo CD's health check, run by a Lua interpreter over statuses as both operators write
// them; the examples for Argo CD and Flux, whose values the chart must take; the kustomize base.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LuaEngine, LuaFactory } from 'wasmoon';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../src/kube/object.js';
import { assets, containerOf, helmBinary, render, root, type Values, withHelm } from './helm.js';

const documents = (path: string) =>
  parseAllDocuments(readFileSync(join(root, path), 'utf8')).map((document) => document.toJS() as KubeObject);

interface Health {
  readonly status: string;
  readonly message: string;
}

describe('Argo CD’s health check', () => {
  let engine: LuaEngine;
  let judge: (object: object) => Health;
  beforeAll(async () => {
    engine = await new LuaFactory().createEngine();
    const script = readFileSync(join(root, 'deploy/argocd/health.lua'), 'utf8');
    await engine.doString(`function judge(obj)\n${script}\nend`);
    judge = engine.global.get('judge') as typeof judge;
  });
  afterAll(() => engine?.global.close());

  const condition = (type: string, status: string, reason: string, more: object = {}) => ({
    type,
    status,
    reason,
    message: `${reason} said`,
    ...more,
  });
  const object = (conditions: object[], metadata: object = {}) => ({
    metadata: { name: 'x', generation: 2, ...metadata },
    status: { conditions },
  });

  it.each([
    ['no status', { metadata: { generation: 1 } }, 'Progressing'],
    ['no conditions', { metadata: { generation: 1 }, status: {} }, 'Progressing'],
    ['Ready', object([condition('Ready', 'True', 'Synced', { observedGeneration: 2 })]), 'Healthy'],
    [
      'Ready of old',
      object([condition('Ready', 'True', 'Synced', { observedGeneration: 1 })]),
      'Progressing',
    ],
    [
      'Ready that the CRD gives to new objects',
      object([condition('Ready', 'Unknown', 'Pending')]),
      'Progressing',
    ],
    [
      'waiting for another object',
      object([condition('Ready', 'False', 'DependencyNotReady')]),
      'Progressing',
    ],
    ['waiting for Teleport', object([condition('Ready', 'False', 'TeleportUnavailable')]), 'Progressing'],
    ['a spec that is refused', object([condition('Ready', 'False', 'Rejected')]), 'Degraded'],
    ['a name that is not ours', object([condition('Ready', 'False', 'NotOwned')]), 'Degraded'],
    ['ignored', object([condition('Ready', 'Unknown', 'Ignored')]), 'Suspended'],
    ['a preview of adoption', object([condition('Ready', 'False', 'AdoptionPending')]), 'Suspended'],
    ['a used token', object([condition('Ready', 'True', 'Consumed')]), 'Healthy'],
    [
      'a deletion that waits',
      object([condition('Ready', 'False', 'InUse')], { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      'Progressing',
    ],
    ['the Go operator: fine', object([condition('SuccessfullyReconciled', 'True', 'NoError')]), 'Healthy'],
    [
      'the Go operator: not its own, though the last write went well',
      object([
        condition('TeleportResourceOwned', 'False', 'OriginLabelNotMatching'),
        condition('SuccessfullyReconciled', 'True', 'NoError'),
      ]),
      'Degraded',
    ],
    [
      'the Go operator: not decoded',
      object([condition('ValidStructure', 'False', 'FailedToDecode')]),
      'Degraded',
    ],
  ])('%s', (_name, subject, status) => {
    const health = judge(subject);
    expect(health.status).toBe(status);
    expect(health.message).not.toBe('');
  });

  it('shows the operator’s own words', () => {
    expect(judge(object([condition('Ready', 'False', 'InUse')])).message).toBe('InUse said');
  });
});

describe.skipIf(helmBinary === undefined)(`the examples of deploy/, ${withHelm}`, () => {
  it.each([
    ['argocd/application.yaml', ['spec', 'source', 'helm', 'valuesObject']],
    ['flux/release.yaml', ['spec', 'values']],
    ['kustomize/values.yaml', []],
  ])('the chart takes the values of %s', (path, way) => {
    const document = documents(`deploy/${path}`).at(-1);
    const values = way.reduce((inner: unknown, key) => (inner as Record<string, unknown>)[key], document);
    const objects = render(values as Values, { namespace: 'teleport-iac' });
    expect(containerOf(objects).command).toContain('example.teleport.sh:443');
    expect(objects.some(({ kind }) => kind === 'CustomResourceDefinition')).toBe(true);
  });

  it('brings no rendered manifests', () => {
    const files = readdirSync(join(root, 'deploy'), { recursive: true, encoding: 'utf8' });
    const kinds = files
      .filter((name) => name.endsWith('.yaml'))
      .flatMap((name) => documents(`deploy/${name}`).map(({ kind }) => kind));
    expect(
      kinds.filter((kind) => /^(Deployment|Role|ServiceAccount|CustomResourceDefinition)$/.test(kind ?? '')),
    ).toEqual([]);
  });

  const kubectl = existsSync(`${assets}/kubectl`) ? `${assets}/kubectl` : 'kubectl';
  const none = spawnSync(kubectl, ['version', '--client'], { stdio: 'ignore' }).status !== 0;
  it.skipIf(none)(
    `the kustomize base is what the chart renders${none ? ' (there is no kubectl)' : ''}`,
    () => {
      const { stdout, stderr } = spawnSync(
        kubectl,
        ['kustomize', '--enable-helm', `--helm-command=${helmBinary}`, 'deploy/kustomize'],
        { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
      );
      const built = parseAllDocuments(stdout).map((document) => document.toJS() as KubeObject);
      expect(stderr).not.toMatch(/error/i);
      const names = (objects: KubeObject[]) =>
        objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).toSorted();
      const [values] = documents('deploy/kustomize/values.yaml');
      const rendered = render(values as unknown as Values, {
        release: 'teleport-operator',
        namespace: 'teleport-iac',
      });
      expect(names(built)).toEqual(names(rendered));
    },
  );
});
