// The string formats that kube-apiserver checks in custom resources (k8s.io/kube-openapi's strfmt). A format it
// does not know is no constraint, and so it is here. Left out: isbn, creditcard, ssn, colours, bsonobjectid, email.
import { isIPv4, isIPv6 } from 'node:net';

const dateTime = /^(\d{2}):(\d{2}):(\d{2})(.\d+)?(z|([+-]\d{2}:\d{2}))$/;

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function isDateTime(text: string): boolean {
  const [date = '', time, ...more] = text.toLowerCase().split('t');
  if (time === undefined || more.length > 0 || !isDate(date)) return false;
  const match = dateTime.exec(time);
  return match !== null && Number(match[1]) <= 23 && Number(match[2]) <= 59 && Number(match[3]) <= 59;
}

const goDuration = /^[-+]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;
const units =
  /^(nano|ns|micro|us|µs|milli|ms|s|sec|secs|second.*|m|min|mins|minute.*|h|hr|hrs|hour.*|d|day.*|w|wk|wks|week.*)$/i;

/** Go's durations, and the looser `3 days` that strfmt takes as well. */
function isDuration(text: string): boolean {
  if (goDuration.test(text)) return true;
  return [...text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)].some((match) => units.test(match[2] ?? ''));
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

function isUri(text: string): boolean {
  return text.startsWith('/') || URL.canParse(text);
}

const checks: Record<string, (text: string) => boolean> = {
  'date-time': isDateTime,
  datetime: isDateTime,
  date: isDate,
  duration: isDuration,
  byte: (text) => base64.test(text),
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: (text) => {
    const [address = '', bits = ''] = text.split('/');
    const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
    return /^\d{1,3}$/.test(bits) && Number(bits) <= most;
  },
  hostname: (text) =>
    text.length <= 253 && text.split('.').every((part) => /^[a-zA-Z0-9-]{1,63}$/.test(part)),
  mac: (text) => /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(text),
  uri: isUri,
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  'k8s-short-name': (text) => text.length <= 63 && label.test(text),
  'k8s-long-name': (text) => text.length <= 253 && text.split('.').every((part) => label.test(part)),
};

/** True when the text has the format, or when nobody checks that format. */
export function hasFormat(text: string, format: string): boolean {
  const check = checks[format];
  return check === undefined || check(text);
}
