import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { printCrds } from './crds.js';

const crds: unknown = JSON.parse(readFileSync('src/gen/crds.json', 'utf8'));

function parse(text: string): unknown[] {
  return parseAllDocuments(text).map((document) => document.toJS() as unknown);
}

describe('printCrds', () => {
  it('prints the generated CRDs, one document each', () => {
    expect(parse(printCrds())).toEqual(crds);
  });

  it('reads the same under YAML 1.1, which kubectl speaks: no bare yes, no or on', () => {
    const old = parseAllDocuments(printCrds(), { version: '1.1' }).map(
      (document) => document.toJS() as unknown,
    );
    expect(old).toEqual(crds);
  });

  it('needs no file beside it when it is bundled', async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: "import { printCrds } from './crds.js'; process.stdout.write(printCrds());",
        resolveDir: 'src/cli',
      },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
    });
    const printed = execFileSync(process.execPath, ['--input-type=commonjs'], {
      input: outputFiles[0]!.text,
      encoding: 'utf8',
      maxBuffer: 16 * 1024 * 1024,
    });
    expect(parse(printed)).toEqual(crds);
  });
});
