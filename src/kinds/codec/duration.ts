// Durations as text: what Teleport's decoder takes, what the CRD schema's `format: duration` lets through,
// and Go's way to write them. Nanoseconds are bigints throughout. What a field does with the value is the
// codec's affair.

const nanosecond = 1n;
const microsecond = 1_000n;
const millisecond = 1_000_000n;
const second = 1_000_000_000n;
const minute = 60n * second;
const hour = 60n * minute;
const day = 24n * hour;

/** Go's time.Duration is a signed 64-bit count of nanoseconds: about 292 years either way. */
export const longestDuration = 2n ** 63n - 1n;

/** For messages about a wrong duration. */
export const durationForms =
  'a duration such as 30m, 1h30m, 30d or never (units ns, us, ms, s, m, h, d, w, mo, y)';

// The first row of each is Go's or Teleport's own; the long names are what the Kubernetes schema format
// takes besides. `m` is a minute, a month is `mo`.
const units: ReadonlyMap<string, bigint> = new Map(
  (
    [
      [nanosecond, ['ns', 'nanosecond', 'nanoseconds']],
      [microsecond, ['us', '\u00b5s', '\u03bcs', 'microsecond', 'microseconds']],
      [millisecond, ['ms', 'millisecond', 'milliseconds']],
      [second, ['s', 'sec', 'secs', 'second', 'seconds']],
      [minute, ['m', 'min', 'mins', 'minute', 'minutes']],
      [hour, ['h', 'hr', 'hrs', 'hour', 'hours']],
      [day, ['d', 'day', 'days']],
      [7n * day, ['w', 'wk', 'week', 'weeks']],
      [30n * day, ['mo', 'month', 'months']],
      [365n * day, ['y', 'year', 'years']],
    ] as const
  ).flatMap(([size, names]) => names.map((name): [string, bigint] => [name, size])),
);

const part = /(\d*)(?:\.(\d*))?\s*([a-z\u00b5\u03bc]+)\s*/y;

/**
 * Reads a duration: `never` or `0`, or a signed sequence of decimal numbers with units. Fractions of a
 * nanosecond are cut off.
 * @returns nanoseconds, or undefined where the text is no duration or does not fit into 64 bits.
 */
export function parseDuration(text: string): bigint | undefined {
  if (text === 'never') return 0n;
  const negative = text.startsWith('-');
  const rest = negative || text.startsWith('+') ? text.slice(1) : text;
  if (rest === '0') return 0n;
  if (rest === '' || rest.length > 200) return undefined;
  let total = 0n;
  part.lastIndex = 0;
  while (part.lastIndex < rest.length) {
    const [, whole = '', fraction = '', name = ''] = part.exec(rest) ?? [];
    const unit = units.get(name);
    if (unit === undefined || (whole === '' && fraction === '')) return undefined;
    total += BigInt(whole || '0') * unit;
    if (fraction !== '') total += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
    if (total > longestDuration) return undefined;
  }
  return negative ? -total : total;
}

/** Writes nanoseconds as Go does: `30h0m0s`, `1.5s`, `250ms`, `0s`. */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s';
  const sign = nanoseconds < 0n ? '-' : '';
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size < microsecond) return `${sign}${size}ns`;
  if (size < millisecond) return `${sign}${decimal(size, microsecond)}\u00b5s`;
  if (size < second) return `${sign}${decimal(size, millisecond)}ms`;
  const hours = size / hour;
  const minutes = (size / minute) % 60n;
  const seconds = `${decimal(size % minute, second)}s`;
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

/** Writes nanoseconds as protobuf's JSON does: seconds with a fraction where there is one, `43200s`. */
export function formatSeconds(nanoseconds: bigint): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  return `${nanoseconds < 0n ? '-' : ''}${decimal(size, second)}s`;
}

/** `size` counted in `unit`, a power of ten, without trailing zeros. */
function decimal(size: bigint, unit: bigint): string {
  const digits = unit.toString().length - 1;
  const fraction = (size % unit).toString().padStart(digits, '0').replace(/0+$/, '');
  return fraction === '' ? `${size / unit}` : `${size / unit}.${fraction}`;
}
