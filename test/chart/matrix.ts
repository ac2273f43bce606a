// Values that between them reach every branch of the templates, and what some of them must be accepted beside.
import type { Values } from './helm.js';

/** Each with the values that every release needs. */
export const matrix: Readonly<Record<string, Values>> = {
  'nothing more': {},
  'an Auth Service next door': {
    teleportAddress: 'teleport-auth.teleport.svc.cluster.local:3025',
    teleportClusterName: '',
  },
  'two replicas, spread and protected': {
    'highAvailability.replicaCount': 2,
    'podDisruptionBudget.enabled': true,
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    ],
  },
  'a budget by percentage': {
    'podDisruptionBudget.enabled': true,
    'podDisruptionBudget.minAvailable': '50%',
  },
  'pins and a CA': {
    caPins: [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`],
    'tls.existingCASecretName': 'proxy-ca',
  },
  'a CA under another key': {
    'tls.existingCASecretName': 'proxy-ca',
    'tls.existingCASecretKeyName': 'tls.crt',
  },
  'a token once': { joinMethod: 'token', token: '/var/run/secrets/token' },
  "names of one's own": {
    nameOverride: 'keeper',
    'serviceAccount.name': 'keeper-account',
    'labels.deployment': { team: 'access' },
    'labels.pod': { team: 'access' },
    'annotations.deployment': { note: 'on: yes' },
    'annotations.pod': { note: '1' },
    'annotations.serviceAccount': { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/x' },
  },
  'one full name': { fullnameOverride: 'keeper' },
  'rights and account from elsewhere': {
    'rbac.create': false,
    'serviceAccount.create': false,
    'serviceAccount.name': 'teleport-operator',
  },
  'other namespaces, an id, drift reported, a brake': {
    namespaces: ['team-a', 'teleport'],
    operatorId: 'one',
    drift: 'report',
    deletionBrake: 20,
  },
  'to be looked at first': { dryRun: true, 'log.level': 'DEBUG', nameUnmanagedUsers: true },
  'behind a proxy, patient': {
    teleportAddress: '',
    proxyServer: 'teleport.example:443',
    startupTimeout: '30m',
    syncPeriod: '1h',
    deleteOnTeardown: true,
  },
  'every namespace': { namespaces: ['all'] },
  'a bound key': { joinMethod: 'bound_keypair', boundKeypairSecret: 'keeper-key' },
  'where it runs': {
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'infra', operator: 'Exists' }],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'Exists' }] }],
        },
      },
    },
    priorityClassName: 'system-cluster-critical',
    imagePullSecrets: [{ name: 'registry' }],
    imagePullPolicy: 'Always',
    resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } },
  },
  'more of everything': {
    extraArgs: ['-certificate-ttl=2h', '-renewal-interval=1h'],
    extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example:3128' }],
    extraVolumes: [{ name: 'scratch', emptyDir: {} }],
    extraVolumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
  },
  'a fence': {
    'networkPolicy.enabled': true,
    'networkPolicy.metricsFrom': [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
    // as values.yaml has it
    'networkPolicy.egress': [
      { ports: [{ port: 53, protocol: 'UDP' }, { port: 53 }, { port: 443 }, { port: 6443 }, { port: 3025 }] },
    ],
  },
  monitoring: {
    'podMonitor.enabled': true,
    'podMonitor.labels': { release: 'prometheus' },
    'prometheusRules.enabled': true,
    'grafanaDashboard.enabled': true,
    'grafanaDashboard.annotations': { folder: 'Access' },
  },
  'no security contexts': { podSecurityContext: null, securityContext: null },
  'an image by digest': { image: `registry.example:5000/op@sha256:${'0'.repeat(64)}` },
  'no CRDs': { installCRDs: 'never' },
  'CRDs by the operator': { installCRDs: 'never', operatorInstallsCRDs: true },
  'CRDs alone': { enabled: false, installCRDs: 'always' },
  nothing: { enabled: false, teleportAddress: '', image: '' },
};
