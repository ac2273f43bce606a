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

export class Audit {
  readonly entries: AuditEntry[] = [];

  constructor(readonly clock: Clock) {}

  add(event: string, kind: string, name: string, by: string): void {
    this.entries.push({ event, kind, name, by, at: this.clock.now() });
  }
}
