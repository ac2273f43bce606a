// TeleportAccessList: a list whose members get roles and traits, reviewed in turns. The next review
// date is the server's, as are counts and the eligibility of owners. Members are managed elsewhere.
import {
  type AccessList,
  AccessListSchema,
  type AccessListSpec,
  AccessListSpecSchema,
  MembershipKind,
} from '../gen/teleport/accesslist/v1/accesslist_pb.js';
import { AccessListService } from '../gen/teleport/accesslist/v1/accesslist_service_pb.js';
import { accessListDefaults } from './access-list-defaults.js';
import { call, nothing, paged } from './calls.js';
import { headerForm } from './forms.js';
import { declareKind, type Reference } from './kind.js';
import { rolesNamed } from './mentions.js';

/** Lists whose members own this one. */
function ownerLists(spec: AccessListSpec | undefined): Reference[] {
  return (spec?.owners ?? [])
    .filter(({ membershipKind }) => membershipKind === MembershipKind.LIST)
    .map(({ name }) => ({ kind: 'access_list', name }));
}

export const accessList = declareKind({
  object: {
    kind: 'TeleportAccessList',
    plural: 'teleportaccesslists',
    shortNames: ['accesslist', 'accesslists'],
    versions: [{ name: 'v1', storage: true }],
    columns: [{ name: 'Title', jsonPath: '.spec.title', type: 'string' }],
    description:
      'An access list: its members get the roles and traits it grants, for as long as its owners confirm them.',
  },
  resource: { kind: 'access_list', version: 'v1' },
  schema: AccessListSchema,
  form: headerForm(AccessListSchema),
  spec: { schema: AccessListSpecSchema, hidden: [] },
  needs: ['AdvancedAccessWorkflows'],
  // Each review moves it on; an edit of the object must not bring an old date back.
  initial: ['spec.audit.nextAuditDate'],
  serverOwned: ['spec.audit.nextAuditDate', 'spec.owners.ineligibleStatus', 'status'],
  defaults: accessListDefaults,
  watched: true,
  references: ({ spec }) => ownerLists(spec),
  mentions: ({ spec }) =>
    rolesNamed(
      spec?.grants?.roles,
      spec?.ownerGrants?.roles,
      spec?.membershipRequires?.roles,
      spec?.ownershipRequires?.roles,
    ),
  holds: ({ spec }) => [
    ...rolesNamed(spec?.grants?.roles, spec?.membershipRequires?.roles, spec?.ownershipRequires?.roles),
    ...ownerLists(spec),
  ],
  calls: {
    get: call(
      AccessListService.method.getAccessList,
      (name: string) => ({ name }),
      (stored) => stored,
    ),
    create: call(
      AccessListService.method.upsertAccessList,
      (accessList: AccessList) => ({ accessList }),
      (stored) => stored,
    ),
    update: call(
      AccessListService.method.updateAccessList,
      (accessList: AccessList) => ({ accessList }),
      (stored) => stored,
    ),
    list: paged(
      AccessListService.method.listAccessLists,
      (nextToken, pageSize) => ({ nextToken, pageSize }),
      ({ accessLists, nextToken }) => ({ items: accessLists, next: nextToken }),
    ),
    delete: call(AccessListService.method.deleteAccessList, (name: string) => ({ name }), nothing),
  },
});
