// docs/kinds.md from the kinds' declarations and docs/examples.
import type { AnyKind } from '../../src/kinds/kind.js';
import { group, storageVersion } from '../../src/kinds/kind.js';
import { crPaths, secretPaths } from './kind-fields.js';
import { code, markdownTable } from './markdown.js';

/** An object of docs/examples. */
export interface Example {
  /** Name of the file in docs/examples. */
  readonly file: string;
  readonly kind: string;
  /** The object as it stands there, without comments around it. */
  readonly text: string;
}

export function kindsDoc(kinds: readonly AnyKind[], examples: readonly Example[]): string {
  return [
    '# Kinds',
    '',
    '<!-- Made by `npm run gen` from src/kinds and docs/examples. -->',
    '',
    `What the operator keeps, one row per CRD of the API group \`${group}\`. The Teleport resource has the object's name, or the one`,
    'in its annotation `teleport.dev/resource-name`, where Kubernetes can not hold that.',
    'Every field is described in the cluster: `kubectl explain teleportuser.spec`, or `--recursive` for all at once.',
    '`kubectl get teleport` lists objects of all kinds.',
    '',
    markdownTable(
      ['kind', 'versions', 'short names', 'Teleport resource', 'licence', 'what it is'],
      kinds.map((kind) => [
        `[${code(kind.object.kind)}](#${kind.object.kind.toLowerCase()})`,
        versions(kind.object.versions),
        kind.object.shortNames.map(code).join(', ') || 'none',
        code([kind.resource.kind, kind.resource.version, kind.resource.subKind].filter(Boolean).join('/')),
        licence(kind),
        kind.object.description,
      ]),
    ),
    '',
    ...kinds.flatMap((kind) => section(kind, examples)),
    '## Calls',
    '',
    'What the operator calls in Teleport for each kind. Servers that do not know an RPC are asked for the one behind "or".',
    '',
    markdownTable(
      ['kind', 'reads', 'creates', 'updates', 'deletes'],
      kinds.map(({ object, calls }) => [
        code(object.kind),
        ...[calls.get, calls.create, calls.update, calls.delete].map(({ method, older = [] }) =>
          [method, ...older].map(({ parent, name }) => code(`${parent.name}/${name}`)).join(' or '),
        ),
      ]),
    ),
    '',
  ].join('\n');
}

function section(kind: AnyKind, examples: readonly Example[]): string[] {
  const { object, singleton } = kind;
  const facts: readonly (readonly [string, string])[] = [
    ['Licence', licence(kind)],
    [
      'Name',
      singleton === undefined ? '' : `always ${code(singleton)}; an object of another name is refused`,
    ],
    ['Secrets', list(secretPaths(kind), 'may hold `secret://name/key`')],
    ['Kept', list(crPaths(kind, kind.kept), "stays as it is in Teleport where the object doesn't say")],
    ['At creation only', list(crPaths(kind, kind.initial), 'is Teleport’s own afterwards')],
    ['Unchangeable', list(crPaths(kind, kind.immutable), 'can not be changed later')],
    ['Shown', kind.mayBeHidden ? 'only to roles whose labels match it; otherwise `NotReadable`' : ''],
  ];
  const example = examples.find((candidate) => candidate.kind === object.kind);
  return [
    `## ${object.kind}`,
    '',
    object.description,
    '',
    ...facts.filter(([, fact]) => fact !== '').map(([name, fact]) => `- **${name}**: ${fact}`),
    '',
    ...(example
      ? [`From [examples/${example.file}](examples/${example.file}):`, '', '```yaml', example.text, '```', '']
      : [`Objects are of \`${group}/${storageVersion(kind)}\`.`, '']),
  ];
}

function licence({ needs }: AnyKind): string {
  return needs.length === 0 ? 'any' : `Enterprise (${needs.map((need) => words[need]).join(' or ')})`;
}

const words = { OIDC: 'OIDC', SAML: 'SAML', AdvancedAccessWorkflows: 'Identity Governance' } as const;

function list(paths: readonly string[], what: string): string {
  return paths.length === 0 ? '' : `${paths.map(code).join(', ')} ${what}`;
}

/** The stored version says so where there is more than one. */
function versions(all: AnyKind['object']['versions']): string {
  return all
    .map(({ name, storage }) => (all.length > 1 && storage ? `${code(name)} (stored)` : code(name)))
    .join(', ');
}
