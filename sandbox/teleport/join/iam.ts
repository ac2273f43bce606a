// Join method `iam`: checks the signed STS request as Auth and AWS together do (joining.md 4.3): the form, the
// challenge, and the signature, which is computed anew from the secret of the AWS user.
import { createHash, createHmac } from 'node:crypto';
import { accessDenied, badParameter } from '../refusal.js';
import type { JoinMethod } from './method.js';

/** An AWS identity that the sandbox's AWS knows. */
export interface AwsUser {
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly account: string;
  readonly arn: string;
}

/** By access key id. */
export type AwsUsers = ReadonlyMap<string, AwsUser>;

const wantedBody = 'Action=GetCallerIdentity&Version=2011-06-15';
const stsHost = /^sts(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com(?:\.cn)?$/;
/** AWS's own limit, milliseconds. */
const skew = 15 * 60_000;

export function iamMethod(users: () => AwsUsers | undefined): JoinMethod {
  return {
    name: 'iam',
    renewable: false,
    verify: (state, token, _request, proof) => {
      if (proof?.form !== 'iam') throw accessDenied('this token is only valid for the IAM join method');
      const { user, arn } = caller(Buffer.from(proof.stsIdentityRequest).toString('utf8'), {
        challenge: proof.challenge,
        users: users() ?? new Map(),
        now: state.clock.now(),
      });
      const allowed = (token.Spec?.Allow ?? []).some(
        (rule) =>
          (rule.AWSAccount === '' || rule.AWSAccount === user.account) &&
          (rule.AWSARN === '' || glob(rule.AWSARN).test(arn)),
      );
      if (!allowed) throw accessDenied(`instance ${arn} did not match any allow rules in token`);
      return Promise.resolve({ iam: { account: user.account, arn } });
    },
  };
}

function caller(
  text: string,
  { challenge, users, now }: { challenge: string; users: AwsUsers; now: number },
): { user: AwsUser; arn: string } {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [requestLine = '', ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  if (requestLine !== 'POST / HTTP/1.1') throw badParameter('unexpected sts identity request method or path');
  if (!stsHost.test(headers.get('host') ?? '')) throw accessDenied(`unexpected host ${headers.get('host')}`);
  if (headers.get('x-teleport-challenge') !== challenge) throw accessDenied('the challenge does not match');
  if (body !== wantedBody) throw accessDenied('unexpected sts identity request body');
  if (headers.get('accept') !== 'application/json') throw accessDenied('STS would not answer JSON');
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/sts\/aws4_request, SignedHeaders=([^,]+), Signature=([\da-f]{64})$/.exec(
      headers.get('authorization') ?? '',
    );
  if (!parts) throw accessDenied('the request is not signed with AWS4-HMAC-SHA256');
  const [, keyId = '', day = '', region = '', signedHeaders = '', signature] = parts;
  const names = signedHeaders.split(';');
  for (const name of ['host', 'x-teleport-challenge', 'x-amz-date']) {
    if (!names.includes(name)) throw accessDenied(`${name} is not among the signed headers`);
  }
  const user = users.get(keyId);
  const refused = (why: string) => accessDenied(`aws sts api returned status: "403 Forbidden" body: ${why}`);
  if (!user) throw refused('InvalidClientTokenId');
  if ((user.sessionToken ?? undefined) !== headers.get('x-amz-security-token'))
    throw refused('InvalidClientTokenId');
  const date = headers.get('x-amz-date') ?? '';
  const time = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(now - time) <= skew)) throw refused('SignatureDoesNotMatch: Signature expired');
  const canonical = [
    'POST',
    '/',
    '',
    ...names.map((name) => `${name}:${headers.get(name) ?? ''}`),
    '',
    signedHeaders,
    sha256(body),
  ].join('\n');
  const scope = `${day}/${region}/sts/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const key = [day, region, 'sts', 'aws4_request'].reduce<Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    Buffer.from(`AWS4${user.secretAccessKey}`),
  );
  const expected = createHmac('sha256', key).update(toSign).digest('hex');
  if (expected !== signature) throw refused('SignatureDoesNotMatch');
  return { user, arn: user.arn };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** `*` and `?`, as in allow rules. */
function glob(pattern: string): RegExp {
  const text = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`);
}
