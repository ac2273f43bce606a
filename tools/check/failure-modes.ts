// docs/failure-modes.md names a test behind every row; it must be there. A test is named by its file and by words of
// its title, or of its describe's: `test/e2e/drift.test.ts`: a changed field. Several stand between semicolons.

/**
 * Sentences about rows without a test, and about tests that there are not.
 * @param read a file's text; undefined where there is none
 */
export function unprovedRows(document: string, read: (path: string) => string | undefined): string[] {
  const found: string[] = [];
  const rows = document.split('\n').filter((line) => line.startsWith('| '));
  for (const row of rows.slice(1)) {
    const [, what = '', , tests = ''] = row.split('|').map((cell) => cell.trim());
    const named = tests.split(/; (?=`)/).map((test) => /^`([^`]+\.test\.ts)`: (.+)$/.exec(test));
    for (const match of named) {
      if (!match) {
        found.push(`"${what}": name its test as \`path/to/file.test.ts\`: words of its title`);
        continue;
      }
      const [, path = '', words = ''] = match;
      const text = read(path);
      if (text === undefined) found.push(`"${what}": ${path} is not there`);
      else if (!literals(text).some((literal) => literal.includes(words)))
        found.push(`"${what}": ${path} has no test with "${words}" in its title`);
    }
  }
  return found;
}

/** What stands in quotes, titles among it. */
function literals(source: string): string[] {
  const quoted = source.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g);
  return [...quoted].map(([, single, double, template]) => single ?? double ?? template ?? '');
}
