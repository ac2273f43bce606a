// The audit log: what was done by whom, for tests to look at.
import type { Clock } from '../../../src/core/clock.js';

export interface AuditEntry {
  /** role.created, user.delete, bot.join … as Teleport names its events. */
  readonly event: string;
  readonly kind: string;
  readonly name: string;
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** So many entries are kept; a sandbox may run for days. */
const longest = 200_000;

export class Audit {
  readonly entries: AuditEntry[] = [];

  constructor(readonly clock: Clock) {}

  add(event: string, kind: string, name: string, by: string): void {
    if (this.entries.length >= longest) this.entries.splice(0, longest / 2);
    this.entries.push({ event, kind, name, by, at: this.clock.now() });
  }
}
