import { beforeAll, describe, expect, it } from 'vitest';
import { makeCa, type TestCa } from '../../test/builders/teleport-certificates.js';
import { SignatureAlgorithmSuite } from '../gen/teleport/types/cluster_config_pb.js';
import { encodedClusterName, makeIdentity, readCertificate, splitPem } from './identity.js';
import { generateKeys, type KeyPair } from './keys.js';

let user: TestCa;
let host: TestCa;
let keys: KeyPair;
beforeAll(async () => {
  [user, host, keys] = await Promise.all([
    makeCa('my.cluster'),
    makeCa('my.cluster'),
    generateKeys(SignatureAlgorithmSuite.BALANCED_V1),
  ]);
});
const issue = (subject: [string, string][], notAfter = Date.UTC(2030, 0, 1)) =>
  user.issue({ subject, publicKey: Buffer.from(keys.publicKey).toString(), notAfter });

describe('readCertificate', () => {
  it('reads what Teleport says of a bot', async () => {
    const pem = await issue([
      ['O', 'bot-op'],
      ['O', 'second'],
      ['CN', 'bot-op'],
      ['2.5.4.17', 'null'],
      ['1.3.9999.1.13', 'true'],
      ['1.3.9999.1.14', '7'],
      ['1.3.9999.2.18', 'op'],
      ['1.3.9999.2.20', 'b3c1'],
      ['1.3.9999.2.21', '{"meta":{"join_method":"token"}}'],
    ]);
    expect(readCertificate(pem)).toMatchObject({
      clusterName: 'my.cluster',
      user: 'bot-op',
      roles: ['bot-op', 'second'],
      notAfter: Date.UTC(2030, 0, 1),
      renewable: true,
      generation: 7,
      botName: 'op',
      botInstanceId: 'b3c1',
    });
  });

  it('is not fooled by names that look like attributes', async () => {
    const pem = await issue([
      ['O', 'harmless + O=admin\nO=root'],
      ['CN', 'bot-op'],
    ]);
    expect(readCertificate(pem)).toMatchObject({
      roles: ['harmless + O=admin\nO=root'],
      renewable: false,
      generation: 0,
    });
  });

  it('refuses what is no certificate', () => {
    expect(() => readCertificate('')).toThrow('cannot be read');
    expect(() => readCertificate('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toThrow(
      'cannot be read',
    );
  });

  it('refuses a certificate without a user', async () => {
    await expect(issue([['O', 'x']]).then(readCertificate)).rejects.toThrow('without a cluster or user name');
  });
});

describe('makeIdentity', () => {
  it('trusts host CAs only: a user CA in the list would be sent along and refused', async () => {
    const pem = await issue([['CN', 'bot-op']]);
    const identity = makeIdentity(pem, keys.privateKey, [user.pem, host.pem]);
    expect(identity.hostCas).toEqual(splitPem(host.pem));
  });

  it('takes bundles apart', async () => {
    const second = await makeCa('my.cluster');
    const pem = await issue([['CN', 'bot-op']]);
    expect(makeIdentity(pem, keys.privateKey, [host.pem + second.pem + user.pem]).hostCas).toHaveLength(2);
  });
});

it('encodes cluster names', () => {
  expect(encodedClusterName('a.b')).toBe('612e62.teleport.cluster.local');
});
