// TeleportLoginRule: how the traits of a single sign-on user are rewritten at sign-in. The message has no
// spec of its own: its fields stand beside the metadata.
import { type LoginRule, LoginRuleSchema } from '../gen/teleport/loginrule/v1/loginrule_pb.js';
import { LoginRuleService } from '../gen/teleport/loginrule/v1/loginrule_service_pb.js';
import { call, nothing, paged } from './calls.js';
import { flatForm } from './forms.js';
import { declareKind } from './kind.js';

export const loginRule = declareKind({
  object: {
    kind: 'TeleportLoginRule',
    plural: 'teleportloginrules',
    shortNames: ['loginrule', 'loginrules'],
    versions: [{ name: 'v1', storage: true }],
    columns: [{ name: 'Priority', jsonPath: '.spec.priority', type: 'integer' }],
    description:
      'A login rule: rewrites the traits of a single sign-on user at sign-in, in the order of priorities.',
  },
  resource: { kind: 'login_rule', version: 'v1' },
  schema: LoginRuleSchema,
  form: flatForm(LoginRuleSchema),
  spec: { schema: LoginRuleSchema, hidden: ['metadata', 'version'] },
  needs: ['OIDC', 'SAML'],
  calls: {
    get: call(
      LoginRuleService.method.getLoginRule,
      (name: string) => ({ name }),
      (stored) => stored,
    ),
    create: call(
      LoginRuleService.method.createLoginRule,
      (loginRule: LoginRule) => ({ loginRule }),
      (stored) => stored,
    ),
    update: call(
      LoginRuleService.method.upsertLoginRule,
      (loginRule: LoginRule) => ({ loginRule }),
      (stored) => stored,
    ),
    list: paged(
      LoginRuleService.method.listLoginRules,
      (pageToken, pageSize) => ({ pageToken, pageSize }),
      ({ loginRules, nextPageToken }) => ({ items: loginRules, next: nextPageToken }),
    ),
    delete: call(LoginRuleService.method.deleteLoginRule, (name: string) => ({ name }), nothing),
  },
});
