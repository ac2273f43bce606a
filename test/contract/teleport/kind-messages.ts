// The smallest resource of each kind that is stored as it is sent, for cases of the contract.

export const node = (Name: string) => ({
  Kind: 'node',
  SubKind: 'openssh',
  Version: 'v2',
  Metadata: { Name, Namespace: 'default' },
  Spec: { Addr: '192.0.2.1:22', Hostname: 'host' },
});
export const app = (Name: string) => ({
  Kind: 'app',
  Version: 'v3',
  Metadata: { Name },
  Spec: { URI: 'http://localhost:80' },
});
export const database = (Name: string) => ({
  Version: 'v3',
  Metadata: { Name },
  Spec: { Protocol: 'postgres', URI: 'localhost:5432' },
});
export const provider = (Name: string) => ({
  Header: { Kind: 'saml_idp_service_provider', Version: 'v1', Metadata: { Name } },
  Spec: { EntityID: `https://${Name}`, ACSURL: `https://${Name}/acs` },
});
export const identity = (name: string) => ({
  kind: 'workload_identity',
  version: 'v1',
  metadata: { name },
  spec: { spiffe: { id: '/x' } },
});
export const updateConfig = () => ({
  kind: 'autoupdate_config',
  version: 'v1',
  metadata: { name: 'autoupdate-config' },
  spec: { tools: { mode: 'enabled' } },
});
export const updateVersion = () => ({
  kind: 'autoupdate_version',
  version: 'v1',
  metadata: { name: 'autoupdate-version' },
  spec: { tools: { targetVersion: '1.2.3' } },
});
export const monitoringRule = (name: string) => ({
  kind: 'access_monitoring_rule',
  version: 'v1',
  metadata: { name },
  spec: { subjects: ['access_request'], condition: 'true', notification: { name: 'x' } },
});
