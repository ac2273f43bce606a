// An informer of roles in one namespace, in virtual time over a Kubernetes in memory, for the tests of src/kube/informer.ts. It ends
// with the test, and leaves no timer and no watch.
import { strictEqual } from 'node:assert';
import { onTestFinished } from 'vitest';
import type { LogFields, Logger } from '../../src/core/log.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { Informer, type InformerState } from '../../src/kube/informer.js';
import type { KubeObject } from '../../src/kube/object.js';
import { MemoryClient } from './memory-kube-client.js';

export const roles = { group: 'resources.teleport.dev', version: 'v1', plural: 'teleportrolesv7' };

/** A role in the informer's namespace, if not said otherwise. */
export const make = (name: string, spec: Record<string, unknown> = {}, namespace = 'ns'): KubeObject => ({
  apiVersion: 'resources.teleport.dev/v1',
  kind: 'TeleportRoleV7',
  metadata: { name, namespace },
  spec,
});

/** @param refused a key that the handler throws for */
export function informed({ refused = '' } = {}) {
  const clock = new VirtualClock();
  const client = new MemoryClient();
  const stop = new AbortController();
  /** What the handler was told: `new ns/a`. */
  const seen: string[] = [];
  const states: InformerState[] = [];
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const recorder = (): Logger => {
    const at =
      (level: string) =>
      (message: string, fields: LogFields = {}): void =>
        void lines.push({ level, message, fields });
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), with: recorder };
  };
  const informer = new Informer({
    client,
    resource: roles,
    namespace: 'ns',
    clock,
    log: recorder(),
    random: () => 0.5,
    onChange: (key, change) => {
      if (key === refused) throw new Error('handler');
      const what = change.old ? (change.new ? 'changed' : 'gone') : 'new';
      seen.push(`${what} ${key}`);
    },
    onState: (state) => states.push(state),
  });
  let running: Promise<void> | undefined;
  onTestFinished(async () => {
    stop.abort();
    await running;
    strictEqual(clock.pending, 0);
    strictEqual(client.openWatches, 0);
  });
  const start = (): void => {
    running = informer.run(stop.signal);
  };
  return { clock, client, stop, seen, states, lines, informer, start };
}
