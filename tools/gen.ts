// npm run gen: writes everything that is generated. With --check writes nothing and fails if that would
// change a file. What is generated: protobuf code from proto/ (here), and what tools/gen/derived.ts lists.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { apply, type Difference, differences } from './gen/difference.js';
import { protobufCode } from './gen/image.js';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const root = process.cwd();

const code = protobufCode(root);
const codeChanges = differences(root, code, []);
if (!values.check) apply(root, code, codeChanges);

const files = new Map([...code, ...derived()]);
const changes = [
  ...codeChanges,
  ...differences(root, files, ['src/gen', 'charts/teleport-operator/operator-crds']).filter(
    (change) => !code.has(change.path),
  ),
];
if (values.check) {
  for (const change of changes) console.error(sentence(change));
  if (changes.length > 0) {
    console.error(`${changes.length} generated files differ: run \`npm run gen\` and commit the result.`);
    process.exitCode = 1;
  }
} else {
  apply(root, files, changes);
  console.log(`${files.size} files generated, ${changes.length} changed`);
}

/** In a process of its own: it imports the code that was just written. */
function derived(): Map<string, string> {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/run.mjs', 'tools/gen/derived.ts'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`tools/gen/derived.ts failed\n${stderr}`);
  return new Map(Object.entries(JSON.parse(stdout) as Record<string, string>));
}

function sentence({ path, kind, detail }: Difference): string {
  switch (kind) {
    case 'missing':
      return `${path}: is missing`;
    case 'stale':
      return `${path}: no generator makes this file`;
    case 'changed':
      return `${path}: ${detail}`;
  }
}
