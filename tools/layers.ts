// The layer rule: which folder of src/ may import from which. Imports go downward only, so that whoever
// knows Kubernetes can read src/kube without src/teleport, and the other way round. `npm run check` runs it.

/** What a folder may import beside itself and packages: folders, or single files by path below src/. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  gen: [],
  kube: ['core'],
  teleport: ['core', 'gen'],
  kinds: ['core', 'gen', 'teleport/client.ts', 'teleport/errors.ts', 'kube/object.ts'],
  reconcile: ['core', 'gen', 'kube', 'teleport', 'kinds'],
  cli: ['core', 'gen/crds.json'],
  operator: ['core', 'gen', 'kube', 'teleport', 'kinds', 'reconcile', 'cli'],
  main: ['core', 'kube', 'teleport', 'kinds', 'reconcile', 'cli', 'operator'],
};

/**
 * Imports that break the layer rule, one sentence each. Tests are free to import what they like.
 * @param files sources by path from the root; only those below src/ are judged
 * @param packages names of the packages that are installed with the operator
 */
export function layerViolations(files: ReadonlyMap<string, string>, packages: readonly string[]): string[] {
  const found: string[] = [];
  for (const [path, source] of files) {
    if (!path.startsWith('src/') || path.endsWith('.test.ts')) continue;
    for (const specifier of importsOf(source)) {
      const wrong = specifier.startsWith('.')
        ? judge(path, resolvePath(path, specifier))
        : judgePackage(specifier, packages);
      if (wrong) found.push(`${path} imports ${specifier}: ${wrong}`);
    }
  }
  return found;
}

function judge(from: string, to: string): string | undefined {
  if (!to.startsWith('src/')) return `nothing in src/ imports from ${to.split('/')[0]}/`;
  const layer = layerOf(from);
  const target = layerOf(to);
  if (layer === target) return undefined;
  const rules = allowed[layer];
  if (!rules) return `${layer} is no layer; add it to tools/layers.ts`;
  if (rules.includes(target) || rules.includes(to.slice('src/'.length))) return undefined;
  return `${layer} may import ${rules.length > 0 ? rules.join(', ') : 'nothing'}, not ${target}`;
}

function judgePackage(specifier: string, packages: readonly string[]): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return packages.includes(name) ? undefined : `${name} is not among the dependencies in package.json`;
}

/** `src/kube/watch.ts` is of layer kube, `src/main.ts` of layer main. */
function layerOf(path: string): string {
  const part = path.split('/')[1] ?? '';
  return part.replace(/\.ts$/, '');
}

function resolvePath(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/').replace(/\.js$/, '.ts');
}

/** The specifiers of all imports and re-exports, static and dynamic. */
export function importsOf(source: string): string[] {
  const pattern =
    /^(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...source.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '');
}
