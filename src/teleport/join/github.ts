// Join method `github`: an ID token of a GitHub Actions job, fetched from the endpoint that the runner names.
import { askEndpoint, type EndpointCall, fieldOf } from './endpoint.js';
import { asUrl, variable } from './environment.js';
import type { ProofMethod } from './method.js';

const audience = 'teleport.cluster.local';
const remedy = 'give the job permissions: {id-token: write}';

export const github: ProofMethod = {
  name: 'github',
  form: 'proof',
  repeatable: true,
  idToken: async (context) => {
    const address = variable('github', 'ACTIONS_ID_TOKEN_REQUEST_URL', remedy, context);
    const bearer = variable('github', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', remedy, context);
    const url = asUrl('github', 'ACTIONS_ID_TOKEN_REQUEST_URL', address, remedy);
    url.searchParams.set('audience', audience);
    const call: EndpointCall = {
      method: 'GET',
      url,
      headers: { authorization: `Bearer ${bearer}`, accept: 'application/json; api-version=2.0' },
      subject: 'join method github: the token endpoint of GitHub',
      remedy,
    };
    return fieldOf(await askEndpoint(call, context), 'value', call);
  },
};
