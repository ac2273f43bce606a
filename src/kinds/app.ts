// TeleportAppV3: an application that Teleport gives access to: a web page, an API, a TCP service.
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import { AppSpecV3Schema, type AppV3, AppV3Schema } from '../gen/teleport/types/app_pb.js';
import { call, nothing, whole } from './calls.js';
import { legacyForm } from './forms.js';
import { declareKind } from './kind.js';

/** Addresses by which Teleport knows a web console of AWS. */
const awsConsoles = [
  'https://console.aws.amazon.com',
  'https://console.amazonaws-us-gov.com',
  'https://console.amazonaws.cn',
];

export const app = declareKind({
  object: {
    kind: 'TeleportAppV3',
    plural: 'teleportappsv3',
    shortNames: ['appv3', 'appsv3'],
    versions: [{ name: 'v1', storage: true }],
    columns: [{ name: 'URI', jsonPath: '.spec.uri', type: 'string' }],
    description: 'An application that Teleport gives access to: a web page, an API, a TCP service.',
  },
  resource: { kind: 'app', version: 'v3' },
  schema: AppV3Schema,
  form: legacyForm(AppV3Schema),
  spec: { schema: AppSpecV3Schema, hidden: [] },
  defaults: ({ Spec: spec }) => {
    if (!spec) return;
    if (spec.URI === '' && spec.Cloud !== '') spec.URI = `cloud://${spec.Cloud}`;
    if (spec.Cloud === '' && awsConsoles.some((console) => spec.URI.startsWith(console))) spec.Cloud = 'AWS';
  },
  seenBy: 'app_labels',
  watched: true,
  calls: {
    get: call(
      AuthService.method.getApp,
      (Name: string) => ({ Name }),
      (stored) => stored,
    ),
    create: call(AuthService.method.createApp, (created: AppV3) => created, nothing),
    update: call(AuthService.method.updateApp, (updated: AppV3) => updated, nothing),
    list: whole(AuthService.method.getApps, {}, ({ Apps }) => Apps),
    delete: call(AuthService.method.deleteApp, (Name: string) => ({ Name }), nothing),
  },
});
