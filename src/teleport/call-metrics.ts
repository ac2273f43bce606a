// Calls to Teleport as a metric.
import type { Metrics } from '../core/metrics.js';
import type { CallReport } from './grpc-client.js';

/** @returns a listener that counts each call and its duration. */
export function callMetrics(metrics: Metrics): (report: CallReport) => void {
  const duration = metrics.histogram(
    'teleport_operator_teleport_call_duration_seconds',
    'How long calls to Teleport took, by service, method and result.',
    [0.005, 0.02, 0.1, 0.5, 2, 10, 30],
    ['service', 'method', 'code'],
  );
  return ({ service, method, code, durationMs }) =>
    duration.observe(durationMs / 1000, { service, method, code });
}
