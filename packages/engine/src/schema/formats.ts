import { nanosecondsOfUnit } from '@typekro/cel';
import { netLibrary } from '@typekro/kit/core';
import { dnsLabel, dnsSubdomain } from '@typekro/kit/kubernetes';
import { Failure, goParseDuration, parseInt64, parseRequestUrl } from '@typekro/kit/golang';

/**
 * The string formats that an API server checks. Maps the name of each format to its check. For any other format, the
 * server accepts every string. The checks are those of kube-openapi, including their oddities (`my-host` is not a
 * `hostname`). Each check takes linear time.
 */
const CHECKS: ReadonlyMap<string, (text: string) => boolean> = new Map<string, (text: string) => boolean>([
  ['bsonobjectid', (text) => /^[0-9a-fA-F]{24}$/.test(text)],
  ['byte', (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)],
  ['cidr', isCidr],
  ['creditcard', isCreditCard],
  ['date', isDate],
  ['date-time', isDateTime],
  ['duration', isDuration],
  ['email', isEmail],
  ['hexcolor', (text) => /^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text)],
  ['hostname', isHostname],
  ['ipv4', (text) => isPlainIpv4(text) || (text.includes('.') && isPlainIpv6(text))],
  ['ipv6', isPlainIpv6],
  ['isbn', (text) => isIsbn10(text) || isIsbn13(text)],
  ['isbn10', isIsbn10],
  ['isbn13', isIsbn13],
  ['k8s-long-name', (text) => dnsSubdomain(text).length === 0],
  ['k8s-short-name', (text) => dnsLabel(text).length === 0],
  ['mac', isMac],
  ['password', () => true],
  ['rgbcolor', isRgbColor],
  ['ssn', (text) => /^\d{3}[- ]\d{2}[- ]\d{4}$/.test(text)],
  ['uri', isUri],
  ['uuid', uuidCheck('[0-9a-f]{4}', '[0-9a-f]{4}')],
  ['uuid3', uuidCheck('3[0-9a-f]{3}', '[0-9a-f]{4}')],
  ['uuid4', uuidCheck('4[0-9a-f]{3}', '[89ab][0-9a-f]{3}')],
  ['uuid5', uuidCheck('5[0-9a-f]{3}', '[89ab][0-9a-f]{3}')],
]);

/** Maps format names without hyphens to checks, because the API server ignores hyphens in format names. */
const BY_NAME: ReadonlyMap<string, (text: string) => boolean> = new Map(
  [...CHECKS].map(([name, check]) => [name.replaceAll('-', ''), check]),
);

/** The check of a format; `undefined` for formats that are not checked. */
export function formatCheck(format: string): ((text: string) => boolean) | undefined {
  return BY_NAME.get(format.replaceAll('-', ''));
}

function uuidCheck(third: string, fourth: string): (text: string) => boolean {
  const pattern = new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}-?${fourth}-?[0-9a-f]{12}$`, 'i');
  return (text) => pattern.test(text);
}

const HOST_CHARACTER = String.raw`a-zA-Z0-9\p{S}\p{L}`;

/**
 * Matches a single label, or several labels joined by dots. A single label may have one hyphen, directly after its
 * first character. The last of several labels consists of letters.
 */
const HOSTNAME = new RegExp(
  `^(?:[${HOST_CHARACTER}](?:-?[${HOST_CHARACTER}]{0,62})?|(?:[${HOST_CHARACTER}](?:[-${HOST_CHARACTER}]{0,61}[${HOST_CHARACTER}])?\\.)+[a-zA-Z\\p{L}]{2,63})$`,
  'u',
);

function isHostname(text: string): boolean {
  if (Buffer.byteLength(text) > 255 || !HOSTNAME.test(text)) return false;
  return text.split('.').every((label) => Buffer.byteLength(label) <= 63);
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= (days[month - 1] ?? 0);
}

/**
 * A date, `T` in either case, a time with seconds, and a zone; leap seconds are refused. As on the server, any
 * character counts as the decimal point of the seconds. If there is another `T`, it and everything after it are
 * ignored.
 */
function isDateTime(text: string): boolean {
  const [date = '', time] = text.toLowerCase().split('t', 2);
  if (time === undefined || !isDate(date)) return false;
  const match = /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/.exec(time);
  return match !== null && Number(match[1]) <= 23 && Number(match[2]) <= 59 && Number(match[3]) <= 59;
}

/**
 * Matches a number with a unit. A match begins only at the first digit of a number, so that the search takes linear
 * time.
 */
const DURATION_PART = /(?<!\d)(\d+)[\t\n\f\r ]*([A-Za-zµ]+)/g;

/** Accepts Go's durations (`1h30m`), and strings that contain numbers with units of time (`3 days`, `1d 12h`). */
function isDuration(text: string): boolean {
  if (goParseDuration(text) !== undefined) return true;
  const parts = [...text.matchAll(DURATION_PART)];
  return (
    parts.every(([, number = '']) => typeof parseInt64(number) === 'bigint') &&
    parts.some(([, , unit = '']) => nanosecondsOfUnit(unit.toLowerCase()) !== undefined)
  );
}

/** Matches the display name that may precede an address in angle brackets. */
const DISPLAY_NAME = /^(?:"(?:[^"\\]|\\.)*"|[^()<>[\]:;@\\,"])*$/;

/** Accepts an address, or a display name with the address in angle brackets. */
function isEmail(text: string): boolean {
  const [, name = '', bracketed] = /^([^<>]*)<([^<>]+)>$/.exec(text.trim()) ?? [];
  if (!DISPLAY_NAME.test(name)) return false;
  const address = bracketed ?? text.trim();
  const at = address.lastIndexOf('@');
  if (at <= 0 || at === address.length - 1) return false;
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  if (local.startsWith('"')) return local.length > 2 && local.endsWith('"');
  const atoms = (part: string) => part.split('.').every((atom) => /^[^\s()<>[\]:;@\\,"]+$/.test(atom));
  return atoms(local) && (atoms(domain) || /^\[[^[\]\\]+\]$/.test(domain));
}

function isUri(text: string): boolean {
  return !(parseRequestUrl(text) instanceof Failure);
}

/** An IPv4 address. Its numbers may have leading zeros. */
function isPlainIpv4(text: string): boolean {
  return netLibrary().isIPv4(text.replaceAll(/\b0+(?=\d)/g, ''));
}

/** An IPv6 address without a zone. */
function isPlainIpv6(text: string): boolean {
  return netLibrary().isIPv6(text) && !text.includes('%');
}

function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 0 || !/^\d+$/.test(text.slice(slash + 1))) return false;
  const [address, prefix] = [text.slice(0, slash), Number(text.slice(slash + 1))];
  return isPlainIpv4(address) ? prefix <= 32 : isPlainIpv6(address) && prefix <= 128;
}

function isMac(text: string): boolean {
  for (const separator of [':', '-']) {
    const groups = text.split(separator);
    if ([6, 8, 20].includes(groups.length)) return groups.every((group) => /^[0-9a-fA-F]{2}$/.test(group));
  }
  const dotted = text.split('.');
  return [3, 4, 10].includes(dotted.length) && dotted.every((group) => /^[0-9a-fA-F]{4}$/.test(group));
}

function isRgbColor(text: string): boolean {
  const match = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text);
  return match !== null && match.slice(1).every((part) => Number(part) <= 255 && !/^0\d/.test(part));
}

const digitsOf = (text: string): string => text.replace(/[\s-]+/g, '');

function isIsbn10(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  const sum = Array.from(digits).reduce(
    (total, digit, index) => total + (10 - index) * (digit === 'X' ? 10 : Number(digit)),
    0,
  );
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^\d{13}$/.test(digits)) return false;
  const sum = Array.from(digits).reduce((total, digit, index) => total + (index % 2 === 0 ? 1 : 3) * Number(digit), 0);
  return sum % 10 === 0;
}

/** Accepts a card number of a known length with a correct check digit (Luhn). */
function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, '');
  if (
    !/^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/.test(
      digits,
    )
  ) {
    return false;
  }
  const sum = Array.from(digits)
    .reverse()
    .reduce((total, digit, index) => {
      const doubled = index % 2 === 1 ? Number(digit) * 2 : Number(digit);
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
  return sum % 10 === 0;
}
