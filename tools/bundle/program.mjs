// The operator as a program: src/ and the packages it needs, in the few files that `npm run build` makes and the image
// runs. What only some commands or join methods need is a file of its own, read when it is wanted: text that is loaded stays
// in memory. Beside them lie the source maps, which no running operator reads (docs/adr/0013-stack-traces.md).
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

/**
 * Makes the program in a folder; what is there of other files stays.
 *
 * The file to start is one line. All code lies in `parts/`, in files whose names hold a hash of what is in them: so every line
 * of a stack trace says which build it is of. `maps/` has a map for each part, with paths from the root of the repository.
 * @param name of the file to start, with its ending
 * @param node what its first line starts it with
 * @returns esbuild's metafile
 */
export async function buildProgram({ root, folder, name, node = '/usr/bin/env node' }) {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: 'src/main.ts', out: 'main' }],
    // not where it goes: the maps, and with them the hashes, would tell of it
    outdir: join(root, 'dist'),
    write: false,
    outExtension: { '.js': '.mjs' },
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    splitting: true,
    bundle: true,
    // nor where a link to node_modules/ leads
    preserveSymlinks: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // names stay, so that a stack trace in a log can be read
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    // external: nothing in the program names its map, so that Node doesn't load it whatever its options are
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
    // pino and prom-client are CommonJS and ask for Node's modules with require
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  });
  for (const part of ['parts', 'maps']) mkdirSync(join(folder, part), { recursive: true });
  for (const { path, text, contents } of outputFiles) {
    const file = basename(path);
    if (file.endsWith('.map')) writeFileSync(join(folder, 'maps', file), fromRoot(root, dirname(path), text));
    else writeFileSync(join(folder, 'parts', file), contents);
  }
  const [main] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === 'src/main.ts');
  writeFileSync(join(folder, name), `#!${node}\nimport'./parts/${basename(main)}';\n`);
  return metafile;
}

/** A map whose sources are named from the root of the repository. */
function fromRoot(root, folder, text) {
  const map = JSON.parse(text);
  map.sources = map.sources.map((source) => relative(root, join(folder, source)));
  return JSON.stringify(map);
}
