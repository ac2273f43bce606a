// Field numbers of the built-in types that kubectl sends as protobuf: `kubectl create`, `auth` and `token`. Numbers
// are the wire contract of k8s.io/api.

/** A field's name and form; a trailing `*` in the form means repeated. */
export type Field =
  | readonly [
      name: string,
      form: 'text' | 'bytes' | 'int' | 'bool' | 'text*' | 'time' | Message | readonly [Message],
    ]
  | readonly [name: string, form: 'map', values: 'text' | 'bytes'];

export interface Message {
  readonly [number: number]: Field;
}

const owner: Message = {
  1: ['kind', 'text'],
  3: ['name', 'text'],
  4: ['uid', 'text'],
  5: ['apiVersion', 'text'],
  6: ['controller', 'bool'],
  7: ['blockOwnerDeletion', 'bool'],
};

const metadata: Field = [
  'metadata',
  {
    1: ['name', 'text'],
    2: ['generateName', 'text'],
    3: ['namespace', 'text'],
    5: ['uid', 'text'],
    6: ['resourceVersion', 'text'],
    7: ['generation', 'int'],
    8: ['creationTimestamp', 'time'],
    11: ['labels', 'map', 'text'],
    12: ['annotations', 'map', 'text'],
    13: ['ownerReferences', [owner]],
    14: ['finalizers', 'text*'],
  },
];

const reference: Message = {
  1: ['kind', 'text'],
  2: ['namespace', 'text'],
  3: ['name', 'text'],
  4: ['uid', 'text'],
  5: ['apiVersion', 'text'],
};

const rules: Field = [
  'rules',
  [
    {
      1: ['verbs', 'text*'],
      2: ['apiGroups', 'text*'],
      3: ['resources', 'text*'],
      4: ['resourceNames', 'text*'],
      5: ['nonResourceURLs', 'text*'],
    },
  ],
];

const subjects: Field = [
  'subjects',
  [{ 1: ['kind', 'text'], 2: ['apiGroup', 'text'], 3: ['name', 'text'], 4: ['namespace', 'text'] }],
];
const roleRef: Field = ['roleRef', { 1: ['apiGroup', 'text'], 2: ['kind', 'text'], 3: ['name', 'text'] }];
const role: Message = { 1: metadata, 2: rules };
const binding: Message = { 1: metadata, 2: subjects, 3: roleRef };

const attributes: Message = {
  1: ['namespace', 'text'],
  2: ['verb', 'text'],
  3: ['group', 'text'],
  4: ['version', 'text'],
  5: ['resource', 'text'],
  6: ['subresource', 'text'],
  7: ['name', 'text'],
};
const question: Message = {
  1: ['resourceAttributes', attributes],
  2: ['nonResourceAttributes', { 1: ['path', 'text'], 2: ['verb', 'text'] }],
  3: ['user', 'text'],
  4: ['groups', 'text*'],
};

/** By kind. */
export const messages: Record<string, Message> = {
  Namespace: { 1: metadata },
  Secret: {
    1: metadata,
    2: ['data', 'map', 'bytes'],
    3: ['type', 'text'],
    4: ['stringData', 'map', 'text'],
    5: ['immutable', 'bool'],
  },
  ConfigMap: {
    1: metadata,
    2: ['data', 'map', 'text'],
    3: ['binaryData', 'map', 'bytes'],
    4: ['immutable', 'bool'],
  },
  ServiceAccount: {
    1: metadata,
    2: ['secrets', [reference]],
    3: ['imagePullSecrets', [{ 1: ['name', 'text'] }]],
    4: ['automountServiceAccountToken', 'bool'],
  },
  Role: role,
  ClusterRole: role,
  RoleBinding: binding,
  ClusterRoleBinding: binding,
  TokenRequest: {
    1: metadata,
    2: [
      'spec',
      {
        1: ['audiences', 'text*'],
        3: [
          'boundObjectRef',
          { 1: ['kind', 'text'], 2: ['apiVersion', 'text'], 3: ['name', 'text'], 4: ['uid', 'text'] },
        ],
        4: ['expirationSeconds', 'int'],
      },
    ],
  },
  SelfSubjectReview: { 1: metadata },
  SelfSubjectAccessReview: { 1: metadata, 2: ['spec', question] },
  SubjectAccessReview: { 1: metadata, 2: ['spec', question] },
  TokenReview: { 1: metadata, 2: ['spec', { 1: ['token', 'text'], 2: ['audiences', 'text*'] }] },
  DeleteOptions: {
    1: ['gracePeriodSeconds', 'int'],
    2: ['preconditions', { 1: ['uid', 'text'], 2: ['resourceVersion', 'text'] }],
    4: ['propagationPolicy', 'text'],
    5: ['dryRun', 'text*'],
  },
};
