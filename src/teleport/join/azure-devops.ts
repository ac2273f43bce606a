// Join method `azure_devops`: an ID token of an Azure Pipelines job, fetched from the endpoint that the agent names.
import { askEndpoint, type EndpointCall, fieldOf } from './endpoint.js';
import { asUrl, variable } from './environment.js';
import type { ProofMethod } from './method.js';

const remedy =
  'give the step env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}; the agent sets SYSTEM_OIDCREQUESTURI';

export const azureDevops: ProofMethod = {
  name: 'azure_devops',
  form: 'proof',
  repeatable: true,
  idToken: async (context) => {
    const address = variable('azure_devops', 'SYSTEM_OIDCREQUESTURI', remedy, context);
    const bearer = variable('azure_devops', 'SYSTEM_ACCESSTOKEN', remedy, context);
    const url = asUrl('azure_devops', 'SYSTEM_OIDCREQUESTURI', address, remedy);
    url.searchParams.set('api-version', '7.1');
    const call: EndpointCall = {
      method: 'POST',
      url,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      subject: 'join method azure_devops: the token endpoint of Azure Pipelines',
      remedy,
    };
    return fieldOf(await askEndpoint(call, context), 'oidcToken', call);
  },
};
