// TeleportProvisionToken: what lets instances and bots join. With join method `token` the object's name is
// the secret itself, and Teleport deletes a bot's token at its first use.
import { create } from '@bufbuild/protobuf';
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import type { ProvisionTokenV2 } from '../gen/teleport/types/provision_token_pb.js';
import {
  ProvisionTokenSpecV2Schema,
  ProvisionTokenV2Schema,
  TokenRuleSchema,
} from '../gen/teleport/types/provision_token_pb.js';
import { call, nothing, whole } from './calls.js';
import { cloneMessage } from './clone.js';
import { legacyForm } from './forms.js';
import { declareKind } from './kind.js';
import { tokenDefaults } from './provision-token-defaults.js';

/** AWS gives nobody this number, so a token that allows it and no other lets nobody join. */
const nobodysAccount = '000000000000';

function isOneTime({ Spec: spec }: ProvisionTokenV2): boolean {
  return (spec?.JoinMethod === '' || spec?.JoinMethod === 'token') && spec.BotName !== '';
}

function isStandIn({ Spec: spec }: ProvisionTokenV2): boolean {
  return (
    spec?.JoinMethod === 'iam' && spec.Allow.length === 1 && spec.Allow[0]?.AWSAccount === nobodysAccount
  );
}

/** Completed as tctl completes it: the RPC refuses a bound_keypair token without its recovery block. */
function inV2(token: ProvisionTokenV2) {
  const value = cloneMessage(token);
  tokenDefaults(value);
  return { Token: { case: 'V2' as const, value } };
}

export const provisionToken = declareKind({
  object: {
    kind: 'TeleportProvisionToken',
    plural: 'teleportprovisiontokens',
    shortNames: ['provisiontoken', 'provisiontokens'],
    versions: [{ name: 'v2', storage: true }],
    columns: [
      { name: 'Join Method', jsonPath: '.spec.join_method', type: 'string' },
      { name: 'System Roles', jsonPath: '.spec.roles', type: 'string' },
    ],
    description:
      'A join token: which instances or bots may join the Teleport cluster, and how they prove who they are.',
  },
  resource: { kind: 'token', version: 'v2' },
  schema: ProvisionTokenV2Schema,
  form: legacyForm(ProvisionTokenV2Schema),
  spec: { schema: ProvisionTokenSpecV2Schema, hidden: [] },
  calls: {
    get: call(
      AuthService.method.getToken,
      (Name: string) => ({ Name }),
      (stored) => stored,
    ),
    // Refused where a token of the name exists, so that one made since it was looked at is not overwritten.
    create: call(AuthService.method.createTokenV2, inV2, nothing),
    update: call(AuthService.method.upsertTokenV2, inV2, nothing),
    list: whole(AuthService.method.getTokens, {}, ({ ProvisionTokens }) => ProvisionTokens),
    delete: call(AuthService.method.deleteToken, (Name: string) => ({ Name }), nothing),
  },
  kept: ['Status'],
  serverOwned: ['Status'],
  watched: true,
  defaults: tokenDefaults,
  // GetTokens reads the backend, GetToken a cache; joins write the status of a bound_keypair token, and use others up.
  unguarded: {
    isTouchy: (token) => token.Spec?.JoinMethod === 'bound_keypair' || isOneTime(token) || isStandIn(token),
  },
  oneTime: {
    is: isOneTime,
    makeStandIn: ({ Spec: spec }) => {
      if (!spec) return;
      spec.JoinMethod = 'iam';
      spec.Allow = [create(TokenRuleSchema, { AWSAccount: nobodysAccount })];
    },
    isStandIn,
  },
});
