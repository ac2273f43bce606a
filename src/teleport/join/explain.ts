// Why Teleport refused a join, in words that say what to look at. Teleport's own text is kept behind them, since
// it is what its audit log shows. A token's value is never part of the text: for method token it is a secret.
import { TeleportError } from '../errors.js';

interface Explanation {
  readonly when: RegExp;
  readonly words: string;
  /** Join methods that it is about; all when absent. */
  readonly method?: string;
}

/** First match counts; texts as seen in observed.md 12 and 13. */
const explanations: readonly Explanation[] = [
  {
    when: /token expired or not found/,
    words:
      'Teleport has no valid join token of that name: it never existed, has expired, or was a one-time token that is ' +
      'used up; compare -token and -join-method with `tctl tokens ls`',
  },
  {
    when: /does not allow "Bot" role/,
    words: 'the join token is not for bots; its spec.roles must hold Bot',
  },
  {
    when: /certificate generation mismatch/,
    words:
      'the bot is locked because two processes used the same identity, or a renewal got lost; make sure that only one ' +
      'does, then remove the lock (`tctl get locks`, `tctl rm lock/<id>`)',
  },
  {
    when: /lock targeting/,
    words: 'the bot is locked; see `tctl get locks`, and remove the lock when it is settled',
  },
  {
    when: /IDToken not provided/,
    words: 'the join token has another join method than -join-method says; compare its spec.join_method',
  },
  {
    when: /in-cluster Kubernetes config/,
    words:
      'the join token is of type in_cluster, but Auth does not run in Kubernetes; use type static_jwks with the ' +
      "cluster's JWKS",
  },
  {
    when: /audience claim|\(aud\)/,
    words: "the service account token has the wrong audience; it must be the Teleport cluster's name",
    method: 'kubernetes',
  },
  {
    when: /token is expired|\((?:exp|nbf|iat)\)|TTL of less than/,
    words:
      'the service account token is too old or lives longer than Teleport accepts (30 minutes for static_jwks)',
    method: 'kubernetes',
  },
  {
    when: /pod[- ]bound/,
    words: 'the service account token is not bound to a pod; mount a projected token',
    method: 'kubernetes',
  },
  {
    when: /cryptographic primitive|kid|JWKS|jwk/,
    words:
      "the service account token is not signed by a key of the join token's JWKS; copy the cluster's again " +
      '(`kubectl get --raw /openid/v1/jwks`)',
    method: 'kubernetes',
  },
  {
    when: /allow rule|did not match/i,
    words: 'no allow rule of the join token matches this service account; compare spec.kubernetes.allow',
    method: 'kubernetes',
  },
  {
    when: /audience claim|\(aud\)|audience/i,
    words:
      "the proof is for another audience than Teleport expects; see the method's part of docs/joining.md",
  },
  {
    when: /expired|\((?:exp|nbf|iat)\)/,
    words: 'the proof is too old, or the clocks of the two sides differ',
  },
  {
    when: /allow rule|did not match/i,
    words:
      "no allow rule of the join token matches this proof; compare the block of the token's spec that the method has",
  },
  {
    when: /BOUND_KEYPAIR_JOINING_EXPERIMENT|bound keypair joining (?:experiment )?is not enabled/i,
    words:
      'bound_keypair is an experiment that this Teleport has switched off; start Auth with ' +
      'TELEPORT_UNSTABLE_BOUND_KEYPAIR_JOINING_EXPERIMENT=1',
  },
  {
    when: /^access denied$/i,
    words:
      "Teleport knows the token but denies access; most often the bot named in the token's spec.bot_name does not exist " +
      '(`tctl bots ls`)',
  },
];

/** A refusal of a join, with words of ours; other errors come back as they are. */
export function explainJoin(error: TeleportError, method?: string): TeleportError {
  if (!['AccessDenied', 'BadParameter', 'NotFound', 'Unknown'].includes(error.kind)) return error;
  if (error.method === undefined) return error;
  const words = explanations.find(
    (one) =>
      (one.method === undefined || method === undefined || one.method === method) &&
      one.when.test(error.message),
  )?.words;
  const theirs = `Teleport says: ${error.message}`;
  return new TeleportError(
    error.kind,
    words === undefined ? `Teleport refuses the join. ${theirs}` : `${words}. ${theirs}`,
    {
      cause: error,
      method: error.method,
    },
  );
}
