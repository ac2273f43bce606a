// What a user certificate says, and how it is written into and read from the subject (joining.md 5.1,
// observed.md 9).
import * as x509 from './x509.js';

export interface Identity {
  readonly user: string;
  readonly roles: readonly string[];
  readonly clusterName: string;
  readonly traits: Readonly<Record<string, readonly string[]>>;
  readonly loginIp?: string;
  readonly renewable?: boolean;
  /** 0 and absent are the same. */
  readonly generation?: number;
  /** Set on certificates that carry impersonated roles. */
  readonly impersonator?: string;
  readonly disallowReissue?: boolean;
  readonly botName?: string;
  readonly botInstanceId?: string;
  /** JSON. */
  readonly joinAttributes?: string;
  readonly principals?: readonly string[];
  readonly routeToCluster?: string;
}

const oid = {
  clusterName: '1.3.9999.1.7',
  loginIp: '1.3.9999.1.9',
  renewable: '1.3.9999.1.13',
  generation: '1.3.9999.1.14',
  keyPolicy: '1.3.9999.1.15',
  userType: '1.3.9999.1.20',
  impersonator: '1.3.9999.2.7',
  disallowReissue: '1.3.9999.2.9',
  botName: '1.3.9999.2.18',
  botInstanceId: '1.3.9999.2.20',
  joinAttributes: '1.3.9999.2.21',
} as const;

const organization = '2.5.4.10';
const locality = '2.5.4.7';
const street = '2.5.4.9';
const postalCode = '2.5.4.17';
const commonName = '2.5.4.3';

/** The certificate's subject; values of one attribute share an RDN, as Go writes them. */
export function subjectOf(identity: Identity): x509.JsonNameParams {
  const rdns: x509.JsonNameParams = [];
  const add = (type: string, ...values: string[]): void => {
    if (values.length > 0) rdns.push({ [type]: values.map((utf8String) => ({ utf8String })) });
  };
  const flag = (type: string, value: string | undefined): void => {
    if (value) add(type, value);
  };
  add(organization, ...identity.roles);
  add(locality, ...(identity.principals ?? []));
  flag(street, identity.routeToCluster);
  add(postalCode, Object.keys(identity.traits).length > 0 ? JSON.stringify(identity.traits) : 'null');
  add(commonName, identity.user);
  add(oid.clusterName, identity.clusterName);
  flag(oid.loginIp, identity.loginIp);
  flag(oid.renewable, identity.renewable ? 'true' : undefined);
  flag(oid.generation, identity.generation ? String(identity.generation) : undefined);
  add(oid.keyPolicy, 'none');
  add(oid.userType, 'local');
  flag(oid.impersonator, identity.impersonator);
  flag(oid.disallowReissue, identity.disallowReissue ? 'true' : undefined);
  flag(oid.botName, identity.botName);
  flag(oid.botInstanceId, identity.botInstanceId);
  flag(oid.joinAttributes, identity.joinAttributes);
  return rdns;
}

/** @param der a user certificate, DER */
export function identityOf(der: Uint8Array): Identity {
  const name = new x509.X509Certificate(new Uint8Array(der)).subjectName;
  const all = (type: string): string[] => name.getField(type);
  const one = (type: string): string => all(type)[0] ?? '';
  return {
    user: one(commonName),
    roles: all(organization),
    clusterName: one(oid.clusterName),
    traits: (JSON.parse(one(postalCode) || 'null') ?? {}) as Record<string, string[]>,
    loginIp: one(oid.loginIp),
    renewable: one(oid.renewable) === 'true',
    generation: Number(one(oid.generation) || '0'),
    impersonator: one(oid.impersonator),
    disallowReissue: one(oid.disallowReissue) === 'true',
    botName: one(oid.botName),
    botInstanceId: one(oid.botInstanceId),
    joinAttributes: one(oid.joinAttributes),
    principals: all(locality),
    routeToCluster: one(street),
  };
}
