import { describe, expect, it } from 'vitest';
import { importsOf, layerViolations } from './layers.js';

function violations(path: string, source: string): string[] {
  return layerViolations(new Map([[path, source]]), ['yaml', '@bufbuild/protobuf']);
}

describe('layerViolations', () => {
  it.each([
    ['src/core/log.ts', "import { x } from './clock.js';"],
    ['src/kube/watch.ts', "import type { Clock } from '../core/clock.js';"],
    ['src/kube/auth/exec.ts', "import type { Clock } from '../../core/clock.js';"],
    ['src/kinds/role.ts', "import { Role } from '../gen/teleport/types/role_pb.js';"],
    ['src/kinds/kind.ts', "import type { ApiResource } from '../kube/object.js';"],
    [
      'src/reconcile/pass.ts',
      "import { a } from '../kube/client.js';\nimport { b } from '../teleport/client.js';",
    ],
    ['src/cli/crds.ts', "import crds from '../gen/crds.json' with { type: 'json' };"],
    ['src/main.ts', "import { operate } from './operator.js';"],
    ['src/operator.ts', "import { readFile } from 'node:fs/promises';"],
    ['src/cli/crds.ts', "import { stringify } from 'yaml';"],
    ['src/kinds/codec/a.ts', "import { x } from '@bufbuild/protobuf/wkt';"],
    ['src/kube/watch.test.ts', "import { server } from '../../sandbox/kube/server.js';"],
    ['sandbox/main.ts', "import { operate } from '../src/operator.js';"],
  ])('%s may: %s', (path, source) => {
    expect(violations(path, source)).toEqual([]);
  });

  it.each([
    ['src/kube/watch.ts', "import { x } from '../teleport/client.js';", 'kube may import core, not teleport'],
    ['src/teleport/client.ts', "import type { x } from '../kube/client.js';", 'not kube'],
    ['src/core/log.ts', "export { x } from '../kube/client.js';", 'core may import nothing, not kube'],
    ['src/kinds/role.ts', "import { x } from '../kube/client.js';", 'not kube'],
    ['src/reconcile/pass.ts', "import { x } from '../operator/secrets.js';", 'not operator'],
    ['src/operator.ts', "import { x } from './main.js';", 'not main'],
    [
      'src/main.ts',
      "import { x } from '../sandbox/kube/server.js';",
      'nothing in src/ imports from sandbox/',
    ],
    [
      'src/kube/a.ts',
      "const x = await import('../../test/env/types.js');",
      'nothing in src/ imports from test/',
    ],
    ['src/kube/a.ts', "import * as jose from 'jose';", 'jose is not among the dependencies'],
    ['src/extra/a.ts', "import { x } from '../core/clock.js';", 'extra is no layer'],
  ])('%s may not: %s', (path, source, why) => {
    expect(violations(path, source)).toEqual([expect.stringContaining(why)]);
  });
});

describe('importsOf', () => {
  it('reads imports over several lines, for effect, dynamic, and re-exports', () => {
    const source = [
      'import {',
      '  a,',
      "} from './a.js';",
      "import './b.js';",
      "export * from './c.js';",
      "const d = import('./d.js');",
      "const text = 'taken from nowhere';",
      "export const e = './e.js';",
    ].join('\n');
    expect(importsOf(source)).toEqual(['./a.js', './b.js', './c.js', './d.js']);
  });
});
