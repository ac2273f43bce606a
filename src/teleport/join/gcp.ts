// Join method `gcp`: an identity token of the machine's service account, from Google's metadata server.
import { TeleportError } from '../errors.js';
import { askEndpoint } from './endpoint.js';
import type { ProofMethod } from './method.js';

/** What Auth demands as audience (joining.md 4.5). */
const audience = 'teleport.cluster.local';

export const gcp: ProofMethod = {
  name: 'gcp',
  form: 'proof',
  repeatable: true,
  idToken: async (context) => {
    const host = context.env.GCE_METADATA_HOST || 'metadata.google.internal';
    const path = '/computeMetadata/v1/instance/service-accounts/default/identity';
    const base = `http://${host}${path}`;
    if (!URL.canParse(base)) {
      throw new TeleportError(
        'BadParameter',
        `join method gcp: GCE_METADATA_HOST "${host}" is no host or host:port; correct or unset it`,
      );
    }
    const url = new URL(base);
    url.search = new URLSearchParams({ audience, format: 'full', licenses: 'FALSE' }).toString();
    const token = await askEndpoint(
      {
        method: 'GET',
        url,
        headers: { 'Metadata-Flavor': 'Google' },
        subject: 'join method gcp: the metadata server',
        remedy:
          'run on Google Cloud with a service account (in GKE with Workload Identity), or set GCE_METADATA_HOST',
      },
      context,
    );
    return token.trim();
  },
};
