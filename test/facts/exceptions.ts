// Differences from the facts that are meant, as proto/*exceptions.json list them.
import { readFileSync } from 'node:fs';

/** Beginning of a finding to the reason why it is right. */
export type Exceptions = Readonly<Record<string, string>>;

export function readExceptions(path: string): Exceptions {
  return JSON.parse(readFileSync(path, 'utf8')) as Exceptions;
}

/** The findings that nobody meant, and the exceptions that nothing needs. */
export function sortOut(
  findings: readonly string[],
  exceptions: Exceptions,
): { wrong: string[]; unused: string[] } {
  const prefixes = Object.keys(exceptions);
  return {
    wrong: findings.filter((finding) => !prefixes.some((prefix) => finding.startsWith(prefix))),
    unused: prefixes.filter((prefix) => !findings.some((finding) => finding.startsWith(prefix))),
  };
}
