// The forms that flags have, as Go reads them: how a text becomes a value, how a value is shown, and what is said of the form where
// it isn't met. Which flags there are is settings.ts's matter.
import { formatDuration, parseDuration } from '../core/duration.js';
import type { LogLevel } from '../core/log.js';

/** How a flag's text is read. `form` is what errors and docs say of it. */
export interface Reader<T> {
  readonly form: string;
  /** Undefined where the text is not of the form. */
  read(text: string): T | undefined;
  show(value: T): string;
}

export const text: Reader<string> = { form: 'text', read: (value) => value, show: (value) => value };
export const boolean: Reader<boolean> = {
  form: 'true or false',
  read: (value) =>
    /^(1|t|T|TRUE|true|True)$/.test(value)
      ? true
      : /^(0|f|F|FALSE|false|False)$/.test(value)
        ? false
        : undefined,
  show: String,
};
export const duration: Reader<number> = {
  form: 'a duration such as 30m or 1h30m',
  read: parseDuration,
  show: formatDuration,
};
/** Between what comes again and again. */
export const period: Reader<number> = {
  ...duration,
  form: `${duration.form}, or 0 for never`,
  read: (value) => atLeast(0, parseDuration(value)),
};
/** Until something is given up: none at all would give up at once. */
export const timeLimit: Reader<number> = {
  ...duration,
  form: `${duration.form}, longer than nothing`,
  read: (value) => atLeast(Number.MIN_VALUE, parseDuration(value)),
};
const atLeast = (least: number, ms: number | undefined): number | undefined =>
  ms !== undefined && ms >= least ? ms : undefined;
export const list: Reader<readonly string[]> = {
  form: 'a list with commas in between',
  read: (value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  show: (value) => value.join(','),
};
export const namespaceList: Reader<readonly string[]> = {
  form: 'all, or names of namespaces with commas in between',
  read: (value) => {
    const names = list.read(value) ?? [];
    return names.every((name) => name === '*' || /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
      ? names
      : undefined;
  },
  show: list.show,
};
const levels: readonly LogLevel[] = ['DEBUG', 'INFO', 'WARN', 'ERROR'];
export const level: Reader<LogLevel> = {
  form: 'DEBUG, INFO, WARN or ERROR',
  read: (value) => levels.find((known) => known === value.toUpperCase()),
  show: (value) => value,
};

export const count: Reader<number> = {
  form: 'a whole number, 0 or more',
  read: (value) => (/^\d{1,9}$/.test(value) ? Number(value) : undefined),
  show: String,
};
export const operatorId: Reader<string> = {
  form: 'letters, digits, dots, dashes and underscores, 63 at most',
  read: (value) => (/^[\w.-]{0,63}$/.test(value) ? value : undefined),
  show: (value) => value,
};
type DriftMode = 'correct' | 'report' | 'ignore';
const driftModes: readonly DriftMode[] = ['correct', 'report', 'ignore'];
export const drift: Reader<DriftMode> = {
  form: 'correct, report or ignore',
  read: (value) => driftModes.find((mode) => mode === value),
  show: (value) => value,
};
