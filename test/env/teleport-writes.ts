// What a bot has written to Teleport, by Teleport's own word: a real one's audit log, the embedded one's record of
// calls. Tests that count writes read it.
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningEmbeddedTeleport } from './teleport-embedded.js';
import type { RunningTeleport } from './types.js';

/** Audit events of writes to resources: `role.created` is an update as well. */
const written = /^(role|user|join_token|lock|bot|github|oidc|saml)\.(created?|updated?|deleted?)$/;
const writing = /\/(Create|Update|Upsert|Delete)[A-Za-z0-9]*$/;

/** Writes of all bots so far, in order: names of audit events, or of RPCs that went well. */
export function botWrites(teleport: RunningTeleport): string[] {
  if (teleport.kind === 'teleport') {
    return auditLog(teleport)
      .filter(({ event, user = '' }) => written.test(event) && user.startsWith('bot-'))
      .map(({ event }) => event);
  }
  const { calls } = (teleport as RunningEmbeddedTeleport).server;
  return calls.records
    .filter(({ method, code, user }) => writing.test(method) && code === 0 && user.startsWith('bot-'))
    .map(({ method }) => method);
}

interface AuditEvent {
  readonly event: string;
  readonly user?: string;
}

/** The events that a real server has logged, out of its data folder; the server is known by its address. */
function auditLog(teleport: RunningTeleport): AuditEvent[] {
  const folder = readdirSync(tmpdir())
    .filter((name) => name.startsWith('operator-teleport-'))
    .map((name) => join(tmpdir(), name))
    .find((path) => configOf(path).includes(teleport.authAddress));
  if (folder === undefined) throw new Error(`no data folder of the Teleport at ${teleport.authAddress}`);
  const text = readFileSync(join(folder, 'data', 'log', 'events.log'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent);
}

function configOf(folder: string): string {
  try {
    return readFileSync(join(folder, 'teleport.yaml'), 'utf8');
  } catch {
    return '';
  }
}
