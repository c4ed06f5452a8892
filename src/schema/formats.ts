import { netLibrary } from '../core/index.ts';
import { dnsLabel, dnsSubdomain } from '../kubernetes/index.ts';
import { goParseDuration } from '../golang/index.ts';

/**
 * The string formats that an API server checks; it accepts any text for other formats. Each check takes linear time:
 * its expressions have no nested repetition.
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
  ['ipv4', (text) => netLibrary().isIPv4(text.replaceAll(/\b0+(?=\d)/g, ''))],
  ['ipv6', (text) => netLibrary().isIPv6(text) && !text.includes('%')],
  ['isbn', (text) => isIsbn10(text) || isIsbn13(text)],
  ['isbn10', isIsbn10],
  ['isbn13', isIsbn13],
  ['k8s-long-name', (text) => dnsSubdomain(text).length === 0],
  ['k8s-short-name', (text) => dnsLabel(text).length === 0],
  ['mac', isMac],
  ['password', () => true],
  ['rgbcolor', isRgbColor],
  ['ssn', (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text)],
  ['uri', isUri],
  ['uuid', (text) => uuid('[0-9a-f]{4}', '[0-9a-f]{4}').test(text)],
  ['uuid3', (text) => uuid('3[0-9a-f]{3}', '[0-9a-f]{4}').test(text)],
  ['uuid4', (text) => uuid('4[0-9a-f]{3}', '[89ab][0-9a-f]{3}').test(text)],
  ['uuid5', (text) => uuid('5[0-9a-f]{3}', '[89ab][0-9a-f]{3}').test(text)],
]);

/** The checks by name without hyphens, because the API server ignores hyphens in names of formats. */
const BY_NAME: ReadonlyMap<string, (text: string) => boolean> = new Map(
  [...CHECKS].map(([name, check]) => [name.replaceAll('-', ''), check]),
);

/** The check of a format; `undefined` for formats that are not checked. */
export function formatCheck(format: string): ((text: string) => boolean) | undefined {
  return BY_NAME.get(format.replaceAll('-', ''));
}

const uuid = (third: string, fourth: string): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}-?${fourth}-?[0-9a-f]{12}$`, 'i');

function isHostname(text: string): boolean {
  if (text.length > 253) return false;
  const labels = text.split('.');
  // The last label of a host name with dots has only letters.
  if (labels.length > 1 && !/^[a-zA-Z\p{L}]{2,63}$/u.test(labels.at(-1) ?? '')) return false;
  return labels.every((label) => label.length <= 63 && /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(label));
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

/** A date, `T` in either case, a time with seconds, and a zone; leap seconds are refused. */
function isDateTime(text: string): boolean {
  const [date = '', time, ...more] = text.toLowerCase().split('t');
  if (time === undefined || more.length > 0 || !isDate(date)) return false;
  const match = /^(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:z|[+-]\d{2}:\d{2})$/.exec(time);
  return match !== null && Number(match[1]) <= 23 && Number(match[2]) <= 59 && Number(match[3]) <= 59;
}

const WORDY_DURATION =
  /^\d+\s*(?:ns|nanoseconds?|us|µs|\u03bcs|microseconds?|ms|milliseconds?|s|sec|seconds?|m|min|minutes?|h|hr|hours?|d|days?|w|weeks?)$/i;

/** Go's durations (`1h30m`), or one number with a unit in words (`3 days`). */
function isDuration(text: string): boolean {
  return goParseDuration(text) !== undefined || WORDY_DURATION.test(text);
}

/** An address, or a display name with the address in angle brackets. */
function isEmail(text: string): boolean {
  const bracketed = /^[^<>]*<([^<>]+)>$/.exec(text.trim());
  const address = bracketed?.[1] ?? text.trim();
  const at = address.lastIndexOf('@');
  if (at <= 0 || at === address.length - 1) return false;
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  if (local.startsWith('"')) return local.length > 2 && local.endsWith('"');
  const atoms = (part: string) => part.split('.').every((atom) => /^[^\s()<>[\]:;@\\,"]+$/.test(atom));
  return atoms(local) && (atoms(domain) || /^\[[^[\]\\]+\]$/.test(domain));
}

function isUri(text: string): boolean {
  if (text === '' || /[\s\p{Cc}]/u.test(text)) return false;
  if (text.startsWith('/')) return true;
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(text);
  return scheme !== null && scheme[0].length < text.length && !/%(?![0-9a-fA-F]{2})/.test(text);
}

function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 0 || !/^\d{1,3}$/.test(text.slice(slash + 1))) return false;
  const [address, prefix] = [text.slice(0, slash), Number(text.slice(slash + 1))];
  if (netLibrary().isIPv4(address)) return prefix <= 32;
  return netLibrary().isIPv6(address) && !address.includes('%') && prefix <= 128;
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

/** A card number of a known length whose check digit is right (Luhn). */
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
