// Writes logs as JSON lines through pino: level, timestamp, component, message, then the fields. Lines are
// written at once, so that none is lost when the process ends. What may be logged is the callers' concern.
import { pino } from 'pino';
import { type Clock, systemClock } from './clock.js';
import type { LogFields, Logger, LogLevel } from './log.js';
import { mistakeBehind, placeOf } from './mistake.js';

export interface LogOptions {
  /** Lines below this level are dropped. */
  readonly level: LogLevel;
  readonly component: string;
  readonly clock?: Clock;
  /** Takes each line with its line break; standard output by default. */
  readonly write?: (line: string) => void;
}

const pinoLevels = { DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** A logger that prints lines as the Go operator's: upper-case levels, RFC 3339 times. */
export function createLogger(options: LogOptions): Logger {
  const { level, component, clock = systemClock, write } = options;
  const target = write ? { write } : pino.destination({ dest: 1, sync: true });
  const lines = pino(
    {
      level: pinoLevels[level],
      base: null,
      messageKey: 'message',
      timestamp: () => `,"timestamp":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    target,
  );
  return wrap(lines, { component });
}

type Lines = Readonly<Record<'debug' | 'info' | 'warn' | 'error', (fields: object, message: string) => void>>;

/** Fields are merged here and not by pino's children, which would print a repeated key twice. */
function wrap(lines: Lines, bound: LogFields): Logger {
  const write =
    (level: keyof Lines) =>
    (message: string, fields?: LogFields): void =>
      lines[level](fields ? { ...bound, ...plain(fields) } : bound, message);
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    with: (fields) => wrap(lines, { ...bound, ...plain(fields) }),
  };
}

/**
 * Errors as their text: JSON would print them as {}. Where in the program one was made is told of mistakes of the program only;
 * it is of no use to who looks for what is wrong in a network or a spec.
 */
function plain(fields: LogFields): LogFields {
  let copy: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(fields)) {
    if (!(value instanceof Error)) continue;
    copy ??= { ...fields };
    copy[name] = value.message || value.name;
    if (mistakeBehind(value)) copy['stack'] ??= placeOf(value);
  }
  return copy ?? fields;
}
