// Properties that hold for every message and every object, of all kinds to come too.
import { type DescMessage, equals } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageArbitrary } from '../../../test/builders/message-arbitrary.js';
import { AccessListSpecSchema } from '../../gen/teleport/accesslist/v1/accesslist_pb.js';
import { AccessMonitoringRuleSpecSchema } from '../../gen/teleport/accessmonitoringrules/v1/access_monitoring_rules_pb.js';
import {
  AutoUpdateConfigSpecSchema,
  AutoUpdateVersionSpecSchema,
} from '../../gen/teleport/autoupdate/v1/autoupdate_pb.js';
import { LoginRuleSchema } from '../../gen/teleport/loginrule/v1/loginrule_pb.js';
import { BotSpecSchema } from '../../gen/teleport/machineid/v1/bot_pb.js';
import { AppSpecV3Schema } from '../../gen/teleport/types/app_pb.js';
import { DatabaseSpecV3Schema } from '../../gen/teleport/types/database_pb.js';
import { GithubConnectorSpecV3Schema } from '../../gen/teleport/types/github_connector_pb.js';
import { LockSpecV2Schema } from '../../gen/teleport/types/lock_pb.js';
import { OIDCConnectorSpecV3Schema } from '../../gen/teleport/types/oidc_connector_pb.js';
import { OktaImportRuleSpecV1Schema } from '../../gen/teleport/types/okta_import_rule_pb.js';
import { ProvisionTokenSpecV2Schema } from '../../gen/teleport/types/provision_token_pb.js';
import { RoleSpecV6Schema } from '../../gen/teleport/types/role_pb.js';
import { SAMLConnectorSpecV2Schema } from '../../gen/teleport/types/saml_connector_pb.js';
import { SAMLIdPServiceProviderSpecV1Schema } from '../../gen/teleport/types/saml_idp_service_provider_pb.js';
import { ServerSpecV2Schema } from '../../gen/teleport/types/server_pb.js';
import { TrustedClusterSpecV2Schema } from '../../gen/teleport/types/trusted_cluster_pb.js';
import { UserSpecV2Schema } from '../../gen/teleport/types/user_pb.js';
import { WorkloadIdentitySpecSchema } from '../../gen/teleport/workloadidentity/v1/resource_pb.js';
import { DecodeError, fromObject, toObject } from './index.js';

const specs: readonly (readonly [DescMessage, readonly string[]])[] = [
  [RoleSpecV6Schema, []],
  [UserSpecV2Schema, ['local_auth', 'expires', 'created_by', 'status']],
  [ProvisionTokenSpecV2Schema, []],
  [GithubConnectorSpecV3Schema, ['teams_to_logins']],
  [OIDCConnectorSpecV3Schema, []],
  [SAMLConnectorSpecV2Schema, []],
  [LoginRuleSchema, ['metadata', 'version']],
  [AccessListSpecSchema, []],
  [OktaImportRuleSpecV1Schema, []],
  [ServerSpecV2Schema, ['cmd_labels']],
  [TrustedClusterSpecV2Schema, ['roles']],
  [BotSpecSchema, []],
  [WorkloadIdentitySpecSchema, []],
  [AutoUpdateConfigSpecSchema, []],
  [AutoUpdateVersionSpecSchema, []],
  [AppSpecV3Schema, []],
  [DatabaseSpecV3Schema, []],
  [AccessMonitoringRuleSpecSchema, []],
  [LockSpecV2Schema, []],
  [SAMLIdPServiceProviderSpecV1Schema, []],
];

describe.each(specs.map(([schema, hidden]) => [schema.typeName, schema, hidden] as const))(
  '%s',
  (_, schema, hidden) => {
    const decode = (value: unknown) => fromObject(schema, value, { path: 'spec', hidden });

    it('reads what it wrote', () => {
      fc.assert(
        fc.property(messageArbitrary(schema, hidden), (message) => {
          const object: unknown = JSON.parse(JSON.stringify(toObject(schema, message, { hidden })));
          return equals(schema, decode(object), message);
        }),
        { numRuns: 60 },
      );
    });

    it('writes what it read', () => {
      fc.assert(
        fc.property(messageArbitrary(schema, hidden), (message) => {
          const object = toObject(schema, message, { hidden });
          expect(toObject(schema, decode(object), { hidden })).toEqual(object);
        }),
        { numRuns: 20 },
      );
    });

    it('reads or refuses any damaged object, naming the place on one line', () => {
      fc.assert(
        fc.property(
          messageArbitrary(schema, hidden),
          fc.infiniteStream(fc.nat()),
          fc.jsonValue(),
          (message, choices, junk) => {
            const object: unknown = JSON.parse(JSON.stringify(toObject(schema, message, { hidden })));
            return isReadOrRefused(() => decode(damaged(object, () => choices.next().value ?? 0, junk)));
          },
        ),
        { numRuns: 60 },
      );
    });
  },
);

/** Nothing but a DecodeError with places inside the spec may come of a damaged object. */
function isReadOrRefused(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const placed = error.problems.every(({ path }) => path.startsWith('spec'));
    return error.problems.length > 0 && placed && !/[\n\r]/.test(error.message);
  }
}

/** The object with one value, somewhere, replaced. */
function damaged(value: unknown, choose: () => number, junk: unknown): unknown {
  if (typeof value !== 'object' || value === null || choose() % 4 === 0) return junk;
  const keys = Object.keys(value);
  const key = keys[choose() % Math.max(keys.length, 1)];
  if (key === undefined) return junk;
  const part: unknown = (value as Record<string, unknown>)[key];
  return Object.assign(Array.isArray(value) ? [...value] : { ...value }, {
    [key]: damaged(part, choose, junk),
  });
}
