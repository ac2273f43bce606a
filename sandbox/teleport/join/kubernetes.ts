// Join method `kubernetes`: a service account's token, checked with the join token's JWKS (static_jwks) or by
// a TokenReview that tests supply (in_cluster). Rules: joining.md 4.2.

import { ConnectError } from '@connectrpc/connect';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { accessDenied, badParameter, unknownError, wrapped } from '../refusal.js';
import type { JoinMethod } from './method.js';

/** What the API server answers to a TokenReview. */
export interface TokenReview {
  readonly authenticated: boolean;
  readonly error?: string;
  /** system:serviceaccount:<namespace>:<name> */
  readonly username: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Asks the API server of Auth's own cluster. */
export type ReviewToken = (token: string, audiences: readonly string[]) => Promise<TokenReview>;

const longestLife = 30 * 60;
const leeway = 10;
const prefix = 'system:serviceaccount:';

export function kubernetesMethod(review: () => ReviewToken | undefined): JoinMethod {
  return {
    name: 'kubernetes',
    renewable: false,
    verify: async (state, token, request) => {
      if (request.IDToken === '') throw badParameter('IDToken not provided for Kubernetes join request');
      const kubernetes = token.Spec?.Kubernetes;
      const type = kubernetes?.Type || 'in_cluster';
      const subject = await named(`reviewing kubernetes token with ${type}`, () =>
        type === 'static_jwks'
          ? staticJwks(
              kubernetes?.StaticJWKS?.JWKS ?? '',
              request.IDToken,
              state.clusterName,
              state.clock.now(),
            )
          : inCluster(review(), request.IDToken, state.clusterName),
      );
      const allowed = (kubernetes?.Allow ?? []).some((rule) => subject === prefix + rule.ServiceAccount);
      if (!allowed) throw accessDenied('kubernetes token did not match any allow rules');
      const [namespace = '', name = ''] = subject.slice(prefix.length).split(':');
      return { kubernetes: { service_account: { namespace, name }, subject } };
    },
  };
}

async function named(heading: string, run: () => Promise<string>): Promise<string> {
  try {
    return await run();
  } catch (error) {
    throw wrapped(heading, error instanceof ConnectError ? error : unknownError(String(error)));
  }
}

async function staticJwks(jwks: string, token: string, clusterName: string, now: number): Promise<string> {
  let keys: JSONWebKeySet;
  try {
    keys = JSON.parse(jwks) as JSONWebKeySet;
  } catch (error) {
    throw wrapped('parsing provided jwks', unknownError((error as Error).message));
  }
  let claims: JWTPayload & { 'kubernetes.io'?: { pod?: { name?: string } } };
  try {
    const options = { audience: clusterName, currentDate: new Date(now), clockTolerance: leeway };
    claims = (await jwtVerify(token, createLocalJWKSet(keys), options)).payload;
  } catch (error) {
    throw jwtRefusal(error);
  }
  const needs = 'static_jwks joining requires the use of a';
  if (!claims['kubernetes.io']?.pod?.name) {
    throw badParameter(
      `${needs} projected pod bound service account token`.replace('of a projected', 'of projected'),
    );
  }
  if (claims.exp === undefined) throw badParameter(`${needs} service account token with \`exp\``);
  if (claims.iat === undefined) throw badParameter(`${needs} service account token with \`iat\``);
  if (claims.exp - claims.iat > longestLife) {
    throw badParameter(`${needs} service account token with a TTL of less than 30m0s`);
  }
  return claims.sub ?? '';
}

function jwtRefusal(error: unknown): ConnectError {
  const claim = 'go-jose/go-jose/jwt: validation failed, ';
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') {
    return wrapped('validating jwt claims', unknownError(`${claim}invalid audience claim (aud)`));
  }
  if (error instanceof errors.JWTExpired) {
    return wrapped('validating jwt claims', unknownError(`${claim}token is expired (exp)`));
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return wrapped('validating jwt claims', unknownError(`${claim}token not valid yet (nbf)`));
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) {
    return wrapped('parsing jwt', unknownError('go-jose/go-jose: compact JWS format must have three parts'));
  }
  return wrapped(
    'validating jwt signature',
    unknownError('go-jose/go-jose: error in cryptographic primitive'),
  );
}

async function inCluster(
  review: ReviewToken | undefined,
  token: string,
  clusterName: string,
): Promise<string> {
  if (!review) {
    throw wrapped(
      'failed to initialize in-cluster Kubernetes config',
      unknownError(
        'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
      ),
    );
  }
  const result = await review(token, [clusterName]);
  if (!result.authenticated) {
    throw accessDenied(`kubernetes failed to validate token: ${result.error ?? ''}`);
  }
  if (!result.username.startsWith(prefix)) {
    throw badParameter(`token user is not a service account: ${result.username}`);
  }
  if (!result.groups.includes('system:serviceaccounts')) {
    throw badParameter(
      `token user '${result.username}' does not belong to the 'system:serviceaccounts' group`,
    );
  }
  if (!result.extra['authentication.kubernetes.io/pod-name']?.[0]) {
    throw badParameter('legacy SA tokens are not accepted as kubernetes version 1.22+ supports bound tokens');
  }
  return result.username;
}
