// TeleportAutoupdateConfigV1: how and when the tools and agents of the cluster are updated. One a cluster.
import {
  type AutoUpdateConfig,
  AutoUpdateConfigSchema,
  AutoUpdateConfigSpecSchema,
} from '../gen/teleport/autoupdate/v1/autoupdate_pb.js';
import { AutoUpdateService } from '../gen/teleport/autoupdate/v1/autoupdate_service_pb.js';
import { call, nothing, single } from './calls.js';
import { rfd153Form } from './forms.js';
import { declareKind } from './kind.js';

export const autoupdateConfig = declareKind({
  object: {
    kind: 'TeleportAutoupdateConfigV1',
    plural: 'teleportautoupdateconfigsv1',
    shortNames: ['autoupdateconfigv1', 'autoupdateconfigsv1'],
    versions: [{ name: 'v1', storage: true }],
    columns: [],
    description:
      'Managed updates: how and when the tools and agents of the cluster are updated. There is one, named autoupdate-config.',
  },
  resource: { kind: 'autoupdate_config', version: 'v1' },
  schema: AutoUpdateConfigSchema,
  form: rfd153Form(AutoUpdateConfigSchema),
  spec: { schema: AutoUpdateConfigSpecSchema, hidden: [] },
  singleton: 'autoupdate-config',
  watched: true,
  calls: {
    get: call(
      AutoUpdateService.method.getAutoUpdateConfig,
      (_name: string) => ({}),
      (stored) => stored,
    ),
    create: call(
      AutoUpdateService.method.createAutoUpdateConfig,
      (config: AutoUpdateConfig) => ({ config }),
      (stored) => stored,
    ),
    update: call(
      AutoUpdateService.method.updateAutoUpdateConfig,
      (config: AutoUpdateConfig) => ({ config }),
      (stored) => stored,
    ),
    list: single(AutoUpdateService.method.getAutoUpdateConfig, {}),
    delete: call(AutoUpdateService.method.deleteAutoUpdateConfig, (_name: string) => ({}), nothing),
  },
});
