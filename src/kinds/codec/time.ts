// Points in time as RFC 3339 text and as seconds and nanoseconds since 1970. Teleport's Go code keeps "no
// time" as the first second of year 1; that rule is told here and obeyed by the codec.

export interface Instant {
  readonly seconds: bigint;
  /** 0 to 999,999,999. */
  readonly nanos: number;
}

/** 0001-01-01T00:00:00Z, Go's zero time: it means that no time is set. Never write 1970 for it. */
export const zeroTime: Instant = { seconds: -62_135_596_800n, nanos: 0 };

/** 9999-12-31T23:59:59Z, the last second that protobuf and RFC 3339 know. */
const lastSecond = 253_402_300_799n;

/** For messages about a wrong time. */
export const timeForms = 'a time as RFC 3339 text, such as 2030-01-31T12:00:00Z';

export function isZeroTime({ seconds, nanos }: Instant): boolean {
  return seconds === zeroTime.seconds && nanos === 0;
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,18}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Reads RFC 3339 text; undefined where it is none. Digits beyond nanoseconds are cut off. */
export function parseTime(text: string): Instant | undefined {
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const number = (group: number): number => Number(match[group] ?? '0');
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (
    month < 1 ||
    month > 12 ||
    day < 1 ||
    day > daysIn(year, month) ||
    hour > 23 ||
    minute > 59 ||
    second > 59
  )
    return undefined;
  if (number(9) > 23 || number(10) > 59) return undefined;
  const date = new Date(0);
  // Not Date.UTC: it takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const offset = (number(9) * 60 + number(10)) * 60 * (match[8] === '-' ? -1 : 1);
  const seconds = BigInt(date.getTime() / 1000 - offset);
  if (seconds < zeroTime.seconds || seconds > lastSecond) return undefined;
  return { seconds, nanos: Number((match[7] ?? '').slice(0, 9).padEnd(9, '0')) };
}

/** Writes RFC 3339 text in UTC, with a fraction where there is one. The instant must be one that parseTime can give. */
export function formatTime({ seconds, nanos }: Instant): string {
  const whole = new Date(Number(seconds) * 1000).toISOString().replace(/\.000Z$/, '');
  const fraction = nanos === 0 ? '' : `.${nanos.toString().padStart(9, '0').replace(/0+$/, '')}`;
  return `${whole}${fraction}Z`;
}

function daysIn(year: number, month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 0);
  return date.getUTCDate();
}
