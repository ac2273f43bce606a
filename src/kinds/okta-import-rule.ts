// TeleportOktaImportRule: which labels applications and groups that come from Okta get.
import { OktaService } from '../gen/teleport/okta/v1/okta_service_pb.js';
import {
  OktaImportRuleSpecV1Schema,
  type OktaImportRuleV1,
  OktaImportRuleV1Schema,
} from '../gen/teleport/types/okta_import_rule_pb.js';
import { call, nothing, paged } from './calls.js';
import { legacyHeaderForm } from './forms.js';
import { declareKind } from './kind.js';

export const oktaImportRule = declareKind({
  object: {
    kind: 'TeleportOktaImportRule',
    plural: 'teleportoktaimportrules',
    shortNames: ['oktaimportrule', 'oktaimportrules'],
    versions: [{ name: 'v1', storage: true }],
    columns: [{ name: 'Priority', jsonPath: '.spec.priority', type: 'integer' }],
    description:
      'An Okta import rule: which labels the applications and groups that Teleport imports from Okta are given.',
  },
  resource: { kind: 'okta_import_rule', version: 'v1' },
  schema: OktaImportRuleV1Schema,
  form: legacyHeaderForm(OktaImportRuleV1Schema),
  spec: { schema: OktaImportRuleSpecV1Schema, hidden: [] },
  needs: ['AdvancedAccessWorkflows'],
  watched: true,
  calls: {
    get: call(
      OktaService.method.getOktaImportRule,
      (name: string) => ({ name }),
      (stored) => stored,
    ),
    create: call(
      OktaService.method.createOktaImportRule,
      (importRule: OktaImportRuleV1) => ({ importRule }),
      (stored) => stored,
    ),
    update: call(
      OktaService.method.updateOktaImportRule,
      (importRule: OktaImportRuleV1) => ({ importRule }),
      (stored) => stored,
    ),
    list: paged(
      OktaService.method.listOktaImportRules,
      (pageToken, pageSize) => ({ pageToken, pageSize }),
      ({ importRules, nextPageToken }) => ({ items: importRules, next: nextPageToken }),
    ),
    delete: call(OktaService.method.deleteOktaImportRule, (name: string) => ({ name }), nothing),
  },
});
