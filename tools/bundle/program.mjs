// The operator as a program: src/ and the packages it needs, in the few files that `npm run build` makes and the image
// runs. What only some commands or join methods need is a file of its own, read when it is wanted: text that is loaded stays
// in memory.
import { build } from 'esbuild';

/**
 * Makes the program in a folder; what is there of other files stays.
 * @param name of the file to start, with its ending; the others have the same one and lie in `parts/`
 * @returns esbuild's metafile
 */
export async function buildProgram({ root, folder, name }) {
  const [stem, ending] = name.split(/(?=\.m?js$)/);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: 'src/main.ts', out: stem }],
    outdir: folder,
    outExtension: { '.js': ending },
    chunkNames: 'parts/[name]-[hash]',
    splitting: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // names stay, so that a stack trace in a log can be read
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    // pino and prom-client are CommonJS and ask for Node's modules with require
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  });
  return metafile;
}
