// Metrics of work that ends before the process does: what is read at a scrape is let go with the work, so that
// a term as leader leaves neither its figures nor its objects behind.
import type { Metrics } from './metrics.js';

/** The same metrics; what `collect` is given is read until the signal is aborted. */
export function metricsDuring(metrics: Metrics, signal: AbortSignal): Metrics {
  return {
    counter: (...made) => metrics.counter(...made),
    gauge: (...made) => metrics.gauge(...made),
    histogram: (...made) => metrics.histogram(...made),
    collect: (...made) => {
      const end = metrics.collect(...made);
      signal.addEventListener('abort', end, { once: true });
      return end;
    },
  };
}
