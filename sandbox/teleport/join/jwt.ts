// Join methods whose proof is a JWT of a known issuer: each is the issuer, the audience and the allow rules that its
// token names (joining.md 4.5). Signatures are checked with the issuer's JWKS, which tests supply.
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import type { ProvisionTokenSpecV2 } from '../../../src/gen/teleport/types/provision_token_pb.js';
import { accessDenied, badParameter, unknownError, wrapped } from '../refusal.js';
import type { JoinMethod } from './method.js';

/** Public keys by issuer URL: what `/.well-known/openid-configuration` would lead to. */
export type Issuers = ReadonlyMap<string, JSONWebKeySet>;

interface JwtMethod {
  readonly name: string;
  /** As Teleport's errors write the method. */
  readonly title: string;
  issuer(spec: ProvisionTokenSpecV2): string;
  audience(spec: ProvisionTokenSpecV2, clusterName: string): string;
  /** JWKS that the token itself brings, as JSON text. */
  keys?(spec: ProvisionTokenSpecV2): string;
  allows(spec: ProvisionTokenSpecV2, claims: JWTPayload): boolean;
}

/** Whether every field that a rule sets equals the claim; fields that are empty ask for nothing. */
function matches(claims: JWTPayload, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([claim, value]) => value === '' || claims[claim] === value);
}

const teleport = 'teleport.cluster.local';

const methods: readonly JwtMethod[] = [
  {
    name: 'gcp',
    title: 'GCP',
    issuer: () => 'https://accounts.google.com',
    audience: () => teleport,
    allows: ({ GCP }, claims) => {
      const google = (claims['google'] as { compute_engine?: Record<string, string> } | undefined)
        ?.compute_engine;
      const among = (list: readonly string[], value: unknown): boolean =>
        list.length === 0 || list.includes(String(value));
      return (GCP?.Allow ?? []).some(
        (rule) =>
          among(rule.ProjectIDs, google?.['project_id']) &&
          among(rule.Locations, google?.['zone']) &&
          among(rule.ServiceAccounts, claims['email']),
      );
    },
  },
  {
    name: 'github',
    title: 'GitHub',
    issuer: ({ GitHub }) =>
      GitHub?.EnterpriseServerHost
        ? `https://${GitHub.EnterpriseServerHost}/_services/token`
        : `https://token.actions.githubusercontent.com${GitHub?.EnterpriseSlug ? `/${GitHub.EnterpriseSlug}` : ''}`,
    audience: () => teleport,
    keys: ({ GitHub }) => GitHub?.StaticJWKS ?? '',
    allows: ({ GitHub }, claims) =>
      (GitHub?.Allow ?? []).some((rule) =>
        matches(claims, {
          sub: rule.Sub,
          repository: rule.Repository,
          repository_owner: rule.RepositoryOwner,
          workflow: rule.Workflow,
          environment: rule.Environment,
          actor: rule.Actor,
          ref: rule.Ref,
          ref_type: rule.RefType,
        }),
      ),
  },
  {
    name: 'gitlab',
    title: 'GitLab',
    issuer: ({ GitLab }) => `https://${GitLab?.Domain || 'gitlab.com'}`,
    audience: (_spec, clusterName) => clusterName,
    keys: ({ GitLab }) => GitLab?.StaticJWKS ?? '',
    allows: ({ GitLab }, claims) =>
      (GitLab?.Allow ?? []).some((rule) =>
        matches(claims, {
          sub: rule.Sub,
          ref: rule.Ref,
          namespace_path: rule.NamespacePath,
          project_path: rule.ProjectPath,
          pipeline_source: rule.PipelineSource,
          environment: rule.Environment,
        }),
      ),
  },
  {
    name: 'circleci',
    title: 'CircleCI',
    issuer: ({ CircleCI }) => `https://oidc.circleci.com/org/${CircleCI?.OrganizationID ?? ''}`,
    audience: ({ CircleCI }) => CircleCI?.OrganizationID ?? '',
    allows: ({ CircleCI }, claims) =>
      (CircleCI?.Allow ?? []).some((rule) => {
        const contexts = claims['oidc.circleci.com/context-ids'];
        return (
          matches(claims, { 'oidc.circleci.com/project-id': rule.ProjectID }) &&
          (rule.ContextID === '' || (Array.isArray(contexts) && contexts.includes(rule.ContextID)))
        );
      }),
  },
  {
    name: 'spacelift',
    title: 'Spacelift',
    issuer: ({ Spacelift }) => `https://${Spacelift?.Hostname ?? ''}`,
    audience: ({ Spacelift }) => Spacelift?.Hostname ?? '',
    allows: ({ Spacelift }, claims) =>
      (Spacelift?.Allow ?? []).some((rule) =>
        matches(claims, {
          spaceId: rule.SpaceID,
          callerId: rule.CallerID,
          callerType: rule.CallerType,
          scope: rule.Scope,
        }),
      ),
  },
  {
    name: 'terraform_cloud',
    title: 'Terraform Cloud',
    issuer: ({ TerraformCloud }) => `https://${TerraformCloud?.Hostname || 'app.terraform.io'}`,
    audience: ({ TerraformCloud }, clusterName) => TerraformCloud?.Audience || clusterName,
    allows: ({ TerraformCloud }, claims) =>
      (TerraformCloud?.Allow ?? []).some((rule) =>
        matches(claims, {
          terraform_organization_id: rule.OrganizationID,
          terraform_organization_name: rule.OrganizationName,
          terraform_project_id: rule.ProjectID,
          terraform_project_name: rule.ProjectName,
          terraform_workspace_id: rule.WorkspaceID,
          terraform_workspace_name: rule.WorkspaceName,
          terraform_run_phase: rule.RunPhase,
        }),
      ),
  },
  {
    name: 'bitbucket',
    title: 'Bitbucket',
    issuer: ({ Bitbucket }) => Bitbucket?.IdentityProviderURL ?? '',
    audience: ({ Bitbucket }) => Bitbucket?.Audience ?? '',
    allows: ({ Bitbucket }, claims) =>
      (Bitbucket?.Allow ?? []).some((rule) =>
        matches(claims, {
          workspaceUuid: rule.WorkspaceUUID,
          repositoryUuid: rule.RepositoryUUID,
          deploymentEnvironmentUuid: rule.DeploymentEnvironmentUUID,
          branchName: rule.BranchName,
        }),
      ),
  },
  {
    name: 'azure_devops',
    title: 'Azure Devops',
    issuer: ({ AzureDevops }) => `https://vstoken.dev.azure.com/${AzureDevops?.OrganizationID ?? ''}`,
    audience: () => 'api://AzureADTokenExchange',
    allows: ({ AzureDevops }, claims) =>
      String(claims.sub).startsWith('p://') &&
      (AzureDevops?.Allow ?? []).some((rule) => {
        const [, project = '', pipeline = ''] = /^p:\/\/[^/]*\/([^/]*)\/(.*)$/.exec(String(claims.sub)) ?? [];
        return (
          matches(claims, { sub: rule.Sub }) &&
          (rule.ProjectName === '' || rule.ProjectName === project) &&
          (rule.PipelineName === '' || rule.PipelineName === pipeline)
        );
      }),
  },
];

export function jwtMethods(issuers: () => Issuers | undefined): JoinMethod[] {
  return methods.map((method) => ({
    name: method.name,
    renewable: false,
    verify: async (state, token, request) => {
      const spec = token.Spec;
      if (!spec) throw badParameter('the token has no spec');
      if (request.IDToken === '') throw badParameter(`IDToken not provided for ${method.title} join request`);
      const issuer = method.issuer(spec);
      const text = method.keys?.(spec);
      const keys = text ? (JSON.parse(text) as JSONWebKeySet) : issuers()?.get(issuer);
      if (!keys) throw wrapped(`fetching the keys of ${issuer}`, unknownError('no such host'));
      const claims = await verified(request.IDToken, keys, {
        issuer,
        audience: method.audience(spec, state.clusterName),
        currentDate: new Date(state.clock.now()),
      });
      if (!method.allows(spec, claims)) throw accessDenied('id token claims did not match any allow rules');
      return { [method.name]: { sub: claims.sub } };
    },
  }));
}

async function verified(
  token: string,
  keys: JSONWebKeySet,
  options: { issuer: string; audience: string; currentDate: Date },
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, createLocalJWKSet(keys), options)).payload;
  } catch (error) {
    const because =
      error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud'
        ? 'audience is not valid'
        : error instanceof errors.JWTExpired
          ? 'token is expired'
          : error instanceof errors.JWTClaimValidationFailed
            ? `claim ${error.claim} is not valid`
            : 'error in cryptographic primitive';
    throw wrapped('validating id token', accessDenied(because));
  }
}
