import { failure, Failure } from './strconv.ts';
import { goQuote } from './quote.ts';

/** An IP address. Syntax, string forms and predicates are those of Go's `net/netip`. */
export interface IpAddress {
  /** 4 or 16 bytes, most significant first. */
  readonly bytes: Uint8Array;
  /** IPv6 zone; empty when the address has none. */
  readonly zone: string;
}

/** An address with a prefix length. The bits of the address after the prefix are kept as written. */
export interface IpPrefix {
  readonly address: IpAddress;
  readonly bits: number;
}

/** The maximum length of a zone. A longer zone is truncated. */
const MAX_ZONE_TEXT_LENGTH = 1_000;

/** Reads an address as `netip.ParseAddr` does. */
export function parseAddress(text: string): IpAddress | Failure {
  const first = /[.:%]/.exec(text)?.[0];
  if (first === '.') {
    const bytes = new Uint8Array(4);
    const problem = parseIPv4Fields(text, 0, text.length, bytes);
    return problem ?? { bytes, zone: '' };
  }
  if (first === ':') return parseIPv6(text);
  return addressError(text, first === '%' ? 'missing IPv6 address' : 'unable to parse IP');
}

function addressError(text: string, message: string, at = ''): Failure {
  return failure(`ParseAddr(${goQuote(text)}): ${message}${at === '' ? '' : ` (at ${goQuote(at)})`}`);
}

function parseIPv4Fields(text: string, from: number, to: number, fields: Uint8Array): Failure | undefined {
  const part = text.slice(from, to);
  let value = 0;
  let digits = 0;
  let field = 0;
  for (let i = 0; i < part.length; i++) {
    const code = part.charCodeAt(i);
    if (code >= 0x30 && code <= 0x39) {
      if (digits === 1 && value === 0) return addressError(text, 'IPv4 field has octet with leading zero');
      value = value * 10 + code - 0x30;
      digits += 1;
      if (value > 255) return addressError(text, 'IPv4 field has value >255');
    } else if (code === 0x2e) {
      if (i === 0 || i === part.length - 1 || part.charAt(i - 1) === '.') {
        return addressError(text, 'IPv4 field must have at least one digit', part.slice(i));
      }
      if (field === 3) return addressError(text, 'IPv4 address too long');
      fields[field++] = value;
      value = 0;
      digits = 0;
    } else {
      return addressError(text, 'unexpected character', part.slice(i));
    }
  }
  if (field < 3) return addressError(text, 'IPv4 address too short');
  fields[3] = value;
  return undefined;
}

function parseIPv6(text: string): IpAddress | Failure {
  let rest = text;
  let zone = '';
  const percent = text.indexOf('%');
  if (percent >= 0) {
    rest = text.slice(0, percent);
    zone = text.slice(percent + 1);
    if (zone === '') return addressError(text, 'zone must be a non-empty string');
    if (zone.length > MAX_ZONE_TEXT_LENGTH) zone = zone.slice(0, MAX_ZONE_TEXT_LENGTH);
  }
  const bytes = new Uint8Array(16);
  const end = rest.length;
  let ellipsis = -1;
  if (rest.startsWith('::')) {
    ellipsis = 0;
    rest = rest.slice(2);
    if (rest === '') return { bytes, zone };
  }
  let filled = 0;
  while (filled < 16) {
    const group = /^[0-9a-fA-F]{0,5}/.exec(rest)?.[0] ?? '';
    if (group.length > 4) return addressError(text, 'each group must have 4 or less digits', rest);
    if (group === '') return addressError(text, 'each colon-separated field must have at least one digit', rest);
    if (rest.charAt(group.length) === '.') {
      if (ellipsis < 0 && filled !== 12) {
        return addressError(text, 'embedded IPv4 address must replace the final 2 fields of the address', rest);
      }
      if (filled + 4 > 16) {
        return addressError(text, 'too many hex fields to fit an embedded IPv4 at the end of the address', rest);
      }
      const problem = parseIPv4Fields(text, end - rest.length, end, bytes.subarray(filled, filled + 4));
      if (problem) return problem;
      rest = '';
      filled += 4;
      break;
    }
    const value = Number.parseInt(group, 16);
    bytes[filled++] = value >> 8;
    bytes[filled++] = value & 0xff;
    rest = rest.slice(group.length);
    if (rest === '') break;
    if (!rest.startsWith(':')) return addressError(text, 'unexpected character, want colon', rest);
    if (rest.length === 1) return addressError(text, 'colon must be followed by more characters', rest);
    rest = rest.slice(1);
    if (rest.startsWith(':')) {
      if (ellipsis >= 0) return addressError(text, 'multiple :: in address', rest);
      ellipsis = filled;
      rest = rest.slice(1);
      if (rest === '') break;
    }
  }
  if (rest !== '') return addressError(text, 'trailing garbage after address', rest);
  if (filled < 16) {
    if (ellipsis < 0) return addressError(text, 'address string too short');
    const gap = 16 - filled;
    bytes.copyWithin(ellipsis + gap, ellipsis, filled);
    bytes.fill(0, ellipsis, ellipsis + gap);
  } else if (ellipsis >= 0) {
    return addressError(text, 'the :: must expand to at least one field of zeros');
  }
  return { bytes, zone };
}

/** Reads a prefix as `netip.ParsePrefix` does. */
export function parsePrefix(text: string): IpPrefix | Failure {
  const prefixError = (message: string) => failure(`netip.ParsePrefix(${goQuote(text)}): ${message}`);
  const slash = text.lastIndexOf('/');
  if (slash < 0) return prefixError("no '/'");
  const address = parseAddress(text.slice(0, slash));
  if (address instanceof Failure) return prefixError(address.message);
  if (address.zone !== '') return prefixError('IPv6 zones cannot be present in a prefix');
  const bitsText = text.slice(slash + 1);
  const single = bitsText.length <= 1;
  if (!(single ? /^\d$/ : /^[1-9]\d*$/).test(bitsText) || bitsText.length > 18) {
    return prefixError(`bad bits after slash: ${goQuote(bitsText)}`);
  }
  const bits = Number(bitsText);
  if (bits > address.bytes.length * 8) return prefixError('prefix length out of range');
  return { address, bits };
}

/** The IP version of an address. */
export function family({ bytes }: IpAddress): 4 | 6 {
  return bytes.length === 4 ? 4 : 6;
}

/** Is the address an IPv4 address in the form `::ffff:a.b.c.d`? */
export function is4In6({ bytes }: IpAddress): boolean {
  return bytes.length === 16 && isZero(bytes, 0, 10) && bytes[10] === 0xff && bytes[11] === 0xff;
}

/** The canonical string form. */
export function formatAddress(address: IpAddress): string {
  if (address.bytes.length === 4) return address.bytes.join('.');
  const zone = address.zone === '' ? '' : `%${address.zone}`;
  if (is4In6(address)) return `::ffff:${address.bytes.subarray(12).join('.')}${zone}`;
  return groupText(groupsOf(address.bytes)) + zone;
}

/**
 * The string form of an IPv6 address without its zone. `::` replaces the longest run of two or more zero groups; if
 * several runs are longest, it replaces the first one.
 */
function groupText(groups: readonly number[]): string {
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let j = i;
    while (j < 8 && groups[j] === 0) j += 1;
    if (j - i > length) {
      start = i;
      length = j - i;
    }
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

function groupsOf(bytes: Uint8Array): number[] {
  return Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
}

/** `address/bits`: the address in canonical form, with the bits after the prefix as they are. */
export function formatPrefix({ address, bits }: IpPrefix): string {
  // Go writes an address of the form ::ffff:0:0 differently, but no caller passes one.
  return `${formatAddress(address)}/${bits}`;
}

/** Do the addresses have the same family, bytes and zone? */
export function sameAddress(a: IpAddress, b: IpAddress): boolean {
  return a.zone === b.zone && a.bytes.length === b.bytes.length && a.bytes.every((byte, i) => byte === b.bytes[i]);
}

/** Do the prefixes have the same length and the same address, including the bits after the prefix? */
export function samePrefix(a: IpPrefix, b: IpPrefix): boolean {
  return a.bits === b.bits && sameAddress(a.address, b.address);
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes.subarray(from, to).every((byte) => byte === 0);
}

/** `0.0.0.0` or `::`. */
export function isUnspecified({ bytes, zone }: IpAddress): boolean {
  return zone === '' && isZero(bytes, 0, bytes.length);
}

/** `127.0.0.0/8` or `::1`. */
export function isLoopbackAddress({ bytes }: IpAddress): boolean {
  return bytes.length === 4 ? bytes[0] === 127 : isZero(bytes, 0, 15) && bytes[15] === 1;
}

/** `224.0.0.0/4` or `ff00::/8`. */
export function isMulticast({ bytes }: IpAddress): boolean {
  return bytes.length === 4 ? ((bytes[0] ?? 0) & 0xf0) === 0xe0 : bytes[0] === 0xff;
}

/** `224.0.0.0/24` or `ffx2::/16`. */
export function isLinkLocalMulticast({ bytes }: IpAddress): boolean {
  if (bytes.length === 4) return bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0;
  return bytes[0] === 0xff && ((bytes[1] ?? 0) & 0x0f) === 0x02;
}

/** `169.254.0.0/16` or `fe80::/10`. */
export function isLinkLocalUnicast({ bytes }: IpAddress): boolean {
  if (bytes.length === 4) return bytes[0] === 169 && bytes[1] === 254;
  return bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80;
}

/**
 * Is the address a global unicast address? Unspecified, broadcast, loopback, multicast and link-local addresses are
 * not. Private addresses count as global.
 */
export function isGlobalUnicast(address: IpAddress): boolean {
  const { bytes } = address;
  if (bytes.length === 4 && bytes.every((byte) => byte === 255)) return false;
  return (
    !isUnspecified(address) && !isLoopbackAddress(address) && !isMulticast(address) && !isLinkLocalUnicast(address)
  );
}

/** The prefix with all bits of the address after the first `bits` bits set to zero, and without a zone. */
export function maskedPrefix({ address, bits }: IpPrefix): IpPrefix {
  const bytes = address.bytes.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * i));
    return byte & (0xff << (8 - kept));
  });
  return { address: { bytes, zone: '' }, bits };
}

/** Are the first `bits` bits equal? */
function sameStart(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const rest = bits & 7;
  return rest === 0 || (((a[whole] ?? 0) ^ (b[whole] ?? 0)) & (0xff << (8 - rest)) & 0xff) === 0;
}

/** Is the address in the network? False across families, and for an address with a zone. */
export function containsAddress(prefix: IpPrefix, address: IpAddress): boolean {
  const { bytes } = prefix.address;
  return address.zone === '' && bytes.length === address.bytes.length && sameStart(bytes, address.bytes, prefix.bits);
}

/** Is every address of `inner` in `outer`? */
export function containsPrefix(outer: IpPrefix, inner: IpPrefix): boolean {
  const a = outer.address.bytes;
  const b = inner.address.bytes;
  return a.length === b.length && outer.bits <= inner.bits && sameStart(a, b, outer.bits);
}
