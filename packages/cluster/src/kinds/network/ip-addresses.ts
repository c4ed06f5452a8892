import type { IpAddress, IpPrefix } from '@typekro/kit/golang';
import {
  containsAddress,
  Failure,
  family,
  formatAddress,
  formatPrefix,
  is4In6,
  isLinkLocalMulticast,
  isLinkLocalUnicast,
  isLoopbackAddress,
  isUnspecified,
  maskedPrefix,
  parseAddress,
  parsePrefix,
  samePrefix,
} from '@typekro/kit/golang';

/**
 * Removes leading zeros from the numbers of an address and of a prefix length. Kubernetes accepts addresses with
 * leading zeros, but Go's package netip refuses them.
 */
const withoutLeadingZeros = (text: string): string => text.replace(/(^|[.:/])0+(?=[\da-f])/gi, '$1');

/**
 * Parses an address, which may have leading zeros. Returns `undefined` for any other string, and for an address with a
 * zone.
 */
function addressOf(text: string): IpAddress | undefined {
  const address = text.includes('%') ? undefined : parseAddress(withoutLeadingZeros(text));
  return address instanceof Failure ? undefined : address;
}

/** Parses a CIDR range, which may have leading zeros. Returns `undefined` for any other string. */
function rangeOf(text: string): IpPrefix | undefined {
  const range = parsePrefix(withoutLeadingZeros(text));
  return range instanceof Failure ? undefined : range;
}

/** Is the string an IP address? Leading zeros are allowed. */
export const isIpAddress = (text: string): boolean => addressOf(text) !== undefined;

/**
 * The reason why the API server refuses an IP address in a field that predates the strict rules, such as a Service's
 * `externalIPs`; `undefined` for an accepted address. The address need not be canonical.
 */
export function addressProblem(text: string): string | undefined {
  const address = addressOf(text);
  if (address === undefined) return 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
  if (parseAddress(text) instanceof Failure) return 'must not have leading 0s';
  return is4In6(address) ? 'must not be an IPv4-mapped IPv6 address' : undefined;
}

/** The reason why a string is not a canonical IP address; `undefined` for a canonical address. */
export function strictAddressProblem(text: string): string | undefined {
  const address = addressOf(text);
  return addressProblem(text) ?? (address && notCanonical(text, formatAddress(address)));
}

const notCanonical = (text: string, canonical: string): string | undefined =>
  text === canonical ? undefined : `must be in canonical form ("${canonical}")`;

/**
 * The family of an IP address or of a CIDR range; 0 for any other string. An IPv4-mapped IPv6 address counts as IPv4.
 */
export function familyOf(text: string): 0 | 4 | 6 {
  const address = addressOf(text) ?? rangeOf(text)?.address;
  if (address === undefined) return 0;
  return is4In6(address) ? 4 : family(address);
}

/** Does the CIDR range contain the address? Both must be valid. */
export function rangeContains(cidr: string, text: string): boolean {
  const [range, address] = [rangeOf(cidr), addressOf(text)];
  return range !== undefined && address !== undefined && containsAddress(range, address);
}

/** Is the range `inner` inside the range `outer`, and smaller? Both must be valid. */
export function isProperPart(inner: string, outer: string): boolean {
  const [part, whole] = [rangeOf(inner), rangeOf(outer)];
  if (part === undefined || whole === undefined) return false;
  return part.bits > whole.bits && containsAddress(whole, part.address);
}

/** The reason why a string is not a canonical CIDR range; `undefined` for a canonical range. */
export function strictCidrProblem(text: string): string | undefined {
  const range = rangeOf(text);
  return cidrProblem(text) ?? (range && notCanonical(text, formatPrefix(range)));
}

/**
 * The reason why the API server refuses a CIDR range in a field that predates the strict rules, such as the ranges of a
 * NetworkPolicy; `undefined` for an accepted range. The range need not be canonical.
 */
export function cidrProblem(text: string): string | undefined {
  const range = rangeOf(text);
  if (range === undefined) return 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
  if (parsePrefix(text) instanceof Failure) return 'must not have leading 0s in IP or prefix length';
  if (is4In6(range.address)) return 'must not have an IPv4-mapped IPv6 address';
  return samePrefix(range, maskedPrefix(range)) ? undefined : 'must not have bits set beyond the prefix length';
}

const SPECIAL: readonly (readonly [(address: IpAddress) => boolean, string])[] = [
  [isLoopbackAddress, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [isLinkLocalUnicast, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [isLinkLocalMulticast, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
];

/**
 * The reason why an endpoint cannot have the address, e.g. because it is a loopback or link-local address. `undefined`
 * for all other addresses.
 */
export function specialAddressProblem(text: string): string | undefined {
  const parsed = addressOf(text);
  if (parsed === undefined) return undefined;
  // An IPv4-mapped IPv6 address is checked as the IPv4 address.
  const address = is4In6(parsed) ? { bytes: parsed.bytes.subarray(-4), zone: '' } : parsed;
  if (isUnspecified(address)) return `may not be unspecified (${text})`;
  return SPECIAL.find(([isSpecial]) => isSpecial(address))?.[1];
}
