import { expect, test } from 'vitest';
import { PromMetrics } from './metrics-prom.js';

test('renders what was counted', async () => {
  const metrics = new PromMetrics({ process: false });
  metrics.counter('calls_total', 'Calls.', ['code']).inc({ code: '200' });
  metrics.counter('calls_total', 'Calls.', ['code']).inc({ code: '200' }, 2);
  metrics.gauge('depth', 'Depth.').set(7);
  metrics.histogram('seconds', 'Time.', [1, 2], ['k']).observe(1.5, { k: 'a' });
  metrics.collect('age', 'Age.', ['q'], () => [[{ q: 'one' }, 1]]);
  metrics.collect('age', 'Age.', ['q'], () => [[{ q: 'two' }, 2]]);
  const { contentType, body } = await metrics.render();
  expect(contentType).toContain('text/plain');
  expect(body).toContain('calls_total{code="200"} 3');
  expect(body).toContain('depth 7');
  expect(body).toContain('seconds_bucket{le="2",k="a"} 1');
  expect(body).toContain('age{q="one"} 1');
  expect(body).toContain('age{q="two"} 2');
});

test('two instances share nothing', async () => {
  const first = new PromMetrics({ process: false });
  first.counter('n_total', 'N.').inc();
  const second = new PromMetrics({ process: false });
  second.counter('n_total', 'N.');
  expect((await second.render()).body).toContain('n_total 0');
});

test('process metrics are there', async () => {
  const { body } = await new PromMetrics().render();
  expect(Number(/^process_cpu_seconds_total (\S+)$/m.exec(body)?.[1])).toBeGreaterThan(0);
  expect(Number(/^process_resident_memory_bytes (\S+)$/m.exec(body)?.[1])).toBeGreaterThan(1e6);
});
