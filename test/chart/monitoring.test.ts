// Alerts and dashboard parse as PromQL and ask only for metrics, labels and label values that a running operator shows at
// /metrics once each of them had something to count.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { kinds } from '../../src/kinds/index.js';
import { openScene, type Scene } from '../e2e/scene.js';
import { eventually } from '../env/eventually.js';
import { startEmbeddedKube } from '../env/kube-embedded.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { type RunningEmbeddedTeleport, startEmbeddedTeleport } from '../env/teleport-embedded.js';
import { chart, root } from './helm.js';
import { asked, filledIn, type Sample, samplesOf } from './promql.js';

interface Alerts {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly labels: { readonly severity: string };
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly query: string; readonly type: string }[] };
}

const read = (name: string) => readFileSync(`${chart}/monitoring/${name}`, 'utf8');
const alerts = (parse(read('alerts.yaml')) as Alerts).groups.flatMap(({ rules }) => rules);
const { panels, templating } = JSON.parse(read('dashboard.json')) as Dashboard;

interface Question {
  readonly title: string;
  readonly expr: string;
  /** Labels that the words beside the figure use. */
  readonly told: readonly string[];
}

const words = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, label = '']) => label);
const questions: Question[] = [
  ...alerts.map(({ alert, expr, annotations }) => ({
    title: alert,
    expr,
    told: words(Object.values(annotations).join(' '), /\$labels\.(\w+)/g),
  })),
  ...panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => ({
      title,
      expr: filledIn(expr),
      told: words(legendFormat, /\{\{(\w+)\}\}/g),
    })),
  ),
  ...templating.list
    .filter(({ type }) => type === 'query')
    .map(({ query }) => ({
      title: 'the list of namespaces',
      expr: /^label_values\((.*), namespace\)$/.exec(query)?.[1] ?? query,
      told: ['namespace'],
    })),
];

/** Labels that Prometheus adds to everything it scrapes from a Pod. */
const scraped = ['namespace', 'pod', 'job', 'instance', 'container'];

describe('alerts and dashboard', () => {
  let scene: Scene;
  let operator: RunningOperator;
  let samples: Sample[];
  beforeAll(async () => {
    const teleport = await startEmbeddedTeleport();
    scene = await openScene({ kube: await startEmbeddedKube(), teleport });
    operator = await startOperator(await scene.operator());
    await operator.untilReady();
    await traffic(scene, teleport);
    samples = samplesOf(await (await fetch(operator.metricsUrl)).text());
  }, 60_000);
  afterAll(async () => {
    await operator?.stop();
    await scene?.close();
  });

  it.each(questions)('$title parses: $expr', ({ expr }) => {
    expect(asked(expr).errors).toEqual([]);
  });

  it.each(questions)('$title asks for what there is: $expr', ({ expr, told }) => {
    const { selectors, grouping } = asked(expr);
    expect(selectors.length).toBeGreaterThan(0);
    for (const { name, matchers } of selectors) {
      const found = samples.filter((sample) => sample.name === name);
      expect(found, name).not.toEqual([]);
      const labels = new Set([...scraped, ...found.flatMap((sample) => Object.keys(sample.labels))]);
      expect([...labels]).toEqual(
        expect.arrayContaining([...grouping, ...matchers.map(({ label }) => label)]),
      );
      // a value that never comes would make of an alert one that never fires, or always
      for (const { label, op, value } of matchers)
        if (op === '=' || op === '!=')
          expect(new Set(found.map((sample) => sample.labels[label]))).toContain(value);
      // what is not grouped keeps its labels, what is grouped has those only
      const left = /\bby \(/.test(expr) ? new Set(grouping) : labels;
      expect([...left]).toEqual(expect.arrayContaining([...told]));
    }
  });

  it('sees that an expression doesn’t parse, and what one asks for', () => {
    expect(asked('sum by (a) (rate(b{c!="d"}[5m])').errors).not.toEqual([]);
    expect(asked('sum by (a) (rate(b{c!="d"}[5m]))')).toEqual({
      errors: [],
      selectors: [{ name: 'b', matchers: [{ label: 'c', op: '!=', value: 'd' }] }],
      grouping: ['a'],
    });
  });

  it('counts drift from 0 for every kind: the first one would be no increase otherwise', () => {
    const counted = samples.filter(
      ({ name, labels }) => name === 'teleport_operator_drift_total' && labels['action'] === 'unresolvable',
    );
    expect(counted.map(({ labels }) => labels['kind'] ?? '').toSorted()).toEqual(
      kinds.map(({ object }) => object.kind).toSorted(),
    );
  });

  const promtool = process.env['PROMTOOL'] ?? '';
  it.skipIf(promtool === '')(
    `fire on series that call for it, and on no others${promtool === '' ? ' (PROMTOOL is not set)' : ''}`,
    () => {
      const run = spawnSync(promtool, ['test', 'rules', 'test/chart/alerts.promtool.yaml'], {
        cwd: root,
        encoding: 'utf8',
      });
      expect(`${run.stdout}${run.stderr}`).toMatch(/^\s*SUCCESS\s*$/m);
      expect(run.status).toBe(0);
    },
  );

  it('every alert is among those that are tried on series, firing and quiet', () => {
    const { tests } = parse(read('../../../test/chart/alerts.promtool.yaml')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }[];
    };
    const tried = (fires: boolean) =>
      tests
        .flatMap(({ alert_rule_test: cases }) => cases)
        .filter(({ exp_alerts: expected }) => (expected !== undefined) === fires)
        .map(({ alertname }) => alertname);
    for (const { alert } of alerts) {
      expect(tried(true)).toContain(alert);
      expect(tried(false)).toContain(alert);
    }
  });

  it('names of alerts are told once, with severity, summary and what to do', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    for (const { labels, annotations } of alerts) {
      expect(labels.severity).toMatch(/^(critical|warning|info)$/);
      expect(annotations).toMatchObject({ summary: expect.any(String), description: expect.any(String) });
    }
  });

  it('panels do not lie on one another', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

/** Something to count for every metric: objects ready and not, drift of each sort, an outage. */
async function traffic(scene: Scene, teleport: RunningEmbeddedTeleport): Promise<void> {
  const kind = 'TeleportRoleV7';
  const logins = { allow: { logins: ['one'] } };
  await scene.create(kind, 'corrected', logins);
  await scene.create(kind, 'reported', logins, { annotations: { 'teleport.dev/drift': 'report' } });
  await scene.create('TeleportUser', 'waits', { roles: ['missing'] });
  await scene.until('TeleportUser', 'waits', { type: 'Ready', status: 'False' });
  for (const name of ['corrected', 'reported']) {
    await scene.untilReady(kind, name);
    const role = await scene.teleport.admin.unary(AuthService.method.getRole, { Name: name });
    if (role.Spec?.Allow) role.Spec.Allow.Logins = ['other'];
    await scene.teleport.admin.unary(AuthService.method.upsertRoleV2, { Role: role });
  }
  await scene.until(kind, 'reported', { type: 'Ready', status: 'False', reason: 'Drifted' });
  await eventually(async () => {
    const role = await scene.teleport.admin.unary(AuthService.method.getRole, { Name: 'corrected' });
    expect(role.Spec?.Allow?.Logins).toEqual(['one']);
  });
  const { faults } = teleport.server;
  faults.fail(Code.Unavailable, 'away', { method: 'CreateRole' });
  await scene.create(kind, 'late', logins);
  await scene.until(kind, 'late', { type: 'Ready', status: 'False', reason: 'TeleportUnavailable' });
  faults.clear();
  await scene.untilReady(kind, 'late');
}
