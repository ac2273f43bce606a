// What Teleport fills in when it stores a database (kinds.md E.10), except what it reads off the addresses of
// cloud databases: region, account and instance.
import type { DatabaseV3 } from '../gen/teleport/types/database_pb.js';

const schemes: Readonly<Record<string, string>> = { clickhouse: 'clickhouse', 'clickhouse-http': 'https' };

/** Adds the server's defaults: a scheme for ClickHouse, the place of Kerberos' settings. */
export function databaseDefaults({ Spec: spec }: DatabaseV3): void {
  if (!spec) return;
  const scheme = schemes[spec.Protocol];
  if (scheme !== undefined && spec.URI.split(':').length === 2 && !spec.URI.startsWith('https')) {
    spec.URI = `${scheme}://${spec.URI}`;
  }
  if (spec.AD && spec.AD.Domain !== '') spec.AD.Krb5File ||= '/etc/krb5.conf';
}
