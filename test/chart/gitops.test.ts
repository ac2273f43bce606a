// What deploy/ gives to GitOps tools: Argo CD's health check, run by a Lua interpreter over statuses as both operators write
// them; Flux's expressions, run by a CEL interpreter; the examples, whose values the chart must take; the kustomize base.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CelInput, celEnv, parse as parseCel, plan } from '@bufbuild/cel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LuaEngine, LuaFactory } from 'wasmoon';
import { parse, parseAllDocuments } from 'yaml';
import { kinds } from '../../src/kinds/index.js';
import type { KubeObject } from '../../src/kube/object.js';
import type { Applied } from '../../src/reconcile/applied.js';
import type { Failure, Next, Outcome, Reason } from '../../src/reconcile/outcome.js';
import { statusOf } from '../../src/reconcile/status.js';
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
    // Argo CD opens the base library and that of tables only, unless told otherwise
    for (const library of ['string', 'math', 'io', 'os', 'utf8', 'coroutine', 'debug'])
      engine.global.set(library, undefined);
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
  const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  /** The status that the operator writes for an outcome that its last pass came to. */
  const after = (outcome: Outcome, metadata: object = {}, observedGeneration = 2) => {
    const conditions = (statusOf(outcome)?.conditions ?? []).map((one) => ({ ...one, observedGeneration }));
    return { ...object(conditions, metadata), status: { observedGeneration, conditions } };
  };
  const failed = (reason: Reason, next: Next, step: Failure['step'] = 'write'): Failure => ({
    type: 'failed',
    step,
    reason,
    message: `${reason} said`,
    next,
  });
  const applied = {} as Applied;
  const synced: Outcome = { type: 'synced', wrote: 'created', owned: 'NewResource', applied, fields: [] };

  it.each([
    ['no status', { metadata: { generation: 1 } }, 'Progressing'],
    ['no conditions', { metadata: { generation: 1 }, status: {} }, 'Progressing'],
    [
      'a new object, as the CRD fills it in',
      { metadata: { generation: 1 }, status: { observedGeneration: -1 } },
      'Progressing',
    ],
    ['Ready', after(synced), 'Healthy'],
    ['changed in Teleport, to be ignored', after({ ...synced, ignored: ['spec'] }), 'Healthy'],
    ['Ready of an older spec', after(synced, {}, 1), 'Progressing'],
    ['stalled over an older spec', after(failed('Rejected', 'onChange'), {}, 1), 'Progressing'],
    ['ignored', after({ type: 'ignored', deleting: false }), 'Suspended'],
    ['observed', after({ type: 'planned', verb: 'create', fields: [] }), 'Suspended'],
    ['a used token', after({ type: 'consumed', applied }), 'Healthy'],
    ['Unknown of a reason to come', object([condition('Ready', 'Unknown', 'New')]), 'Progressing'],
    ['a deletion that begins', after(synced, deleted), 'Progressing'],
    ['a deletion not looked at yet', after(failed('NotOwned', 'backoff'), deleted, 1), 'Progressing'],
    ['a deletion that waits', after(failed('InUse', 'backoff', 'delete'), deleted), 'Progressing'],
    [
      'a deletion held by the brake',
      after(failed('DeletionPaused', 'backoff', 'delete'), deleted),
      'Suspended',
    ],
    ['a deletion while ignored', after({ type: 'ignored', deleting: true }, deleted), 'Suspended'],
    ['a deletion of a new object', { metadata: { generation: 1, ...deleted } }, 'Progressing'],
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

  /** Every reason of a failure, when it is tried again, and what Argo CD makes of it. */
  const reasons: Record<
    Exclude<Reason, 'Synced' | 'DriftIgnored' | 'Ignored' | 'Observed' | 'Consumed'>,
    [Next, string]
  > = {
    FailedToDecode: ['onChange', 'Degraded'],
    NotOwned: ['backoff', 'Degraded'],
    DependencyNotReady: ['backoff', 'Progressing'],
    InUse: ['backoff', 'Progressing'],
    KindDisabled: ['backoff', 'Degraded'],
    Missing: ['onChange', 'Degraded'],
    InvalidAnnotation: ['onChange', 'Degraded'],
    NameNotAllowed: ['onChange', 'Degraded'],
    NameImmutable: ['onChange', 'Degraded'],
    FieldImmutable: ['onChange', 'Degraded'],
    SecretLookupFailed: ['backoff', 'Progressing'],
    NotReadable: ['backoff', 'Degraded'],
    NameConflict: ['onChange', 'Degraded'],
    AdoptionPending: ['backoff', 'Suspended'],
    AdoptionRefused: ['backoff', 'Degraded'],
    Drifted: ['onChange', 'Degraded'],
    DriftUnresolvable: ['onChange', 'Degraded'],
    DeletionPaused: ['backoff', 'Suspended'],
    VersionMismatch: ['onChange', 'Degraded'],
    AccessDenied: ['backoff', 'Degraded'],
    Rejected: ['onChange', 'Degraded'],
    TeleportUnavailable: ['backoff', 'Progressing'],
    TeleportError: ['backoff', 'Degraded'],
    OperatorError: ['backoff', 'Degraded'],
  };
  it.each(Object.entries(reasons))('reason %s', (reason, [next, status]) => {
    expect(judge(after(failed(reason as Reason, next)))).toEqual({ status, message: `${reason} said` });
  });

  it('names every reason in docs/gitops.md that is not Degraded', () => {
    const text = readFileSync(join(root, 'docs/gitops.md'), 'utf8');
    for (const [reason, [, status]] of Object.entries(reasons))
      if (status !== 'Degraded') expect(text).toContain(`\`${reason}\``);
  });

  it('shows the operator’s own words', () => {
    expect(judge(after(failed('Rejected', 'onChange'))).message).toBe('Rejected said');
    expect(judge(after(failed('InUse', 'backoff', 'delete'), deleted)).message).toBe('InUse said');
  });
});

describe('Flux’s health check expressions of deploy/flux/objects.yaml', () => {
  interface Kustomization {
    readonly spec: {
      readonly healthCheckExprs: readonly { failed: string; current: string; kind: string }[];
    };
  }
  const [{ failed, current, kind } = { failed: '', current: '', kind: '' }] = (
    documents('deploy/flux/objects.yaml')[0] as unknown as Kustomization
  ).spec.healthCheckExprs;
  /** As Flux asks: failed before current; an expression that can't be evaluated counts as not yet. */
  const judge = (object: object): string => {
    const environment = celEnv();
    const bindings = Object.fromEntries(
      Object.entries(JSON.parse(JSON.stringify(object)) as object).map(([key, value]) => [key, whole(value)]),
    );
    const holds = (expression: string) =>
      plan(environment, parseCel(expression))(bindings as Record<string, CelInput>) === true;
    return holds(failed) ? 'Failed' : holds(current) ? 'Current' : 'InProgress';
  };
  /** JSON's whole numbers are int in CEL, which JavaScript has as BigInt. */
  const whole = (value: unknown): unknown =>
    typeof value === 'number'
      ? BigInt(value)
      : Array.isArray(value)
        ? value.map(whole)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, whole(inner)]))
          : value;
  const object = (observedGeneration: number, ...conditions: object[]) => ({
    metadata: { generation: 2 },
    status: { observedGeneration, ...(conditions.length > 0 && { conditions }) },
  });
  const ready = (status: string, reason: string) => ({ type: 'Ready', status, reason });

  it('are for a kind that there is', () => {
    expect(kinds.map((one) => one.object.kind)).toContain(kind);
  });

  it.each([
    ['a new object', object(-1), 'InProgress'],
    ['Ready', object(2, ready('True', 'Synced')), 'Current'],
    ['Ready of an older spec', object(1, ready('True', 'Synced')), 'InProgress'],
    ['observed', object(2, ready('Unknown', 'Observed')), 'Current'],
    ['ignored', object(2, ready('Unknown', 'Ignored')), 'Current'],
    [
      'refused',
      object(2, ready('False', 'Rejected'), { type: 'Stalled', status: 'True', reason: 'Rejected' }),
      'Failed',
    ],
    [
      'refused before it was corrected',
      object(1, ready('False', 'Rejected'), { type: 'Stalled', status: 'True', reason: 'Rejected' }),
      'InProgress',
    ],
    [
      'waiting',
      object(2, ready('False', 'DependencyNotReady'), { type: 'Reconciling', status: 'True' }),
      'InProgress',
    ],
  ])('%s', (_name, subject, expected) => {
    expect(judge(subject)).toBe(expected);
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

  it('the chart takes the values of its own README', () => {
    const readme = readFileSync(join(root, 'charts/teleport-operator/README.md'), 'utf8');
    const [, values = ''] = /^```yaml\n(.*?)^```/ms.exec(readme) ?? [];
    const objects = render(parse(values) as Values);
    expect(containerOf(objects).command).toContain('-deletion-brake=20');
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
