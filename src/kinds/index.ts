// The only list of kinds. Everything that is made per kind is made from it.
import { accessList } from './access-list.js';
import { accessMonitoringRule } from './access-monitoring-rule.js';
import { app } from './app.js';
import { autoupdateConfig } from './autoupdate-config.js';
import { autoupdateVersion } from './autoupdate-version.js';
import { bot } from './bot.js';
import { database } from './database.js';
import { githubConnector } from './github-connector.js';
import type { AnyKind } from './kind.js';
import { lock } from './lock.js';
import { loginRule } from './login-rule.js';
import { oidcConnector } from './oidc-connector.js';
import { oktaImportRule } from './okta-import-rule.js';
import { opensshEiceServer, opensshServer } from './openssh-server.js';
import { provisionToken } from './provision-token.js';
import { roleV5, roleV6, roleV7, roleV8 } from './role.js';
import { samlConnector } from './saml-connector.js';
import { samlIdpServiceProvider } from './saml-idp-service-provider.js';
import { trustedCluster } from './trusted-cluster.js';
import { user } from './user.js';
import { workloadIdentity } from './workload-identity.js';

export const kinds: readonly AnyKind[] = [
  user,
  roleV5,
  roleV6,
  roleV7,
  roleV8,
  provisionToken,
  githubConnector,
  oidcConnector,
  samlConnector,
  loginRule,
  oktaImportRule,
  accessList,
  bot,
  workloadIdentity,
  trustedCluster,
  opensshServer,
  opensshEiceServer,
  autoupdateConfig,
  autoupdateVersion,
  app,
  database,
  lock,
  accessMonitoringRule,
  samlIdpServiceProvider,
];
