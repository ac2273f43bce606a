import { expect, test } from 'vitest';
import { PromMetrics } from './metrics-prom.js';
import { metricsDuring } from './metrics-term.js';

test('a term that has ended is not read any more, the next one is', async () => {
  const metrics = new PromMetrics({ process: false });
  const first = new AbortController();
  metricsDuring(metrics, first.signal).collect('depth', 'Depth.', ['q'], () => [[{ q: 'first' }, 1]]);
  expect((await metrics.render()).body).toContain('depth{q="first"} 1');
  first.abort();
  const second = new AbortController();
  metricsDuring(metrics, second.signal).collect('depth', 'Depth.', ['q'], () => [[{ q: 'second' }, 2]]);
  const { body } = await metrics.render();
  expect(body).not.toContain('first');
  expect(body).toContain('depth{q="second"} 2');
});
