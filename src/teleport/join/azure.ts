// Join method `azure`: the machine's attested document, made for Auth's challenge, and a token of its managed
// identity, both from Azure's instance metadata service.
import { JoinService } from '../../gen/teleport/client/joinservice_pb.js';
import { TeleportError } from '../errors.js';
import { converse } from './conversation.js';
import { askEndpoint, type EndpointCall, fieldOf } from './endpoint.js';
import type { ChallengeMethod, JoinContext } from './method.js';

const service = 'http://169.254.169.254';
/** The first version of the service that signs a nonce (joining.md 4.4). */
const oldestVersion = '2019-06-04';
const resource = 'https://management.azure.com/';

export const azure: ChallengeMethod = {
  name: 'azure',
  form: 'challenge',
  repeatable: true,
  register: (client, request, context) =>
    converse(
      client,
      JoinService.method.registerUsingAzureMethod,
      async ({ send, next }) => {
        const { challenge } = await next();
        const version = await latestVersion(context);
        const attestedData = await ask(context, '/metadata/attested/document', {
          'api-version': version,
          format: 'json',
          nonce: challenge,
        });
        const clientId = context.settings?.azureClientId;
        const path = '/metadata/identity/oauth2/token';
        const accessToken = await ask(
          context,
          path,
          { 'api-version': version, resource, ...(clientId ? { client_id: clientId } : {}) },
          clientId
            ? `give the machine the managed identity with the client id ${clientId} (-azure-client-id)`
            : 'give the machine a managed identity, and name it with -azure-client-id when it has several',
        );
        send({
          registerUsingTokenRequest: request,
          attestedData: Buffer.from(attestedData),
          accessToken: fieldOf(accessToken, 'access_token', callOf(context, path, {})),
        });
        const { certs } = await next();
        if (certs === undefined) throw new TeleportError('AccessDenied', 'Teleport sent no certificates');
        return certs;
      },
      context.signal,
    ),
};

async function latestVersion(context: JoinContext): Promise<string> {
  const path = '/metadata/versions';
  const body = await ask(context, path, { format: 'json' });
  let versions: unknown;
  try {
    versions = (JSON.parse(body) as { apiVersions?: unknown }).apiVersions;
  } catch {
    // Told below.
  }
  const latest: unknown = Array.isArray(versions) ? versions.at(-1) : undefined;
  if (typeof latest === 'string' && latest >= oldestVersion) return latest;
  throw new TeleportError(
    'BadParameter',
    `join method azure: the metadata service at ${serviceUrl(context)}${path} offers no version from ${oldestVersion} on`,
  );
}

function ask(
  context: JoinContext,
  path: string,
  query: Readonly<Record<string, string>>,
  remedy?: string,
): Promise<string> {
  return askEndpoint(callOf(context, path, query, remedy), context);
}

function callOf(
  context: JoinContext,
  path: string,
  query: Readonly<Record<string, string>>,
  remedy = 'run on an Azure virtual machine (in AKS with access to the metadata service)',
): EndpointCall {
  const url = new URL(path, serviceUrl(context));
  url.search = new URLSearchParams(query).toString();
  return {
    method: 'GET',
    url,
    headers: { Metadata: 'True' },
    subject: 'join method azure: the metadata service',
    remedy,
  };
}

/** The variable is that of Azure's own SDKs for hosts that have the service elsewhere. */
function serviceUrl({ env }: JoinContext): string {
  const named = env.AZURE_POD_IDENTITY_AUTHORITY_HOST;
  return named && URL.canParse(named) ? named : service;
}
