// The bot's settings out of the operator's.
import type { Settings } from '../cli/settings.js';
import type { StateStore } from '../teleport/join/method.js';
import type { BotSettings } from '../teleport/settings.js';

export function botSettings(settings: Settings, env: NodeJS.ProcessEnv, store?: StateStore): BotSettings {
  const kubernetesTokenPath = env['KUBERNETES_TOKEN_PATH'];
  return {
    authServer: settings.authServer,
    ...(settings.proxyServer ? { proxyServer: settings.proxyServer } : {}),
    joinMethod: settings.joinMethod,
    token: settings.token,
    caPins: settings.caPins,
    insecure: settings.insecure,
    certificateTtlMs: settings.certificateTtl,
    renewalIntervalMs: settings.renewalInterval,
    ...(kubernetesTokenPath ? { kubernetesTokenPath } : {}),
    methodSettings: {
      azureClientId: settings.azureClientId,
      gitlabIdTokenVariable: settings.gitlabIdTokenVariable,
      terraformCloudAudienceTag: settings.terraformCloudAudienceTag,
    },
    ...(store ? { store } : {}),
    env,
  };
}
