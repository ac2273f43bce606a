// Checks on our own source text: files that grew too long, and words that must not be committed.

const listedAbove = 300;
const refusedAbove = 450;

/** Code folders of the repository. */
export const codeFolders = ['src', 'sandbox', 'tools', 'test', 'bench'] as const;

/** Words that weaken the type checker or switch tests off. */
const banned: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bas any\b(?!\s+\w)/, 'gives up type checking; name the type, or narrow an unknown'],
  [/@ts-(?:ignore|nocheck)/, 'hides a type error; mend it, or say @ts-expect-error and why'],
  [/\b(?:it|test|describe|suite|bench)(?:\.\w+)*\.only\(/, 'runs one test and none of the others'],
  [/^\s*debugger\b/, 'stops the process under a debugger'],
];

/** Sentences about lines that hold a banned word. */
export function bannedWords(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [path, source] of files) {
    source.split('\n').forEach((line, index) => {
      for (const [pattern, why] of banned) {
        const word = pattern.exec(line)?.[0];
        if (word) found.push(`${path}:${index + 1}: ${word.trim()} ${why}`);
      }
    });
  }
  return found;
}

/** Long files, longest first: those to look at, and those that are refused. Tests may be as long as they need. */
export function longFiles(files: ReadonlyMap<string, string>): { listed: string[]; refused: string[] } {
  const sizes = [...files]
    .filter(([path]) => !path.endsWith('.test.ts') && !path.startsWith('test/'))
    .map(([path, source]) => ({ path, lines: source.split('\n').length - 1 }))
    .filter(({ lines }) => lines > listedAbove)
    .sort((one, other) => other.lines - one.lines);
  return {
    listed: sizes.map(({ path, lines }) => `${path}: ${lines} lines`),
    refused: sizes
      .filter(({ lines }) => lines > refusedAbove)
      .map(({ path, lines }) => `${path} has ${lines} lines, more than ${refusedAbove}: split it by subject`),
  };
}
