// TeleportWorkloadIdentityV1: a template of the SPIFFE identities that workloads may be issued.
import {
  type WorkloadIdentity,
  WorkloadIdentitySchema,
  WorkloadIdentitySpecSchema,
} from '../gen/teleport/workloadidentity/v1/resource_pb.js';
import { WorkloadIdentityResourceService } from '../gen/teleport/workloadidentity/v1/resource_service_pb.js';
import { call, nothing, paged } from './calls.js';
import { rfd153Form } from './forms.js';
import { declareKind } from './kind.js';

export const workloadIdentity = declareKind({
  object: {
    kind: 'TeleportWorkloadIdentityV1',
    plural: 'teleportworkloadidentitiesv1',
    shortNames: ['workloadidentityv1', 'workloadidentitiesv1'],
    versions: [{ name: 'v1', storage: true }],
    columns: [{ name: 'SPIFFE ID', jsonPath: '.spec.spiffe.id', type: 'string' }],
    description: 'A workload identity: which SPIFFE identity workloads may be issued, and by which rules.',
  },
  resource: { kind: 'workload_identity', version: 'v1' },
  schema: WorkloadIdentitySchema,
  form: rfd153Form(WorkloadIdentitySchema),
  spec: { schema: WorkloadIdentitySpecSchema, hidden: [] },
  watched: true,
  calls: {
    get: call(
      WorkloadIdentityResourceService.method.getWorkloadIdentity,
      (name: string) => ({ name }),
      (stored) => stored,
    ),
    create: call(
      WorkloadIdentityResourceService.method.createWorkloadIdentity,
      (workloadIdentity: WorkloadIdentity) => ({ workloadIdentity }),
      (stored) => stored,
    ),
    update: call(
      WorkloadIdentityResourceService.method.updateWorkloadIdentity,
      (workloadIdentity: WorkloadIdentity) => ({ workloadIdentity }),
      (stored) => stored,
    ),
    list: paged(
      WorkloadIdentityResourceService.method.listWorkloadIdentities,
      (pageToken, pageSize) => ({ pageToken, pageSize }),
      ({ workloadIdentities, nextPageToken }) => ({ items: workloadIdentities, next: nextPageToken }),
    ),
    delete: call(
      WorkloadIdentityResourceService.method.deleteWorkloadIdentity,
      (name: string) => ({ name }),
      nothing,
    ),
  },
});
