// Contract: GenerateUserCerts (renewal and role impersonation), the generation counter, and what a connection
// with a certificate must look like.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, it } from 'vitest';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { authorizedKey } from '../../../src/teleport/keys.js';
import { eventually } from '../../env/eventually.js';
import { chainsUntold } from '../../env/node.js';
import type { RunningTeleport } from '../../env/types.js';
import {
  type Client,
  generateCerts,
  hostCa,
  join,
  joinedBot,
  newKeys,
  overSocket,
  secureSocket,
  withCerts,
} from './clients.js';
import { expectRefusal, unique } from './expectations.js';

const asOperator = { UseRoleRequests: true, RoleRequests: ['operator'] };

export function certificatesContract(teleport: () => RunningTeleport): void {
  const bot = async () => {
    const name = unique('op');
    return { ...(await joinedBot(teleport(), name)), name, user: `bot-${name}` };
  };
  const subjectOf = (bytes: Uint8Array) => new X509Certificate(Buffer.from(bytes)).subject;

  it('lets a bot read its own role and no other', async () => {
    const { client, user } = await bot();
    const role = await client.unary(AuthService.method.getRole, { Name: user });
    expect(role.Spec?.Allow?.Impersonate?.Roles).toEqual(['operator']);
    const denied = 'access denied to perform action "read" on "role"';
    await expectRefusal(client.unary(AuthService.method.getRole, { Name: 'editor' }), 'AccessDenied', denied);
    await expectRefusal(
      client.unary(AuthService.method.getRole, { Name: 'nothing' }),
      'AccessDenied',
      denied,
    );
    client.close();
  });

  it('gives impersonated roles, with the user CA alone and no way to go on', async () => {
    const { client, user, name } = await bot();
    const keys = newKeys();
    const certs = await generateCerts(client, user, keys, {
      ...asOperator,
      RouteToCluster: teleport().clusterName,
    });
    const subject = subjectOf(certs.TLS);
    expect(subject).toContain(`CN=${user}`);
    expect(subject).toContain('O=operator');
    expect(subject).toContain(`1.3.9999.2.7=${user}`);
    expect(subject).toContain('1.3.9999.2.9=true');
    expect(subject).toContain(`1.3.9999.2.18=${name}`);
    expect(subject).not.toContain('1.3.9999.1.13=');
    expect(subject).not.toContain('1.3.9999.1.14=');
    expect(certs.SSH).toHaveLength(0);
    expect(certs.TLSCACerts).toHaveLength(1);
    const [userCa] = certs.TLSCACerts;
    const leaf = new X509Certificate(Buffer.from(certs.TLS));
    expect(leaf.verify(new X509Certificate(Buffer.from(userCa!)).publicKey)).toBe(true);

    const operator = await withCerts(teleport(), certs, keys);
    await expectRefusal(
      operator.unary(AuthService.method.getRole, { Name: 'nothing' }),
      'NotFound',
      'role nothing is not found',
    );
    await expectRefusal(
      generateCerts(operator, user, newKeys(), asOperator),
      'AccessDenied',
      'access denied: identity is not allowed to reissue certificates',
    );
    operator.close();
    client.close();
  });

  it('renews, with both authorities and a generation more', async () => {
    const { client, user, certs, keys } = await bot();
    const SSHPublicKey = Buffer.from(authorizedKey(generateKeyPairSync('ed25519').publicKey));
    const renewed = await generateCerts(client, user, keys, { SSHPublicKey });
    expect(Buffer.from(renewed.SSH).toString()).toContain('-cert-v01@openssh.com ');
    expect(renewed.TLSCACerts).toHaveLength(2);
    expect(subjectOf(renewed.TLS)).toContain('1.3.9999.1.14=2');
    expect(subjectOf(renewed.TLS)).toContain('1.3.9999.1.13=true');
    const instance = /1\.3\.9999\.2\.20=([0-9a-f-]{36})/;
    expect(instance.exec(subjectOf(renewed.TLS))?.[1]).toBe(instance.exec(subjectOf(certs.TLS))?.[1]);
    client.close();
  });

  it('locks a bot whose certificate turns up a second time', async () => {
    const { client, user, keys, name } = await bot();
    await generateCerts(client, user, keys);
    await expectRefusal(
      generateCerts(client, user, keys),
      'AccessDenied',
      new RegExp(`^renewable cert generation mismatch for bot ${name}/[0-9a-f-]{36}: stored=2, presented=1$`),
    );
    await eventually(() =>
      expectRefusal(client.unary(AuthService.method.ping, {}), 'AccessDenied', 'access denied'),
    );
    const token = await teleport().addBot({ name, join: { method: 'token' } });
    await expectRefusal(
      join(teleport(), newKeys(), { Token: token }),
      'AccessDenied',
      `lock targeting User:"${user}" is in force: The bot user "${user}" has been locked due to a certificate ` +
        'generation mismatch, possibly indicating a stolen certificate.',
    );
    client.close();
  });

  it('limits the life of impersonated certificates to the role', async () => {
    const { client, user } = await bot();
    const Expires = timestampFromMs(Date.now() + 30 * 24 * 3600_000);
    const certs = await generateCerts(client, user, newKeys(), { ...asOperator, Expires });
    const hours = (Date.parse(new X509Certificate(Buffer.from(certs.TLS)).validTo) - Date.now()) / 3600_000;
    expect(hours).toBeGreaterThan(29.9);
    expect(hours).toBeLessThan(30.1);
    client.close();
  });

  it('refuses in its own words', async () => {
    const { client, user } = await bot();
    const refused = (request: Parameters<typeof generateCerts>[3], as = user) =>
      generateCerts(client, as, newKeys(), request);
    const roles = (...RoleRequests: string[]) => ({ UseRoleRequests: true, RoleRequests });
    await expectRefusal(
      refused(roles('editor')),
      'AccessDenied',
      `user "${user}" has requested role impersonation for ["editor"]`,
    );
    await expectRefusal(refused(roles('nothing')), 'NotFound', 'role nothing is not found');
    await expectRefusal(refused(roles()), 'BadParameter', 'at least one role request is required');
    const impersonation = 'access denied: impersonation is not allowed';
    await expectRefusal(refused(asOperator, 'somebody'), 'AccessDenied', impersonation);
    await expectRefusal(refused(asOperator, ''), 'AccessDenied', impersonation);
    await expectRefusal(
      refused({ ...asOperator, TLSPublicKey: new Uint8Array() }),
      'BadParameter',
      'must provide a public key',
    );
    await expectRefusal(
      client.unary(AuthService.method.generateUserCerts, {
        Username: user,
        TLSPublicKey: newKeys().publicKey,
        ...asOperator,
      }),
      'AccessDenied',
      'access denied: client credentials have expired, please relogin.',
    );
    await expectRefusal(
      refused({ ...asOperator, TLSPublicKey: Buffer.from('garbage') }),
      'BadParameter',
      /^failed to decode public key PEM block/,
    );
    client.close();
  });

  it('closes a connection whose client sends more than one certificate, after the handshake', async ({
    skip,
  }) => {
    if (chainsUntold !== undefined && teleport().kind === 'embedded') skip(chainsUntold);
    const { certs, keys, client } = await bot();
    const chain = [certs.TLS, ...certs.TLSCACerts].map((pem) => Buffer.from(pem).toString()).join('');
    const socket = await secureSocket(teleport().authAddress, {
      ca: await hostCa(teleport()),
      servername: 'teleport.cluster.local',
      ALPNProtocols: ['h2'],
      cert: chain,
      key: keys.key,
    });
    expect(socket.authorized).toBe(true);
    const unary = overSocket(socket, teleport().authAddress);
    await expect(unary(AuthService.method.ping, {})).rejects.toMatchObject({ name: 'TeleportError' });
    client.close();
  });

  it("takes any server name for itself, but no other cluster's from a client with a certificate", async () => {
    const { certs, keys, client } = await bot();
    const ping = async (servername: string) => {
      const cert = Buffer.from(certs.TLS).toString();
      const ca = await hostCa(teleport());
      const options = {
        ca,
        servername,
        ALPNProtocols: ['h2'],
        cert,
        key: keys.key,
        checkServerIdentity: () => undefined,
      };
      const socket = await secureSocket(teleport().authAddress, options);
      await overSocket(socket, teleport().authAddress)(AuthService.method.ping, {});
      socket.destroy();
    };
    const encoded = (cluster: string) => `${Buffer.from(cluster).toString('hex')}.teleport.cluster.local`;
    await ping(encoded(teleport().clusterName));
    await ping('auth.example.com');
    await expect(ping(encoded('elsewhere'))).rejects.toMatchObject({ name: 'TeleportError' });
    client.close();
  });

  it('refuses a certificate of another cluster, after the handshake', async () => {
    const { keys } = await bot();
    const foreign = await foreignCertificate();
    const socket = await secureSocket(teleport().authAddress, {
      ca: await hostCa(teleport()),
      servername: 'teleport.cluster.local',
      ALPNProtocols: ['h2'],
      cert: foreign.cert,
      key: foreign.key,
    });
    const unary = overSocket(socket, teleport().authAddress);
    await expect(unary(AuthService.method.ping, {})).rejects.toMatchObject({ name: 'TeleportError' });
    expect(keys.key).not.toBe(foreign.key);
  });
}

async function foreignCertificate(): Promise<{ cert: string; key: string }> {
  const { createAuthority } = await import('../../env/certificates.js');
  return (await createAuthority('elsewhere')).client('bot-op', ['operator']);
}

export type { Client };
