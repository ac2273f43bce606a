// Join method `circleci`: the OpenID Connect token of a CircleCI job.
import { idTokenVariable } from './environment.js';
import type { ProofMethod } from './method.js';

export const circleci: ProofMethod = {
  name: 'circleci',
  form: 'proof',
  repeatable: true,
  idToken: async (context) =>
    idTokenVariable(
      'circleci',
      'CIRCLE_OIDC_TOKEN',
      'CircleCI sets it in jobs that use at least one context',
      context,
    ),
};
