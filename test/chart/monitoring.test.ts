// Alerts and dashboard ask only for metrics and labels that the operator shows: held against /metrics of a running one.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openScene, type Scene, unique } from '../e2e/scene.js';
import { startEmbeddedKube } from '../env/kube-embedded.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { startEmbeddedTeleport } from '../env/teleport-embedded.js';
import { chart } from './helm.js';

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
}

const read = (name: string) => readFileSync(`${chart}/monitoring/${name}`, 'utf8');
const alerts = (parse(read('alerts.yaml')) as Alerts).groups.flatMap(({ rules }) => rules);
const { panels } = JSON.parse(read('dashboard.json')) as Dashboard;
const questions: [string, string][] = [
  ...alerts.map(({ alert, expr }): [string, string] => [alert, expr]),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }): [string, string] => [title, expr])),
];

/** Labels that Prometheus adds to everything it scrapes from a Pod. */
const scraped = ['namespace', 'pod', 'job', 'instance', 'container'];

/** The metrics of an expression, each with the labels that it is asked for by. */
function asked(expr: string): { name: string; labels: string[] }[] {
  const grouping = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
  return [...expr.matchAll(/\b([a-z]+(?:_[a-z0-9]+)+)\b(?:\{([^}]*)\})?/g)]
    .filter(([, name = '']) => !['histogram_quantile'].includes(name) && !grouping.includes(name))
    .map(([, name = '', matchers = '']) => ({
      name,
      labels: [
        ...grouping,
        ...[...matchers.matchAll(/([a-z_]+)\s*(?:!=|=~|!~|=)/g)].map(([, label = '']) => label),
      ],
    }));
}

describe('alerts and dashboard', () => {
  let scene: Scene;
  let operator: RunningOperator;
  let metrics: string;
  beforeAll(async () => {
    scene = await openScene({
      kube: await startEmbeddedKube(),
      teleport: await startEmbeddedTeleport({ enterprise: true }),
    });
    operator = await startOperator(await scene.operator());
    await operator.untilReady();
    const name = unique('role');
    await scene.create('TeleportRoleV7', name, { allow: { logins: ['one'] } });
    await scene.untilReady('TeleportRoleV7', name);
    metrics = await (await fetch(operator.metricsUrl)).text();
  }, 60_000);
  afterAll(async () => {
    await operator?.stop();
    await scene?.close();
  });

  it.each(questions)('%s asks for what there is: %s', (_title, expr) => {
    const names = asked(expr);
    expect(names.length).toBeGreaterThan(0);
    for (const { name, labels } of names) {
      const family = metrics.includes(`# TYPE ${name} `) ? name : name.replace(/_(bucket|count|sum)$/, '');
      expect(metrics).toContain(`# TYPE ${family} `);
      const sample = metrics
        .split('\n')
        .find((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
      // one that counts nothing yet shows no labels
      if (sample === undefined) continue;
      for (const label of labels.filter((one) => !scraped.includes(one)))
        expect(sample).toContain(`${label}="`);
    }
  });

  it('balance their brackets', () => {
    for (const [, expr] of questions)
      for (const [open = '', close = ''] of ['()', '{}', '[]'])
        expect(expr.split(open).length).toBe(expr.split(close).length);
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
