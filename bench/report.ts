// The report: a JSON line for each scenario as it ends, a table at the end.
import { appendFileSync } from 'node:fs';
import type { Figures } from './figures.js';
import { total } from './scrape.js';

export class Report {
  readonly #lines: Figures[] = [];

  constructor(private readonly out: string) {}

  add(figures: Figures): void {
    this.#lines.push(figures);
    const line = `${JSON.stringify(figures)}\n`;
    process.stdout.write(line);
    if (this.out !== '') appendFileSync(this.out, line);
  }

  /** All lines for people. */
  table(): string {
    const rows = this.#lines.map((line) => [
      line.operator,
      line.scenario,
      String(line.n),
      shown(line.seconds, 1),
      shown(line.perSecond, 0),
      shown(line.p50Ms, 0),
      shown(line.p99Ms, 0),
      shown(line.cpuSeconds, 2),
      shown(line.serversCpuSeconds, 2),
      shown(line.loadCpuSeconds, 2),
      shown(line.peakMiB, 0),
      line.kube ? String(total(line.kube)) : '',
      line.teleport ? String(total(line.teleport)) : '',
      line.note ?? '',
    ]);
    return aligned([titles, ...rows]);
  }
}

const titles = [
  'operator',
  'scenario',
  'n',
  's',
  'objects/s',
  'p50 ms',
  'p99 ms',
  'CPU s',
  'of servers',
  'of load',
  'peak MiB',
  'kube calls',
  'teleport calls',
  '',
];

function shown(value: number | undefined, digits: number): string {
  return value === undefined ? '' : value.toFixed(digits);
}

/** Columns side by side: words left, numbers right. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (known, row) => row.map((cell, column) => Math.max(known[column] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return /^-?[\d.]+$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
