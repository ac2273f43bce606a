// package.json must name exact versions, and the lockfile the same ones: an install of today and one in a
// year are then the same.

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** Sentences about versions that are not exact or differ from the lockfile. */
export function looseVersions(manifest: Manifest, lock: { packages?: Record<string, Manifest> }): string[] {
  const found: string[] = [];
  const locked = lock.packages?.[''] ?? {};
  for (const section of ['dependencies', 'devDependencies'] as const) {
    for (const [name, version] of Object.entries(manifest[section] ?? {})) {
      if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
        found.push(`package.json: ${section}.${name} is "${version}", not an exact version`);
      }
      const other = locked[section]?.[name];
      if (other !== version) {
        found.push(
          `package-lock.json has ${name} ${other ?? 'not at all'}, package.json ${version}: run npm install`,
        );
      }
    }
  }
  return found;
}
