// Join method `bitbucket`: the ID token of a Bitbucket Pipelines step.
import { idTokenVariable } from './environment.js';
import type { ProofMethod } from './method.js';

export const bitbucket: ProofMethod = {
  name: 'bitbucket',
  form: 'proof',
  repeatable: true,
  idToken: async (context) =>
    idTokenVariable('bitbucket', 'BITBUCKET_STEP_OIDC_TOKEN', 'give the step oidc: true', context),
};
