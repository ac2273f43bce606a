// Whether Teleport, in tctl's words, has what an object says: everything that the object states must be
// there; what Teleport adds by default may be. An oracle that shares no code with the operator's codec.

/** Paths at which the stored spec is not what is wanted, with both values. */
export function differences(wanted: unknown, stored: unknown, path = 'spec'): string[] {
  if (isRecord(wanted)) {
    return Object.entries(wanted).flatMap(([key, value]) =>
      differences(value, isRecord(stored) ? stored[key] : undefined, `${path}.${key}`),
    );
  }
  if (Array.isArray(wanted) && wanted.some((item) => isRecord(item))) {
    return wanted.flatMap((item, at) =>
      differences(item, Array.isArray(stored) ? stored[at] : undefined, `${path}[${at}]`),
    );
  }
  const [left, right] = [plain(wanted), plain(stored)];
  return left === right || otherWords[left] === right ? [] : [`${path}: wanted ${left}, stored ${right}`];
}

/** What tctl prints in other words: enums as numbers, short names as the long ones that Teleport stores. */
const otherWords: Readonly<Record<string, string>> = {
  '"verify-full"': '0',
  '"verify-ca"': '1',
  '"insecure"': '2',
  '"unspecified"': '"urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"',
  '"basic"': '"urn:oasis:names:tc:SAML:2.0:attrname-format:basic"',
  '"uri"': '"urn:oasis:names:tc:SAML:2.0:attrname-format:uri"',
};

/** One form for what may be written in several: a list of one, a duration, a yes/no word, an absent empty. */
function plain(value: unknown): string {
  if (Array.isArray(value) && value.length === 1) return plain(value[0]);
  if (value === undefined || value === null || value === '' || value === false) return '""';
  if (Array.isArray(value)) return value.length === 0 ? '""' : JSON.stringify(value);
  if (isRecord(value) && typeof value['seconds'] === 'number') return `${value['seconds']}s`;
  if (typeof value === 'string') {
    if (/^(yes|on|true)$/i.test(value)) return 'true';
    if (/^(no|off|false)$/i.test(value)) return '""';
    const seconds = secondsOf(value);
    if (seconds !== undefined) return `${seconds}s`;
  }
  return JSON.stringify(value);
}

function secondsOf(text: string): number | undefined {
  if (!/^(\d+(h|m|s))+$/.test(text)) return undefined;
  const units: Record<string, number> = { h: 3600, m: 60, s: 1 };
  return [...text.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0),
    0,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
