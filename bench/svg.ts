// A chart with logarithmic axes as SVG text: lines with dots and their names. Knows nothing of what it shows.

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

const size = { width: 640, height: 400, left: 70, right: 100, top: 40, bottom: 50 };
const colors = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e'];

/** @param series with positive values only */
export function drawChart(title: string, xTitle: string, series: readonly Series[]): string {
  const all = series.flatMap(({ points }) => points);
  const x = axis(
    all.map((point) => point.x),
    size.left,
    size.width - size.right,
  );
  const y = axis(
    all.map((point) => point.y),
    size.height - size.bottom,
    size.top,
  );
  const text = (at: { x: number; y: number; anchor?: string; size?: number; fill?: string }, words: string) =>
    `<text x="${at.x.toFixed(1)}" y="${at.y.toFixed(1)}" text-anchor="${at.anchor ?? 'middle'}" ` +
    `font-size="${at.size ?? 12}" fill="${at.fill ?? '#555'}">${escaped(words)}</text>`;
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#ddd"/>`;
  const parts = [
    text({ x: size.left, y: 22, anchor: 'start', size: 15, fill: '#222' }, title),
    text({ x: (size.left + size.width - size.right) / 2, y: size.height - 10 }, xTitle),
    ...x.ticks.flatMap((tick) => [
      line(x.at(tick), size.top, x.at(tick), size.height - size.bottom),
      text({ x: x.at(tick), y: size.height - size.bottom + 18 }, shown(tick)),
    ]),
    ...y.ticks.flatMap((tick) => [
      line(size.left, y.at(tick), size.width - size.right, y.at(tick)),
      text({ x: size.left - 8, y: y.at(tick) + 4, anchor: 'end' }, shown(tick)),
    ]),
    ...series.flatMap(({ name, points }, index) => {
      const color = colors[index % colors.length] ?? '#000';
      const last = points.at(-1);
      if (!last) return [];
      const path = points.map((point) => `${x.at(point.x).toFixed(1)},${y.at(point.y).toFixed(1)}`).join(' ');
      return [
        `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`,
        ...points.map(
          (point) =>
            `<circle cx="${x.at(point.x).toFixed(1)}" cy="${y.at(point.y).toFixed(1)}" r="3" fill="${color}"/>`,
        ),
        text({ x: x.at(last.x) + 10, y: y.at(last.y) + 4, anchor: 'start', fill: color }, name),
      ];
    }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif">`,
    `<rect width="${size.width}" height="${size.height}" fill="#fff"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

interface Axis {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** From the power of ten below the least value to the one above the greatest. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
    at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
  };
}

function shown(value: number): string {
  return value >= 1 ? value.toLocaleString('en-US') : String(Number(value.toPrecision(2)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
