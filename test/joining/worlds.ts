// For each join method: what surrounds the operator (variables, endpoints, files), the join token's spec, and what the
// embedded Auth has to know to check the proof. Everything real but the place: keys, JWTs, signatures.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWTPayload } from 'jose';
import type { BotJoin } from '../../sandbox/teleport/bots.js';
import type { JoinWorld } from '../../sandbox/teleport/join/index.js';
import type { MethodSettings, StateStore } from '../../src/teleport/join/method.js';
import { createAuthority } from '../env/certificates.js';
import { attestedDocument } from './azure-documents.js';
import { type Endpoint, startEndpoint } from './endpoints.js';
import { Issuer } from './issuer.js';

export const clusterName = 'tele.test';

/** What one method needs. */
export interface World {
  readonly name: string;
  readonly join: BotJoin;
  readonly env: NodeJS.ProcessEnv;
  readonly settings?: MethodSettings;
  readonly store?: MemoryStore;
  /** The oldest server that has the method. */
  readonly since?: number;
}

export interface Worlds {
  readonly methods: readonly World[];
  /** What Auth believes. */
  readonly believed: JoinWorld;
  readonly endpoints: { readonly github: Endpoint; readonly azure: Endpoint };
  stop(): Promise<void>;
}

/** Keeps the state of bound_keypair, as the Secret does. */
export class MemoryStore implements StateStore {
  readonly place = 'the test store';
  values: Record<string, string> = {};

  load(): Promise<Readonly<Record<string, string>>> {
    return Promise.resolve(this.values);
  }

  save(values: Readonly<Record<string, string>>): Promise<void> {
    this.values = { ...this.values, ...values };
    return Promise.resolve();
  }
}

/** @param publicKey authorized_keys line of the key that the bound_keypair token names; the store holds the other half */
export async function createWorlds(bound: { publicKey: string; privateKey: string }): Promise<Worlds> {
  const issuer = await Issuer.create();
  const folder = mkdtempSync(join(tmpdir(), 'operator-joining-'));
  const tokenPath = join(folder, 'token');
  const kubernetesToken = await issuer.sign('https://kubernetes', clusterName, {
    sub: 'system:serviceaccount:ns:operator',
    'kubernetes.io': { pod: { name: 'operator-0' } },
  });
  writeFileSync(tokenPath, kubernetesToken);

  const google = await startEndpoint(async (url, request) => {
    if (request.headers['metadata-flavor'] !== 'Google') return { status: 403 };
    const body = await issuer.sign('https://accounts.google.com', url.searchParams.get('audience') ?? '', {
      sub: '1234',
      email: 'op@project.iam.gserviceaccount.com',
      google: { compute_engine: { project_id: 'project', zone: 'europe-west1-b' } },
    });
    return { body };
  });
  const github = await startEndpoint(async (url, request) => {
    if (request.headers.authorization !== 'Bearer runner') return { status: 401 };
    const value = await issuer.sign(
      'https://token.actions.githubusercontent.com',
      url.searchParams.get('audience') ?? '',
      { sub: 'repo:org/repo:ref:refs/heads/main', repository: 'org/repo' },
    );
    return { body: JSON.stringify({ value }) };
  });
  const devops = await startEndpoint(async (url, request) => {
    if (request.method !== 'POST' || url.searchParams.get('api-version') !== '7.1') return { status: 400 };
    if (request.headers.authorization !== 'Bearer agent') return { status: 401 };
    const oidcToken = await issuer.sign(
      'https://vstoken.dev.azure.com/org-id',
      'api://AzureADTokenExchange',
      {
        sub: 'p://org/project/pipeline',
      },
    );
    return { body: JSON.stringify({ oidcToken }) };
  });
  const documents = await createAuthority('azure-documents');
  const signer = await documents.server(['metadata.azure.com']);
  const azure = await startEndpoint(async (url, request) => {
    if (request.headers['metadata'] !== 'True') return { status: 400 };
    if (url.pathname === '/metadata/versions')
      return { body: JSON.stringify({ apiVersions: ['2017-04-02', '2021-02-01'] }) };
    if (url.pathname === '/metadata/attested/document') {
      const nonce = url.searchParams.get('nonce');
      return { body: attestedDocument({ nonce, subscriptionId: 'sub-1', vmId: 'vm-1' }, signer) };
    }
    if (url.pathname === '/metadata/identity/oauth2/token') {
      if (url.searchParams.get('client_id') !== 'client-7') return { status: 400 };
      const identity = '/subscriptions/sub-1/resourcegroups/Group/providers/x/userAssignedIdentities/op';
      const access_token = await issuer.sign(
        'https://sts.windows.net/tenant-1/',
        url.searchParams.get('resource') ?? '',
        { tid: 'tenant-1', xms_mirid: identity },
      );
      return { body: JSON.stringify({ access_token }) };
    }
    return { status: 404 };
  });

  const jwt = (iss: string, aud: string, claims: JWTPayload) => issuer.sign(iss, aud, claims);
  const store = new MemoryStore();
  store.values = { 'private-key': bound.privateKey };
  const jwksOf = (...urls: string[]) => new Map(urls.map((url) => [url, issuer.jwks] as const));
  const methods: World[] = [
    { name: 'token', join: { method: 'token' }, env: {} },
    {
      name: 'kubernetes',
      join: issuer.podJoin(),
      env: { KUBERNETES_TOKEN_PATH: tokenPath },
    },
    {
      name: 'gcp',
      join: { method: 'gcp', spec: { GCP: { Allow: [{ ProjectIDs: ['project'] }] } } },
      env: { GCE_METADATA_HOST: google.host },
    },
    {
      name: 'github',
      join: { method: 'github', spec: { GitHub: { Allow: [{ Repository: 'org/repo' }] } } },
      env: {
        ACTIONS_ID_TOKEN_REQUEST_URL: `${github.url}/token?api=1`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner',
      },
    },
    {
      name: 'gitlab',
      join: { method: 'gitlab', spec: { GitLab: { Allow: [{ ProjectPath: 'group/project' }] } } },
      env: { MY_TOKEN: await jwt('https://gitlab.com', clusterName, { project_path: 'group/project' }) },
      settings: { gitlabIdTokenVariable: 'MY_TOKEN' },
    },
    {
      name: 'circleci',
      join: {
        method: 'circleci',
        spec: { CircleCI: { OrganizationID: 'org-1', Allow: [{ ProjectID: 'p-1' }] } },
      },
      env: {
        CIRCLE_OIDC_TOKEN: await jwt('https://oidc.circleci.com/org/org-1', 'org-1', {
          'oidc.circleci.com/project-id': 'p-1',
        }),
      },
    },
    {
      name: 'spacelift',
      join: {
        method: 'spacelift',
        spec: { Spacelift: { Hostname: 'org.app.spacelift.io', Allow: [{ SpaceID: 'root' }] } },
      },
      env: {
        SPACELIFT_OIDC_TOKEN: await jwt('https://org.app.spacelift.io', 'org.app.spacelift.io', {
          spaceId: 'root',
        }),
      },
    },
    {
      name: 'terraform_cloud',
      join: {
        method: 'terraform_cloud',
        spec: { TerraformCloud: { Allow: [{ OrganizationName: 'org', WorkspaceName: 'ws' }] } },
      },
      env: {
        TFC_WORKLOAD_IDENTITY_TOKEN_OPERATOR: await jwt('https://app.terraform.io', clusterName, {
          terraform_organization_name: 'org',
          terraform_workspace_name: 'ws',
        }),
      },
      settings: { terraformCloudAudienceTag: 'operator' },
    },
    {
      name: 'bitbucket',
      join: {
        method: 'bitbucket',
        spec: {
          Bitbucket: {
            Audience: 'ari:cloud:bitbucket::workspace/1',
            IdentityProviderURL: 'https://api.bitbucket.org/oidc',
            Allow: [{ WorkspaceUUID: '{w}' }],
          },
        },
      },
      env: {
        BITBUCKET_STEP_OIDC_TOKEN: await jwt(
          'https://api.bitbucket.org/oidc',
          'ari:cloud:bitbucket::workspace/1',
          { workspaceUuid: '{w}' },
        ),
      },
    },
    {
      name: 'azure_devops',
      join: {
        method: 'azure_devops',
        spec: { AzureDevops: { OrganizationID: 'org-id', Allow: [{ ProjectName: 'project' }] } },
      },
      env: { SYSTEM_OIDCREQUESTURI: `${devops.url}/oidc?x=1`, SYSTEM_ACCESSTOKEN: 'agent' },
    },
    {
      name: 'azure',
      join: {
        method: 'azure',
        spec: { Azure: { Allow: [{ Subscription: 'sub-1', ResourceGroups: ['group'] }] } },
      },
      env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: azure.url },
      settings: { azureClientId: 'client-7' },
    },
    {
      name: 'iam',
      join: {
        method: 'iam',
        spec: {
          Allow: [{ AWSAccount: '111111111111', AWSARN: 'arn:aws:sts::111111111111:assumed-role/op/*' }],
        },
      },
      env: { AWS_REGION: 'eu-central-1' },
    },
    {
      name: 'bound_keypair',
      join: {
        method: 'bound_keypair',
        spec: {
          BoundKeypair: {
            Onboarding: { InitialPublicKey: bound.publicKey },
            Recovery: { Limit: 100, Mode: 'standard' },
          },
        },
      },
      env: {},
      store,
      since: 18,
    },
  ];
  return {
    methods,
    endpoints: { github, azure },
    believed: {
      issuers: jwksOf(
        'https://accounts.google.com',
        'https://token.actions.githubusercontent.com',
        'https://gitlab.com',
        'https://oidc.circleci.com/org/org-1',
        'https://org.app.spacelift.io',
        'https://app.terraform.io',
        'https://api.bitbucket.org/oidc',
        'https://vstoken.dev.azure.com/org-id',
      ),
      awsUsers: new Map([
        [
          'AKIDTEST',
          {
            secretAccessKey: 'a secret of the test',
            sessionToken: 'session',
            account: '111111111111',
            arn: 'arn:aws:sts::111111111111:assumed-role/op/i-1',
          },
        ],
      ]),
      azure: { documentCa: documents.cert, tokenKeys: issuer.jwks },
    },
    stop: async () => {
      await Promise.all([google, github, devops, azure].map((endpoint) => endpoint.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The AWS libraries read the process's own environment. */
export const awsEnvironment = {
  AWS_ACCESS_KEY_ID: 'AKIDTEST',
  AWS_SECRET_ACCESS_KEY: 'a secret of the test',
  AWS_SESSION_TOKEN: 'session',
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;
