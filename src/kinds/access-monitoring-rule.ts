// TeleportAccessMonitoringRuleV1: what happens when access requests or other events match a condition.
import {
  type AccessMonitoringRule,
  AccessMonitoringRuleSchema,
  AccessMonitoringRuleSpecSchema,
} from '../gen/teleport/accessmonitoringrules/v1/access_monitoring_rules_pb.js';
import { AccessMonitoringRulesService } from '../gen/teleport/accessmonitoringrules/v1/access_monitoring_rules_service_pb.js';
import { call, nothing, paged } from './calls.js';
import { rfd153Form } from './forms.js';
import { declareKind } from './kind.js';

export const accessMonitoringRule = declareKind({
  object: {
    kind: 'TeleportAccessMonitoringRuleV1',
    plural: 'teleportaccessmonitoringrulesv1',
    shortNames: ['accessmonitoringrulev1', 'accessmonitoringrulesv1'],
    versions: [{ name: 'v1', storage: true }],
    columns: [{ name: 'Subjects', jsonPath: '.spec.subjects', type: 'string' }],
    description:
      'An access monitoring rule: whom to tell, or what to decide, when an access request matches a condition.',
  },
  resource: { kind: 'access_monitoring_rule', version: 'v1' },
  schema: AccessMonitoringRuleSchema,
  form: rfd153Form(AccessMonitoringRuleSchema),
  spec: { schema: AccessMonitoringRuleSpecSchema, hidden: [] },
  watched: true,
  calls: {
    get: call(
      AccessMonitoringRulesService.method.getAccessMonitoringRule,
      (name: string) => ({ name }),
      (stored) => stored,
    ),
    create: call(
      AccessMonitoringRulesService.method.createAccessMonitoringRule,
      (rule: AccessMonitoringRule) => ({ rule }),
      (stored) => stored,
    ),
    update: call(
      AccessMonitoringRulesService.method.updateAccessMonitoringRule,
      (rule: AccessMonitoringRule) => ({ rule }),
      (stored) => stored,
    ),
    list: paged(
      AccessMonitoringRulesService.method.listAccessMonitoringRules,
      (pageToken, size) => ({ pageToken, pageSize: BigInt(size) }),
      ({ rules, nextPageToken }) => ({ items: rules, next: nextPageToken }),
    ),
    delete: call(
      AccessMonitoringRulesService.method.deleteAccessMonitoringRule,
      (name: string) => ({ name }),
      nothing,
    ),
  },
});
