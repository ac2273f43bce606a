// The core group's types: namespaces, Secrets, ConfigMaps, service accounts and Pods, the latter as plain objects
// that nothing runs.
import type { FieldError } from '../errors.js';
import { at, isObject, type JsonObject, listOr, objectOr, textOr } from '../json.js';
import { anything, flag, list, map, object, text } from '../schema/build.js';
import { ageColumn, builtin, column } from './builtin.js';

export const namespaces = builtin({
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  description: 'A room for names: objects in different namespaces may share a name.',
  properties: {
    spec: object(
      { finalizers: list(text('a controller'), 'who empties the namespace on deletion') },
      'what is wanted',
    ),
    status: object({ phase: text('Active or Terminating') }, 'what is'),
  },
  columns: [column('Status', (ns) => textOr(at(ns, 'status', 'phase'))), ageColumn],
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  more: {
    prepare: (ns) => {
      ns.spec = { finalizers: ['kubernetes'] };
      ns.status = { phase: ns.metadata.deletionTimestamp ? 'Terminating' : 'Active' };
      ns.metadata.labels = { ...ns.metadata.labels, 'kubernetes.io/metadata.name': ns.metadata.name };
    },
  },
});

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const secrets = builtin({
  kind: 'Secret',
  plural: 'secrets',
  description: 'Confidential values under keys.',
  properties: {
    type: text('what the keys mean; Opaque when nobody says'),
    data: map({ type: 'string', format: 'byte' }, 'the values, in base64'),
    stringData: map({ type: 'string' }, 'values as plain text; written only, merged into data'),
    immutable: flag('refuse further changes of the data'),
  },
  columns: [
    { ...column('Type', (secret) => textOr(secret.type)) },
    column('Data', (secret) => Object.keys(objectOr(secret.data)).length),
    ageColumn,
  ],
  more: {
    prepare: (secret) => {
      secret.type = textOr(secret.type) || 'Opaque';
      const plain = objectOr(secret.stringData);
      delete secret.stringData;
      const data: JsonObject = { ...objectOr(secret.data) };
      for (const [key, value] of Object.entries(plain))
        data[key] = Buffer.from(String(value)).toString('base64');
      if (Object.keys(data).length > 0) secret.data = data;
      else delete secret.data;
    },
    check: (secret, old) => [
      ...dataErrors(secret.data),
      ...(old && old.type !== secret.type
        ? [
            {
              reason: 'FieldValueInvalid',
              field: 'type',
              message: `Invalid value: ${JSON.stringify(secret.type)}: field is immutable`,
            } satisfies FieldError,
          ]
        : []),
    ],
    fields: ['type'],
  },
});

function dataErrors(data: unknown): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(objectOr(data))) {
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key) || key === '..' || key === '.') {
      const message = `Invalid value: ${JSON.stringify(key)}: a valid config key must consist of alphanumeric characters, '-', '_' or '.'`;
      errors.push({ reason: 'FieldValueInvalid', field: `data[${key}]`, message });
    } else if (!base64.test(String(value))) {
      errors.push({
        reason: 'FieldValueInvalid',
        field: `data[${key}]`,
        message: 'Invalid value: "": illegal base64 data',
      });
    }
  }
  return errors;
}

export const configMaps = builtin({
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  description: 'Values under keys, for configuration.',
  properties: {
    data: map({ type: 'string' }, 'the values'),
    binaryData: map({ type: 'string', format: 'byte' }, 'values that are no text, in base64'),
    immutable: flag('refuse further changes of the data'),
  },
  columns: [
    column(
      'Data',
      (one) => Object.keys(objectOr(one.data)).length + Object.keys(objectOr(one.binaryData)).length,
    ),
    ageColumn,
  ],
});

const reference = object({ name: text('the name') }, 'a reference to an object in the same namespace');

export const serviceAccounts = builtin({
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  description: 'An identity for what runs in a Pod.',
  properties: {
    secrets: list(reference, 'Secrets that Pods of this account may use'),
    imagePullSecrets: list(reference, 'Secrets for pulling images'),
    automountServiceAccountToken: flag('whether Pods get a token without asking'),
  },
  more: {
    subresources: [{ name: 'token', kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1' }],
  },
});

function readyContainers(pod: JsonObject): string {
  const statuses = listOr(at(pod, 'status', 'containerStatuses'));
  const ready = statuses.filter((status) => isObject(status) && status.ready === true).length;
  return `${ready}/${listOr(at(pod, 'spec', 'containers')).length}`;
}

export const pods = builtin({
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  description: 'Containers that run together. Here only an object: nothing is run.',
  properties: { spec: anything('what is to run'), status: anything('what runs') },
  status: true,
  columns: [
    column('Ready', readyContainers),
    column('Status', (pod) => textOr(at(pod, 'status', 'phase'), 'Pending')),
    column('Restarts', () => '0'),
    ageColumn,
  ],
  more: {
    prepare: (pod) => {
      pod.spec = { serviceAccountName: 'default', ...objectOr(pod.spec) };
      pod.status ??= { phase: 'Pending' };
    },
    fields: ['spec.nodeName', 'status.phase'],
  },
});
