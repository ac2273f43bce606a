// A table that changes in place on a terminal, and is printed line by line where there is none.
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import type { Row } from './rows.js';

const header: Row = {
  kind: 'OBJECT',
  name: 'NAME',
  ready: 'READY',
  reason: 'REASON',
  resource: 'IN TELEPORT',
};

export class Screen {
  readonly #out: Pick<WriteStream, 'write' | 'isTTY'>;
  #shown = new Map<string, string>();
  #lines = 0;

  constructor(out: Pick<WriteStream, 'write' | 'isTTY'>) {
    this.#out = out;
  }

  /** Shows the rows; without a terminal only those that changed. */
  show(rows: readonly Row[]): void {
    const text = new Map(rows.map((row) => [`${row.kind}/${row.name}`, line(row, rows)]));
    const changed = [...text].filter(([key, value]) => this.#shown.get(key) !== value);
    const gone = [...this.#shown.keys()].some((key) => !text.has(key));
    if (changed.length === 0 && !gone) return;
    if (this.#out.isTTY) {
      const up = this.#lines > 0 ? `\u001b[${this.#lines}A\u001b[J` : '';
      this.#out.write(`${up}${[line(header, rows), ...text.values()].join('\n')}\n`);
      this.#lines = text.size + 1;
    } else {
      for (const [, value] of changed) this.#out.write(`${value}\n`);
    }
    this.#shown = text;
  }
}

function line(row: Row, all: readonly Row[]): string {
  const width = (pick: (row: Row) => string): number =>
    Math.max(...[header, ...all].map((one) => pick(one).length));
  const cells = [
    row.kind.padEnd(width(({ kind }) => kind)),
    row.name.padEnd(width(({ name }) => name)),
    colour(row.ready, row.ready.padEnd(7)),
    row.reason.padEnd(18),
    row.resource,
  ];
  return cells.join('  ').trimEnd();
}

function colour(ready: string, text: string): string {
  if (ready === 'True') return styleText('green', text);
  return ready === 'False' ? styleText('red', text) : text;
}
