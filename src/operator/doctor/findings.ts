// What the doctor found: one line a question, with the remedy where something is wrong. How it is shown, and what the
// exit code is; what is asked stands in kubernetes.ts and teleport.ts.

/** `skipped`: could not be asked, because of what is wrong above or because asking would do harm. */
export type Verdict = 'ok' | 'warning' | 'failed' | 'skipped';

export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  /** What is so. Never a secret. */
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export const ok = (check: string, detail: string): Finding => ({ check, verdict: 'ok', detail });
export const skipped = (check: string, detail: string): Finding => ({ check, verdict: 'skipped', detail });
export const warning = (check: string, detail: string, remedy: string): Finding => ({
  check,
  verdict: 'warning',
  detail,
  remedy,
});
export const failed = (check: string, detail: string, remedy: string): Finding => ({
  check,
  verdict: 'failed',
  detail,
  remedy,
});

const marks: Readonly<Record<Verdict, string>> = { ok: '✓', warning: '!', failed: '✗', skipped: '-' };

/** A table for people: a mark, the question, what is so, and below it the remedy. */
export function table(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const indent = ' '.repeat(width + 4);
  const rows = findings.flatMap(({ check, verdict, detail, remedy }) => [
    `${marks[verdict]} ${check.padEnd(width)}  ${detail}`,
    ...(remedy === undefined ? [] : [`${indent}→ ${remedy}`]),
  ]);
  const count = (verdict: Verdict): number => findings.filter((one) => one.verdict === verdict).length;
  const sum = `${count('ok')} ok, ${count('warning')} warnings, ${count('failed')} failed, ${count('skipped')} skipped`;
  return `${rows.join('\n')}\n\n${sum}\n`;
}

/** The same for programs. */
export function json(findings: readonly Finding[]): string {
  return `${JSON.stringify({ healthy: isHealthy(findings), findings }, undefined, 2)}\n`;
}

/** Nothing failed; warnings do not count. */
export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({ verdict }) => verdict !== 'failed');
}
