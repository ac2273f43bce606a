// What the operator must be allowed, computed from the kinds: the rules of its Role in Kubernetes and of its
// bot's role in Teleport. The chart, docs and the teleport-role command print them; nothing is granted here.
import { type AnyKind, group, type LabelMatchers } from './kind.js';

/** A rule of a Kubernetes Role. */
export interface KubeRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The `allow` part of a Teleport role. */
export interface TeleportAllow {
  readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
  readonly matchers: Readonly<Partial<Record<LabelMatchers, Readonly<Record<string, readonly string[]>>>>>;
}

/** Rules on the objects of these kinds: the verbs of the Go operator's chart (kinds.md F.8). */
export function objectRule(kinds: readonly Pick<AnyKind, 'object'>[]): KubeRule {
  return {
    apiGroups: [group],
    resources: kinds.flatMap(({ object }) => [object.plural, `${object.plural}/status`]),
    verbs: ['get', 'list', 'patch', 'update', 'watch'],
  };
}

/** Everything that the operator does in the namespace of its objects, Lease and Secrets. */
export function kubeRules(kinds: readonly Pick<AnyKind, 'object'>[]): KubeRule[] {
  return [
    objectRule(kinds),
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'update'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create'] },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch'] },
  ];
}

/** What -install-crds needs, in the whole cluster: CRDs are in no namespace. */
export function crdRules(kinds: readonly Pick<AnyKind, 'object'>[]): KubeRule[] {
  return [
    {
      apiGroups: ['apiextensions.k8s.io'],
      resources: ['customresourcedefinitions'],
      resourceNames: kinds.map(({ object }) => `${object.plural}.${group}`),
      verbs: ['create', 'get', 'patch'],
    },
  ];
}

/**
 * What the operator does in Teleport. `read` holds `readnosecrets`, which is what connectors are read with: their
 * secrets never come back. The labels let it see nodes, apps and databases; it has no login on any of them.
 */
export function teleportAllow(kinds: readonly Pick<AnyKind, 'resource' | 'seenBy'>[]): TeleportAllow {
  return {
    rules: [
      {
        resources: [...new Set(kinds.map(({ resource }) => resource.kind))],
        verbs: ['list', 'create', 'read', 'update', 'delete'],
      },
    ],
    matchers: Object.fromEntries(
      kinds.flatMap(({ seenBy }) => (seenBy === undefined ? [] : [[seenBy, { '*': ['*'] }]])),
    ),
  };
}
