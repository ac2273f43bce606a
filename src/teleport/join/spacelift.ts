// Join method `spacelift`: the identity token of a Spacelift run. Servers need an enterprise licence for it.
import { idTokenVariable } from './environment.js';
import type { ProofMethod } from './method.js';

export const spacelift: ProofMethod = {
  name: 'spacelift',
  form: 'proof',
  repeatable: true,
  idToken: async (context) =>
    idTokenVariable(
      'spacelift',
      'SPACELIFT_OIDC_TOKEN',
      'Spacelift sets it in runs of paid accounts',
      context,
    ),
};
