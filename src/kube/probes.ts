// What the kubelet and Prometheus ask: /healthz, /readyz, /metrics. Answers have the form that Kubernetes'
// own programs use; the checks themselves are the callers'.
import type { Route } from './http-server.js';

/** One thing that must be so. Returns nothing if it is, else the reason in words without secrets. */
export interface Check {
  readonly name: string;
  check(): string | undefined | Promise<string | undefined>;
  /** What is worth knowing although it is no failure; shown with `?verbose`, and beside failures. */
  notes?(): readonly string[];
}

/** `/healthz` and `/readyz`: 200 `ok`, or 503 with each check and its reason; `?verbose` lists them always. */
export function probeRoutes(checks: {
  readonly healthz: readonly Check[];
  readonly readyz: readonly Check[];
}): Record<'/healthz' | '/readyz', Route> {
  return {
    '/healthz': probe('healthz', checks.healthz),
    '/readyz': probe('readyz', checks.readyz),
  };
}

/** `/metrics` from a registry's text. */
export function metricsRoute(
  render: () => Promise<{ readonly contentType: string; readonly body: string }>,
): Record<'/metrics', Route> {
  return { '/metrics': async () => ({ status: 200, ...(await render()) }) };
}

function probe(name: string, checks: readonly Check[]): Route {
  return async (query) => {
    const results = await Promise.all(checks.map(run));
    const failed = results.some((result) => result.reason !== undefined);
    if (!failed && !query.has('verbose')) return { status: 200, body: 'ok' };
    const lines = results.flatMap((result) => [
      result.reason === undefined ? `[+]${result.name} ok` : `[-]${result.name} failed: ${result.reason}`,
      ...result.notes.map((note) => `   ${note}`),
    ]);
    lines.push(`${name} check ${failed ? 'failed' : 'passed'}`, '');
    return { status: failed ? 503 : 200, body: lines.join('\n') };
  };
}

interface Result {
  readonly name: string;
  readonly reason: string | undefined;
  readonly notes: readonly string[];
}

async function run(check: Check): Promise<Result> {
  const { name } = check;
  try {
    return { name, reason: await check.check(), notes: check.notes?.() ?? [] };
  } catch (error) {
    return { name, reason: error instanceof Error ? error.message : String(error), notes: [] };
  }
}
