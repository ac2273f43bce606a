// Everything that is made from the kinds' declarations and the .proto comments: the list of generators.
// A program of its own, since it must be bundled after the protobuf code has been written; prints one JSON
// object of path to content.
import { kinds } from '../../src/kinds/index.js';
import { commentsOf } from './comments.js';
import { crdsJson } from './crds.js';
import { kindsDoc } from './docs-kinds.js';
import { settingsDoc } from './docs-settings.js';
import { readExamples } from './examples.js';
import { buildImage } from './image.js';
import { chartCrdRules, chartCrds, chartRules, rbacDoc, teleportRoleDoc } from './rbac.js';

/** A generated file: its path from the root, and what stands in it. */
export interface Generator {
  readonly path: string;
  make(): string;
}

const describe = commentsOf(buildImage(process.cwd()));

/** To generate another file, add a line. */
const generators: readonly Generator[] = [
  { path: 'src/gen/crds.json', make: () => crdsJson(kinds, describe) },
  { path: 'docs/kinds.md', make: () => kindsDoc(kinds, readExamples('docs/examples')) },
  { path: 'docs/settings.md', make: settingsDoc },
  { path: 'docs/rbac.yaml', make: () => rbacDoc(kinds) },
  { path: 'docs/teleport-role.yaml', make: () => teleportRoleDoc(kinds) },
  { path: 'charts/teleport-operator/generated/rules.yaml', make: () => chartRules(kinds) },
  { path: 'charts/teleport-operator/generated/crd-rules.yaml', make: () => chartCrdRules(kinds) },
  ...chartCrds(kinds, describe),
];

process.stdout.write(
  JSON.stringify(Object.fromEntries(generators.map((generator) => [generator.path, generator.make()]))),
);
