// Join method `gitlab`: the ID token that a GitLab CI job asks for under `id_tokens`.
import { idTokenVariable } from './environment.js';
import type { ProofMethod } from './method.js';

export const defaultGitlabVariable = 'TBOT_GITLAB_JWT';

export const gitlab: ProofMethod = {
  name: 'gitlab',
  form: 'proof',
  repeatable: true,
  idToken: async (context) => {
    const name = context.settings?.gitlabIdTokenVariable || defaultGitlabVariable;
    const remedy =
      `give the job id_tokens: {${name}: {aud: <Teleport cluster name>}}, or name another variable with ` +
      '-gitlab-id-token-env-var';
    return idTokenVariable('gitlab', name, remedy, context);
  },
};
