// Texts as a real Teleport 18 sent them.
import { describe, expect, it } from 'vitest';
import { TeleportError } from '../errors.js';
import { explainJoin } from './explain.js';

const refuse = (message: string, kind: TeleportError['kind'] = 'AccessDenied') =>
  explainJoin(
    new TeleportError(kind, message, { method: '/proto.JoinService/RegisterUsingToken' }),
    'kubernetes',
  ).message;

describe('explainJoin', () => {
  it.each([
    [
      '"" can not join the cluster with role "Bot", token expired or not found',
      /never existed, has expired, or/,
    ],
    ['node "" [] can not join the cluster, the token does not allow "Bot" role', /spec\.roles must hold Bot/],
    ['IDToken not provided for Kubernetes join request', /another join method than -join-method/],
    ['access denied', /spec\.bot_name does not exist/],
    ['lock targeting User:"bot-op" is in force: trial', /^the bot is locked/],
    [
      'lock targeting User:"bot-op" is in force: The bot user "bot-op" has been locked due to a certificate generation mismatch, possibly indicating a stolen certificate.',
      /^the bot is locked because two processes used the same identity/,
    ],
    [
      'reviewing kubernetes token with in_cluster\n\tfailed to initialize in-cluster Kubernetes config',
      /use type static_jwks/,
    ],
    [
      'validating jwt claims: go-jose/go-jose/jwt: validation failed, invalid audience claim (aud)',
      /wrong audience/,
    ],
    [
      'validating jwt claims: go-jose/go-jose/jwt: validation failed, token is expired (exp)',
      /too old or lives longer/,
    ],
    [
      'static_jwks joining requires the use of a service account token with a TTL of less than 30m0s',
      /too old or lives longer/,
    ],
    [
      'static_jwks joining requires the use of projected pod bound service account token',
      /not bound to a pod/,
    ],
    ['kubernetes token did not match any allow rules', /no allow rule/],
  ])('%s', (theirs, ours) => {
    expect(refuse(theirs)).toMatch(ours);
    expect(refuse(theirs)).toContain(`Teleport says: ${theirs.replace(/\s*\n\s*/g, ': ')}`);
  });

  it('leaves what it does not know, and what is no refusal, as it is', () => {
    expect(refuse('something else')).toBe('Teleport refuses the join. Teleport says: something else');
    expect(refuse('connection lost', 'Unavailable')).toBe('connection lost');
  });
});
