// Draws how cost grows with the number of objects, from the bench's JSON lines, as one SVG for each measure:
//
//   node tools/run.mjs bench/chart.ts docs/performance/growth.jsonl docs/performance
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Figures } from './figures.js';
import { total } from './scrape.js';
import { drawChart, type Point } from './svg.js';

interface Measure {
  readonly file: string;
  readonly title: string;
  /** One line for each scenario. */
  readonly scenarios: readonly string[];
  value(figures: Figures): number | undefined;
}

const measures: readonly Measure[] = [
  {
    file: 'time.svg',
    title: 'Time for all objects, seconds',
    scenarios: ['create', 'update', 'delete', 'restart'],
    value: ({ seconds }) => seconds,
  },
  {
    file: 'memory.svg',
    title: 'Peak resident memory of the operator, MiB',
    scenarios: ['create', 'restart'],
    value: ({ peakMiB }) => peakMiB,
  },
  {
    file: 'calls.svg',
    title: 'Calls to Kubernetes and Teleport',
    scenarios: ['create', 'update', 'delete', 'restart'],
    value: ({ kube = {}, teleport = {} }) => total(kube) + total(teleport),
  },
  {
    file: 'cpu.svg',
    title: 'CPU time of the operator, seconds',
    scenarios: ['create', 'update', 'delete', 'restart'],
    value: ({ cpuSeconds }) => cpuSeconds,
  },
];

const [data = '', folder = ''] = process.argv.slice(2);
if (data === '' || folder === '') throw new Error('usage: chart.ts DATA.jsonl FOLDER');
const lines = readFileSync(data, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Figures);
mkdirSync(folder, { recursive: true });
for (const { file, title, scenarios, value } of measures) {
  const series = scenarios.map((name) => ({
    name,
    points: lines
      .filter(({ scenario }) => scenario === name)
      .flatMap((figures): Point[] => {
        const y = value(figures);
        return y === undefined || y <= 0 ? [] : [{ x: figures.n, y }];
      })
      .toSorted((one, other) => one.x - other.x),
  }));
  writeFileSync(join(folder, file), drawChart(title, 'objects', series));
}
