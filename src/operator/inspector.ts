// What Node offers in place of Go's pprof: the V8 inspector, which any DevTools client reads CPU profiles
// and heap snapshots from (https://nodejs.org/api/inspector.html).
import inspector from 'node:inspector';
import type { Logger } from '../core/log.js';

/**
 * Opens the inspector on a Go style address; nothing for an empty one or 0.
 * @throws Error that names the flag, where the address can't be read.
 */
export function startInspector(address: string, log: Logger): void {
  if (address === '' || address === '0') return;
  const match = /^(.*):(\d+)$/.exec(address);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) {
    throw new Error(
      `-pprof-bind-address: ${JSON.stringify(address)} is not host:port, such as 127.0.0.1:9229`,
    );
  }
  const host = (match[1] ?? '').replace(/^\[(.*)\]$/, '$1') || '127.0.0.1';
  inspector.open(port, host, false);
  log.info('Node inspector is open for profiling; this is not the pprof protocol of Go', {
    url: inspector.url(),
  });
}
