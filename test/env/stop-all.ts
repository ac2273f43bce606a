// Ends several things at once without losing what one of them has to say.

/**
 * Calls all of them and waits for all, also when some fail.
 * @throws what failed: the error itself, or all of them in an AggregateError whose message has every text
 */
export async function stopAll(...stops: readonly (() => unknown)[]): Promise<void> {
  const results = await Promise.allSettled(stops.map(async (stop) => stop()));
  const errors = results.flatMap((result): unknown[] =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) {
    const texts = errors.map((error) => (error instanceof Error ? error.message : String(error)));
    throw new AggregateError(errors, texts.join('\n'));
  }
}
