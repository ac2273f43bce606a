// Contract with servers before 18, on the embedded one, which behaves as they are known to: joining over HTTP at Auth, one
// key for both certificates, roles up to v7, kinds that came later. That 18 has the first two not is a case of doors.ts and
// certificates.ts.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AutoUpdateService } from '../../../src/gen/teleport/autoupdate/v1/autoupdate_service_pb.js';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { WorkloadIdentityResourceService } from '../../../src/gen/teleport/workloadidentity/v1/resource_service_pb.js';
import { isTeleportError } from '../../../src/teleport/errors.js';
import { authorizedKey } from '../../../src/teleport/keys.js';
import { openTeleportAdmin } from '../../env/teleport-admin.js';
import { type RunningEmbeddedTeleport, startEmbeddedTeleport } from '../../env/teleport-embedded.js';
import { Issuer } from '../../joining/issuer.js';
import { apiDomain, hostCa } from './clients.js';
import { older } from './coverage.js';

const used = new Set<string>();

describe.each(['15.5.4', '16.5.0', '17.7.0'])('an embedded Teleport %s', (serverVersion) => {
  let teleport: RunningEmbeddedTeleport;
  beforeAll(async () => {
    teleport = await startEmbeddedTeleport({ serverVersion });
  });
  afterAll(async () => {
    for (const { what } of teleport.server.calls.uses()) used.add(what);
    await teleport.stop();
  });

  it('joins over HTTP at Auth, and makes both certificates of one key', async () => {
    const issuer = await Issuer.create();
    const token = await teleport.addBot({
      name: 'op',
      join: issuer.podJoin(),
    });
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
    const ssh = authorizedKey(publicKey);
    const body = {
      token,
      role: 'Bot',
      id_token: await issuer.podToken(teleport.clusterName),
      public_tls_key: base64(publicKey.export({ type: 'spki', format: 'pem' })),
      public_ssh_key: base64(ssh),
      expires: new Date(Date.now() + 3600_000).toISOString(),
    };
    const reply = (await post(teleport, body)) as { tls: string };
    const cert = Buffer.from(reply.tls, 'base64').toString();
    expect(new X509Certificate(cert).subject).toContain('CN=bot-op');

    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const bot = openTeleportAdmin(teleport.authAddress, await hostCa(teleport), { cert, key });
    const certs = await bot.unary(AuthService.method.generateUserCerts, {
      Username: 'bot-op',
      Expires: timestampFromMs(Date.now() + 3600_000),
      UseRoleRequests: true,
      RoleRequests: ['operator'],
      PublicKey: Buffer.from(ssh),
    });
    bot.close();
    const output = new X509Certificate(Buffer.from(certs.TLS));
    expect(output.publicKey.equals(publicKey)).toBe(true);
    expect(certs.SSH.length).toBeGreaterThan(0);
  });

  it('stores a role of a version that it does not know as v7', async () => {
    const role = { Kind: 'role', Version: 'v8', Metadata: { Name: 'newer' }, Spec: {} };
    const stored = await teleport.admin.unary(AuthService.method.createRole, { Role: role });
    expect(stored.Version).toBe('v7');
  });

  it('knows workload identities and auto-updates from 17 on', async () => {
    const lacks = async (call: Promise<unknown>): Promise<boolean> =>
      call.then(
        () => false,
        (error: unknown) => isTeleportError(error, 'NotImplemented'),
      );
    const { listWorkloadIdentities } = WorkloadIdentityResourceService.method;
    const { getAutoUpdateConfig } = AutoUpdateService.method;
    const expected = serverVersion.startsWith('17.') ? [false, false] : [true, true];
    expect([
      await lacks(teleport.admin.unary(listWorkloadIdentities, {})),
      await lacks(teleport.admin.unary(getAutoUpdateConfig, {})),
    ]).toEqual(expected);
  });
});

it('has cases for what coverage.ts says of older servers', () => {
  expect(older.filter((what) => !used.has(what))).toEqual([]);
});

async function post(teleport: RunningEmbeddedTeleport, body: object): Promise<unknown> {
  const [host, port] = teleport.authAddress.split(':');
  const ca = await hostCa(teleport);
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const options = {
      host,
      port,
      ca,
      servername: apiDomain,
      method: 'POST',
      path: '/v2/tokens/register',
      headers,
    };
    const call = request(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(JSON.parse(text)));
    });
    call.on('error', reject);
    call.end(JSON.stringify(body));
  });
}
