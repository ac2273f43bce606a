// Contract: joining with the method token, at Auth: the certificates of a bot, and what is refused. Pods and the proxy are in
// joining-pods.ts and joining-proxy.ts.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, it } from 'vitest';
import { sshLine } from '../../../sandbox/teleport/ca/ssh.js';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { JoinService } from '../../../src/gen/teleport/client/joinservice_pb.js';
import { eventually } from '../../env/eventually.js';
import type { RunningTeleport } from '../../env/types.js';
import { join, joinedBot, newKeys } from './clients.js';
import { expectRefusal, unique } from './expectations.js';

/** What is said of a token that is unknown or used up. */
export const spent = '"" can not join the cluster with role "Bot", token expired or not found';

export function joiningContract(teleport: () => RunningTeleport): void {
  const newBot = () => teleport().addBot({ name: unique('op'), join: { method: 'token' } });

  it('gives a bot a renewable certificate that says who it is', async () => {
    const name = unique('op');
    const { certs, client } = await joinedBot(teleport(), name);
    const certificate = new X509Certificate(Buffer.from(certs.TLS));
    const subject = certificate.subject.split('\n');
    expect(subject).toContain(`CN=bot-${name}`);
    expect(subject).toContain(`O=bot-${name}`);
    expect(subject).toContain(`1.3.9999.1.7=${teleport().clusterName}`);
    expect(subject).toContain('1.3.9999.1.13=true');
    expect(subject).toContain('1.3.9999.1.14=1');
    expect(subject).toContain('1.3.9999.1.20=local');
    expect(subject).toContain(`1.3.9999.2.18=${name}`);
    expect(subject).toContain('POSTALCODE=null'.replace('POSTALCODE', 'postalCode'));
    expect(certificate.subject).toMatch(/1\.3\.9999\.2\.20=[0-9a-f-]{36}/);
    expect(certificate.subject).toMatch(/L=-teleport-internal-join \+ L=-teleport-nologin-/);
    const issuer = certificate.issuer.split('\n');
    expect(issuer).toContain(`O=${teleport().clusterName}`);
    expect(issuer).toContain(`CN=${teleport().clusterName}`);
    expect(certificate.issuer).toMatch(/serialNumber=\d+/);
    expect(certs.TLSCACerts).toHaveLength(2);
    expect(certs.SSHCACerts).toHaveLength(2);
    const signers = certs.TLSCACerts.filter((pem) =>
      certificate.verify(new X509Certificate(Buffer.from(pem)).publicKey),
    );
    expect(signers).toHaveLength(1);
    const hour = 3600_000;
    const left = Date.parse(certificate.validTo) - Date.now();
    expect(left).toBeGreaterThan(0.9 * hour);
    expect(left).toBeLessThanOrEqual(hour + 5_000);
    await client.unary(AuthService.method.ping, {});
    client.close();
  });

  it('takes a secret token once', async () => {
    const token = await newBot();
    await join(teleport(), newKeys(), { Token: token });
    await eventually(() =>
      expectRefusal(join(teleport(), newKeys(), { Token: token }), 'AccessDenied', spent),
    );
  });

  it('limits the life of certificates to the bot role and to what is asked', async () => {
    const asked = await join(teleport(), newKeys(), {
      Token: await newBot(),
      Expires: timestampFromMs(Date.now() + 100 * 3600_000),
    });
    const hours = (Date.parse(new X509Certificate(Buffer.from(asked.TLS)).validTo) - Date.now()) / 3600_000;
    expect(hours).toBeGreaterThan(11.9);
    expect(hours).toBeLessThan(12.1);
  });

  it('refuses unknown and empty tokens, and other roles', async () => {
    const refused = (init: Parameters<typeof join>[2]) => join(teleport(), newKeys(), init);
    await expectRefusal(refused({ Token: 'unknown' }), 'AccessDenied', spent);
    await expectRefusal(refused({ Token: '' }), 'BadParameter', 'missing parameter Token');
    await expectRefusal(refused({ Token: 'x', Role: 'bot' }), 'BadParameter', 'missing parameter HostID');
    const node = unique('token');
    await teleport().admin.unary(AuthService.method.upsertTokenV2, {
      Token: { case: 'V2', value: { Metadata: { Name: node }, Spec: { Roles: ['Node'] } } },
    });
    await expectRefusal(
      refused({ Token: node }),
      'BadParameter',
      'node "" [] can not join the cluster, the token does not allow "Bot" role',
    );
    const nobody = unique('token');
    await teleport().admin.unary(AuthService.method.upsertTokenV2, {
      Token: {
        case: 'V2',
        value: { Metadata: { Name: nobody }, Spec: { Roles: ['Bot'], BotName: 'nobody' } },
      },
    });
    await expectRefusal(refused({ Token: nobody }), 'AccessDenied', 'access denied');
  });

  it('refuses a key that is none, and keeps the token', async () => {
    const token = await newBot();
    const garbage = join(teleport(), newKeys(), { Token: token, PublicTLSKey: Buffer.from('garbage') });
    await expectRefusal(garbage, 'BadParameter', /^failed to decode public key PEM block/);
    await join(teleport(), newKeys(), { Token: token });
  });

  it('spends the token on an SSH key alone, for which there is no TLS certificate', async () => {
    const token = await newBot();
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const certs = await join(teleport(), newKeys(), {
      Token: token,
      PublicTLSKey: new Uint8Array(),
      PublicSSHKey: Buffer.from(sshLine(publicKey.export({ format: 'jwk' }))),
    });
    expect(certs.TLS).toHaveLength(0);
    expect(Buffer.from(certs.SSH).toString()).toMatch(/^ecdsa-sha2-nistp256-cert-v01@openssh\.com /);
    expect(certs.SSHCACerts).toHaveLength(2);
    await eventually(() =>
      expectRefusal(join(teleport(), newKeys(), { Token: token }), 'AccessDenied', spent),
    );
  });

  it('keeps the instance when a bot joins again on its own connection', async () => {
    const name = unique('op');
    const { client, certs } = await joinedBot(teleport(), name);
    const token = await teleport().addBot({ name, join: { method: 'token' } });
    const again = await client.unary(JoinService.method.registerUsingToken, {
      Role: 'Bot',
      Token: token,
      PublicTLSKey: newKeys().publicKey,
    });
    const subject = (bytes: Uint8Array) => new X509Certificate(Buffer.from(bytes)).subject;
    const instance = /1\.3\.9999\.2\.20=([0-9a-f-]{36})/;
    expect(instance.exec(subject(again.TLS))?.[1]).toBe(instance.exec(subject(certs.TLS))?.[1]);
    expect(subject(again.TLS)).toContain('1.3.9999.1.14=2');
    client.close();
  });
}
