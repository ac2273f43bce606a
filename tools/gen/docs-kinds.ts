// docs/kinds.md from the kinds' declarations.
import type { AnyKind } from '../../src/kinds/kind.js';
import { group } from '../../src/kinds/kind.js';
import { code, markdownTable } from './markdown.js';

export function kindsDoc(kinds: readonly AnyKind[]): string {
  return [
    '# Kinds',
    '',
    '<!-- Made by `npm run gen` from src/kinds. -->',
    '',
    `What the operator keeps, one row per CRD of the API group \`${group}\`. The Teleport resource has the object's name.`,
    'Every field is described in the cluster: `kubectl explain teleportuser.spec`, or `--recursive` for all at once.',
    '`kubectl get teleport` lists objects of all kinds.',
    '',
    markdownTable(
      ['kind', 'versions', 'short names', 'Teleport resource', 'what it is'],
      kinds.map(({ object, resource }) => [
        code(object.kind),
        versions(object.versions),
        object.shortNames.map(code).join(', ') || 'none',
        code([resource.kind, resource.version, resource.subKind].filter(Boolean).join('/')),
        object.description,
      ]),
    ),
    '',
    '## Calls',
    '',
    'What the operator calls in Teleport for each kind, and what of a resource it takes over from Teleport at an update instead of',
    'emptying it.',
    '',
    markdownTable(
      ['kind', 'reads', 'creates', 'updates', 'deletes', 'keeps'],
      kinds.map(({ object, calls, kept }) => [
        code(object.kind),
        ...[calls.get, calls.create, calls.update, calls.delete].map(({ method }) =>
          code(`${method.parent.name}/${method.name}`),
        ),
        kept.map(code).join(', ') || 'nothing',
      ]),
    ),
    '',
  ].join('\n');
}

/** The stored version says so where there is more than one. */
function versions(all: AnyKind['object']['versions']): string {
  return all
    .map(({ name, storage }) => (all.length > 1 && storage ? `${code(name)} (stored)` : code(name)))
    .join(', ');
}
