// Tells mistakes of the program from what happens to it: the answer of a server, a network, a file or a user has a text that
// says all there is to know; a mistake is found by where in the program it happened. Where that is shown: log-pino.ts, main.ts.

/** What V8 throws where the program does what can't be done. No SyntaxError: JSON that can't be read comes from outside. */
const mistakes = [TypeError, RangeError, ReferenceError];

/**
 * The mistake of the program that lies behind a thrown value, however often it was wrapped on the way up.
 * Node's own errors have a code and are about values from outside (addresses, headers, keys), but for a wrong type.
 */
export function mistakeBehind(thrown: unknown): Error | undefined {
  const first = firstCause(thrown);
  if (!mistakes.some((type) => first instanceof type)) return undefined;
  const code = 'code' in (first as Error) ? (first as NodeJS.ErrnoException).code : undefined;
  return code === undefined || code === 'ERR_INVALID_ARG_TYPE' ? (first as Error) : undefined;
}

/**
 * Where in the program an error was made, outermost call last; of the mistake behind it if there is one. A line for each call
 * as V8 writes them, without the error's text, which may quote what it is about. '' where nothing is known.
 */
export function placeOf(thrown: unknown): string {
  const error = mistakeBehind(thrown) ?? thrown;
  if (!(error instanceof Error)) return '';
  const { message, stack = '' } = error;
  // the text stands first, and may have lines that look like calls
  return stack
    .slice(Math.max(0, stack.indexOf(message)) + message.length)
    .split('\n')
    .filter((line) => /^ +at /.test(line))
    .join('\n');
}

/** Fields for the log line of an error that nobody foresaw, whatever it is. */
export function unforeseen(thrown: unknown): { error: unknown; stack: string } {
  return { error: thrown instanceof Error ? thrown : String(thrown), stack: placeOf(thrown) };
}

function firstCause(thrown: unknown): unknown {
  let error = thrown;
  // a circle of causes ends too
  for (let depth = 0; depth < 20 && error instanceof Error && error.cause !== undefined; depth += 1)
    error = error.cause;
  return error;
}
