// TeleportAutoupdateVersionV1: which version the tools and agents of the cluster are updated to. One a cluster.
import {
  type AutoUpdateVersion,
  AutoUpdateVersionSchema,
  AutoUpdateVersionSpecSchema,
} from '../gen/teleport/autoupdate/v1/autoupdate_pb.js';
import { AutoUpdateService } from '../gen/teleport/autoupdate/v1/autoupdate_service_pb.js';
import { call, nothing, single } from './calls.js';
import { rfd153Form } from './forms.js';
import { declareKind } from './kind.js';

export const autoupdateVersion = declareKind({
  object: {
    kind: 'TeleportAutoupdateVersionV1',
    plural: 'teleportautoupdateversionsv1',
    shortNames: ['autoupdateversionv1', 'autoupdateversionsv1'],
    versions: [{ name: 'v1', storage: true }],
    columns: [],
    description:
      'Managed updates: which version the tools and agents of the cluster are updated to. There is one, named autoupdate-version.',
  },
  resource: { kind: 'autoupdate_version', version: 'v1' },
  schema: AutoUpdateVersionSchema,
  form: rfd153Form(AutoUpdateVersionSchema),
  spec: { schema: AutoUpdateVersionSpecSchema, hidden: [] },
  singleton: 'autoupdate-version',
  watched: true,
  calls: {
    get: call(
      AutoUpdateService.method.getAutoUpdateVersion,
      (_name: string) => ({}),
      (stored) => stored,
    ),
    create: call(
      AutoUpdateService.method.createAutoUpdateVersion,
      (version: AutoUpdateVersion) => ({ version }),
      (stored) => stored,
    ),
    update: call(
      AutoUpdateService.method.updateAutoUpdateVersion,
      (version: AutoUpdateVersion) => ({ version }),
      (stored) => stored,
    ),
    list: single(AutoUpdateService.method.getAutoUpdateVersion, {}),
    delete: call(AutoUpdateService.method.deleteAutoUpdateVersion, (_name: string) => ({}), nothing),
  },
});
