// Answers to reviews and token requests.
import { badRequest, notFound } from '../errors.js';
import { at, type JsonObject, objectOr, textOr, texts } from '../json.js';
import { pods, serviceAccounts } from '../kinds/core.js';
import { subject } from '../kinds/resource-type.js';
import { timestamp } from '../object.js';
import type { Store } from '../store.js';
import type { Authenticator, User } from './authenticate.js';
import type { Attributes, Rbac } from './rbac.js';
import { issuer, type TokenSigner } from './tokens.js';

export interface QuestionContext {
  readonly store: Store;
  readonly signer: TokenSigner;
  readonly authenticator: Authenticator;
  readonly rbac: Rbac;
  readonly now: () => number;
}

/** Answers a review by its kind. */
export function answerReview(
  kind: string,
  body: JsonObject,
  user: User,
  context: QuestionContext,
): JsonObject {
  const spec = objectOr(body.spec);
  const answer = (status: JsonObject): JsonObject => ({ ...body, metadata: objectOr(body.metadata), status });
  switch (kind) {
    case 'TokenReview':
      return answer(reviewToken(spec, context));
    case 'SelfSubjectReview':
      return answer({ userInfo: describe(user) });
    case 'SelfSubjectAccessReview':
      return answer({ allowed: context.rbac.allows(user, attributes(spec)) });
    default: {
      const other: User = { name: textOr(spec.user), groups: texts(spec.groups) };
      return answer({ allowed: context.rbac.allows(other, attributes(spec)) });
    }
  }
}

function attributes(spec: JsonObject): Attributes {
  const resource = objectOr(spec.resourceAttributes);
  const path = at(spec, 'nonResourceAttributes', 'path');
  const rest = path === undefined ? {} : { path: textOr(path) };
  return {
    verb: textOr(resource.verb) || textOr(at(spec, 'nonResourceAttributes', 'verb')),
    group: textOr(resource.group),
    resource: textOr(resource.resource),
    subresource: textOr(resource.subresource) || undefined,
    namespace: textOr(resource.namespace) || undefined,
    name: textOr(resource.name) || undefined,
    ...rest,
  };
}

function reviewToken(spec: JsonObject, { authenticator }: QuestionContext): JsonObject {
  const asked = texts(spec.audiences);
  const found = authenticator.ofToken(textOr(spec.token), asked.length > 0 ? asked : [issuer]);
  if (!found) return { user: {}, error: 'invalid bearer token' };
  return { authenticated: true, user: describe(found.user), audiences: found.audiences };
}

function describe(user: User): JsonObject {
  return {
    username: user.name,
    ...(user.uid && { uid: user.uid }),
    groups: [...user.groups],
    ...(user.extra && { extra: user.extra }),
  };
}

/** Issues a token for a service account: the `token` subresource. */
export function requestToken(
  namespace: string,
  name: string,
  body: JsonObject,
  context: QuestionContext,
): JsonObject {
  const account = context.store.get(serviceAccounts, namespace, name)?.object;
  if (!account) throw notFound(subject(serviceAccounts, name));
  const spec = objectOr(body.spec);
  const seconds = typeof spec.expirationSeconds === 'number' ? spec.expirationSeconds : 3600;
  if (seconds < 600)
    throw badRequest('spec.expirationSeconds: may not specify a duration less than 10 minutes');
  const audiences = texts(spec.audiences).length > 0 ? texts(spec.audiences) : [issuer];
  const bound = objectOr(spec.boundObjectRef);
  const pod =
    bound.kind === 'Pod' ? context.store.get(pods, namespace, textOr(bound.name))?.object : undefined;
  if (bound.kind === 'Pod' && !pod) throw notFound(subject(pods, textOr(bound.name)));
  const { token, expires } = context.signer.issue(
    {
      namespace,
      serviceAccount: { name, uid: account.metadata.uid },
      pod: pod && { name: pod.metadata.name, uid: pod.metadata.uid },
      audiences,
      expiration: seconds,
    },
    context.now(),
  );
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, uid: account.metadata.uid, creationTimestamp: timestamp(context.now()) },
    spec: { ...spec, audiences, expirationSeconds: seconds },
    status: { token, expirationTimestamp: timestamp(expires) },
  };
}
