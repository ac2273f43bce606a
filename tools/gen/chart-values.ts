// Which value of the chart sets which flag; the other flags stand in `extraArgs` on purpose. docs/settings.md shows it, and a test
// of the chart holds it against what is rendered.
import type { settings } from '../../src/cli/settings.js';

export const chartValues: Partial<Record<keyof typeof settings, string>> = {
  authServer: 'teleportAddress',
  proxyServer: 'proxyServer',
  joinMethod: 'joinMethod',
  token: 'token',
  caPins: 'caPins',
  boundKeypairSecret: 'boundKeypairSecret',
  namespaces: 'namespaces',
  installCrds: 'operatorInstallsCRDs',
  syncPeriod: 'syncPeriod',
  drift: 'drift',
  dryRun: 'dryRun',
  deletionBrake: 'deletionBrake',
  deleteOnTeardown: 'deleteOnTeardown',
  operatorId: 'operatorId',
  nameUnmanagedUsers: 'nameUnmanagedUsers',
  startupTimeout: 'startupTimeout',
  logLevel: 'log.level',
};
