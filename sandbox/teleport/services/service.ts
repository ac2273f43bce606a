// What every service is given, and the checks that all legacy resources have in common.
import type { ConnectRouter, HandlerContext } from '@connectrpc/connect';
import type { Metadata } from '../../../src/gen/teleport/types/common_pb.js';
import type { Access } from '../access/access.js';
import { type Caller, callerKey } from '../access/caller.js';
import type { Joining } from '../join/join.js';
import { badParameter } from '../refusal.js';

export interface ServiceContext {
  readonly access: Access;
  readonly joining: Joining;
  /** What Ping says of the server. */
  readonly serverVersion: string;
  readonly enterprise: boolean;
  /** host:port of the proxy, or empty. */
  readonly proxyAddress: () => string;
  /** Does what a write without its resource does to a real Auth (observed.md A.2): ends everything. */
  crash(method: string): never;
}

/** Registers a service's handlers. */
export type Service = (router: ConnectRouter, context: ServiceContext) => void;

export const callerOf = (context: HandlerContext): Caller => context.values.get(callerKey);

const originLabel = 'teleport.dev/origin';
const origins = [
  'defaults',
  'config-file',
  'dynamic',
  'cloud',
  'kubernetes',
  'okta',
  'integration_awsoidc',
  'discovery-kubernetes',
  'entra-id',
  'aws-identity-center',
];

/** @throws BadParameter */
export function checkMetadata(metadata: Metadata | undefined): void {
  if (!metadata || metadata.Name === '') throw badParameter('missing parameter Name');
  if (metadata.Namespace === '') metadata.Namespace = 'default';
  if (metadata.Namespace !== 'default') {
    throw badParameter(`invalid namespace "${metadata.Namespace}" (namespaces are deprecated)`);
  }
  for (const key of Object.keys(metadata.Labels)) {
    if (!/^[a-zA-Z0-9/.:_*-]+$/.test(key)) throw badParameter(`invalid label key: "${key}"`);
  }
  const origin = metadata.Labels[originLabel];
  if (origin && !origins.includes(origin)) {
    throw badParameter(`invalid origin value "${origin}", must be one of [${origins.join(' ')}]`);
  }
}
