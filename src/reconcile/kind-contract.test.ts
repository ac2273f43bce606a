// What a pass does with what is special about a kind: each property of the kind contract (kinds/kind.ts) on a kind that
// has it. Not what a kind's file says (kinds/), nor how a one-time token survives what fails half-way (arm.test.ts).
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { going, remembered, world } from '../../test/builders/reconciler-world.js';
import type { AccessList } from '../gen/teleport/accesslist/v1/accesslist_pb.js';
import { FeaturesSchema } from '../gen/teleport/client/authservice_pb.js';
import { accessList } from '../kinds/access-list.js';
import { autoupdateVersion } from '../kinds/autoupdate-version.js';
import { oidcConnector } from '../kinds/oidc-connector.js';
import { opensshServer } from '../kinds/openssh-server.js';
import { provisionToken } from '../kinds/provision-token.js';
import { roleV6, roleV7 } from '../kinds/role.js';
import { trustedCluster } from '../kinds/trusted-cluster.js';
import type { KubeObject } from '../kube/object.js';
import { annotations, finalizer } from './names.js';

describe('a role that changes kind', () => {
  it('becomes V7 where the V6 object was kept', async () => {
    const { pass, teleport } = world(roleV6);
    await pass(anObject());
    await pass(going({ metadata: { annotations: { [annotations.keep]: 'true' } } }));
    const next = world(roleV7);
    const kept = teleport.resources.get('engineer');
    if (kept) next.teleport.resources.set('engineer', kept);
    expect((await next.pass(anObject())).outcome).toMatchObject({ type: 'synced', wrote: 'updated' });
    expect(next.role()?.Version).toBe('v7');
  });
});

describe('a one-time token', () => {
  const token = (spec: Record<string, unknown>): KubeObject =>
    anObject({
      kind: 'TeleportProvisionToken',
      apiVersion: 'resources.teleport.dev/v2',
      spec: { join_method: 'token', roles: ['Bot'], bot_name: 'ci', ...spec },
    });

  it('is not made again for other labels or another description: its secret is spent', async () => {
    const { pass, teleport, clock } = world(provisionToken);
    const first = remembered(await pass(token({})));
    await clock.advance(60_000);
    teleport.resources.delete('engineer');
    const labels = { 'helm.sh/chart': 'tokens-2' };
    const metadata = { ...first.metadata, labels, annotations: { [annotations.description]: 'New' } };
    expect((await pass({ ...first, metadata })).outcome.type).toBe('consumed');
    expect(teleport.resources.size).toBe(0);
  });

  it('that is still there gets its other labels', async () => {
    const { pass, teleport } = world(provisionToken);
    const first = remembered(await pass(token({})));
    const metadata = { ...first.metadata, labels: { team: 'ci' } };
    expect((await pass({ ...first, metadata })).outcome).toMatchObject({ type: 'synced', wrote: 'updated' });
    expect(teleport.resources.get('engineer')).toMatchObject({ Metadata: { Labels: { team: 'ci' } } });
  });

  it('is not made again once Teleport has consumed it, until the spec changes', async () => {
    const { pass, teleport, clock } = world(provisionToken);
    const first = remembered(await pass(token({})));
    await clock.advance(60_000);
    teleport.resources.delete('engineer');
    const second = await pass(first);
    expect(second.outcome.type).toBe('consumed');
    expect(teleport.resources.size).toBe(0);
    await pass({ ...remembered(second), spec: { ...first.spec, bot_name: 'cd' } });
    expect(teleport.resources.size).toBe(1);
  });

  it('that is none (another join method) is made again', async () => {
    const { pass, teleport, clock } = world(provisionToken);
    const spec = { join_method: 'gcp', gcp: { allow: [{ project_ids: ['p'] }] } };
    const first = remembered(await pass(token(spec)));
    await clock.advance(60_000);
    teleport.resources.delete('engineer');
    await pass(first);
    expect(teleport.resources.size).toBe(1);
  });
});

describe('a kind that the licence does not allow', () => {
  const oss = create(FeaturesSchema, { entitlements: { OIDC: { enabled: false } } });
  const oidc = (metadata: Partial<KubeObject['metadata']> = {}): KubeObject =>
    anObject({ kind: 'TeleportOIDCConnector', apiVersion: 'resources.teleport.dev/v3', metadata });

  it('is not written, and says what it needs', async () => {
    const { pass, teleport, finalized } = world(oidcConnector, oss);
    const { outcome } = await pass(oidc());
    expect(outcome).toMatchObject({ type: 'failed', step: 'gate', reason: 'KindDisabled', next: 'backoff' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('needs Teleport Enterprise'));
    expect([teleport.calls, finalized]).toEqual([[], []]);
  });

  it('does not wait with the deletion of an object whose resource is kept', async () => {
    const { pass, released, teleport } = world(oidcConnector, oss);
    const kept = { [annotations.keep]: 'true' };
    const { outcome } = await pass(
      oidc({ deletionTimestamp: 'now', finalizers: [finalizer], annotations: kept }),
    );
    expect(outcome).toEqual({ type: 'gone', resource: 'kept' });
    expect([released, teleport.calls]).toEqual([['engineer'], []]);
  });

  it.each(['its CRD', 'its namespace'] as const)('lets its objects go when %s goes', async (ending) => {
    const { pass, released, teardown, teleport } = world(oidcConnector, oss);
    teardown.ending = ending;
    const { outcome } = await pass(oidc({ deletionTimestamp: 'now', finalizers: [finalizer] }));
    expect(outcome).toEqual({ type: 'gone', resource: 'left', ending });
    expect([released, teleport.calls]).toEqual([['engineer'], []]);
  });

  it('waits with its deletion', async () => {
    const { pass, released } = world(oidcConnector, oss);
    const { outcome } = await pass(oidc({ deletionTimestamp: 'now', finalizers: [finalizer] }));
    expect(outcome).toMatchObject({ type: 'failed', step: 'delete', reason: 'KindDisabled' });
    expect(released).toEqual([]);
  });

  it('works with the booleans of servers that know no entitlements', async () => {
    const { pass } = world(oidcConnector, create(FeaturesSchema, { OIDC: true }));
    expect((await pass({ ...oidc(), spec: {} })).outcome).toMatchObject({ type: 'synced' });
  });
});

describe('a singleton', () => {
  const version = (name: string, metadata: Partial<KubeObject['metadata']> = {}): KubeObject =>
    anObject({
      kind: 'TeleportAutoupdateVersionV1',
      name,
      spec: { tools: { target_version: '1.2.3' } },
      metadata,
    });

  it('is refused under another name, and the deletion of that object does not reach Teleport', async () => {
    const { pass, teleport, released } = world(autoupdateVersion);
    await pass(version('autoupdate-version'));
    expect((await pass(version('other'))).outcome).toMatchObject({ reason: 'NameNotAllowed' });
    const going = version('other', { deletionTimestamp: 'now', finalizers: [finalizer] });
    expect((await pass(going)).outcome).toEqual({ type: 'gone', resource: 'notOurs' });
    expect(teleport.resources.size).toBe(1);
    expect(released).toEqual(['other']);
  });
});

describe('a field that can not change', () => {
  it('is a status, not an endless retry', async () => {
    const { pass, teleport } = world(trustedCluster);
    const spec = { enabled: true, web_proxy_addr: 'root:443', tunnel_addr: 'root:443' };
    const first = remembered(await pass(anObject({ name: 'root', spec })));
    const { outcome } = await pass({ ...first, spec: { ...spec, web_proxy_addr: 'other:443' } });
    expect(outcome).toMatchObject({ reason: 'FieldImmutable', next: 'onChange' });
    expect(teleport.calls).toEqual(['get', 'create', 'get']);
  });
});

describe('a resource that Teleport takes and does not show', () => {
  it('is written once and reported', async () => {
    const { pass, teleport, clock } = world(opensshServer);
    // Hides the resource itself: it is not found however often it is looked for.
    const hide = (): void => teleport.resources.clear();
    const server = anObject({
      kind: 'TeleportOpenSSHServerV2',
      name: 'n1',
      spec: { addr: '1.2.3.4:22', hostname: 'a' },
    });
    const { create: run } = teleport.hooks;
    teleport.hooks.create = () => {
      run?.();
      hide();
    };
    const passing = pass(server);
    await clock.advance(5_000);
    const first = await passing;
    expect(first.outcome).toMatchObject({ type: 'failed', reason: 'NotReadable' });
    expect((await pass(remembered(first))).outcome).toMatchObject({ reason: 'NotReadable' });
    expect(teleport.calls.filter((call) => call === 'create')).toEqual(['create']);
  });
});

describe('a field that counts at creation only', () => {
  it('is not taken back to what the object once said', async () => {
    const { pass, teleport } = world(accessList);
    const dated = (title: string, date: string) => ({
      title,
      owners: [{ name: 'alice' }],
      audit: { recurrence: { frequency: '6months' }, next_audit_date: date },
      grants: { roles: ['access'] },
    });
    const first = await pass(anObject({ name: 'al', spec: dated('one', '2027-01-01T00:00:00Z') }));
    expect(first.outcome).toMatchObject({ wrote: 'created' });
    const reviewed = teleport.resources.get('al') as AccessList;
    if (reviewed.spec?.audit) reviewed.spec.audit.nextAuditDate = timestampFromMs(Date.UTC(2027, 6, 1));
    const { outcome } = await pass({
      ...remembered(first),
      spec: dated('two', '2026-01-01T00:00:00Z'),
    });
    expect(outcome).toMatchObject({ wrote: 'updated' });
    const { spec } = teleport.resources.get('al') as AccessList;
    expect(spec?.title).toBe('two');
    expect(spec?.audit?.nextAuditDate?.seconds).toBe(BigInt(Date.UTC(2027, 6, 1) / 1000));
  });
});
