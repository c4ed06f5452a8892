import { isIP } from 'node:net';
import type { IpAddress, IpPrefix } from '../../golang/index.ts';
import {
  containsAddress,
  Failure,
  formatAddress,
  is4In6,
  isLinkLocalMulticast,
  isLinkLocalUnicast,
  isLoopbackAddress,
  isUnspecified,
  maskedPrefix,
  parseAddress,
  parsePrefix,
  samePrefix,
} from '../../golang/index.ts';

/** Does an IPv6 address name a zone, such as `fe80::1%eth0`? Node accepts zones, and an API server refuses them. */
const hasZone = (text: string): boolean => text.includes('%');

/** The reason why a text is not an IP address; `undefined` for an address. */
export function addressProblem(text: string): string | undefined {
  return isIP(text) === 0 || hasZone(text)
    ? 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
    : undefined;
}

/** The reason why a text is not an IP address in its canonical form; `undefined` for a canonical address. */
export function strictAddressProblem(text: string): string | undefined {
  const problem = addressProblem(text);
  const address = parseAddress(text);
  if (problem !== undefined || address instanceof Failure) return problem;
  if (is4In6(address)) return 'must not be an IPv4-mapped IPv6 address';
  return notCanonical(text, formatAddress(address));
}

const notCanonical = (text: string, canonical: string): string | undefined =>
  text === canonical ? undefined : `must be in canonical form ("${canonical}")`;

/** The family of an IP address or of a CIDR range; 0 for any other text. */
export function familyOf(text: string): 0 | 4 | 6 {
  const family = isIP(text.split('/')[0] ?? '');
  return family === 4 || family === 6 ? family : 0;
}

/** Does the CIDR range contain the address? Both must be valid. */
export function rangeContains(cidr: string, text: string): boolean {
  const [range, address] = [rangeOf(cidr), parseAddress(text)];
  return range !== undefined && !(address instanceof Failure) && containsAddress(range, address);
}

/** Is the range `inner` a proper part of the range `outer`? Both must be valid. */
export function isProperPart(inner: string, outer: string): boolean {
  const [part, whole] = [rangeOf(inner), rangeOf(outer)];
  if (part === undefined || whole === undefined) return false;
  return part.bits > whole.bits && containsAddress(whole, part.address);
}

/** The CIDR range of a text. The length of the prefix may begin with zeros. */
function rangeOf(cidr: string): IpPrefix | undefined {
  const [base = '', prefix = ''] = cidr.split('/');
  const range = parsePrefix(`${base}/${Number(prefix)}`);
  return range instanceof Failure ? undefined : range;
}

/** The reason why a text is not a CIDR range in its canonical form; `undefined` for a canonical range. */
export function strictCidrProblem(text: string): string | undefined {
  const problem = cidrProblem(text);
  const range = rangeOf(text);
  if (problem !== undefined || range === undefined) return problem;
  if (!samePrefix(range, maskedPrefix(range))) return 'must not have bits set beyond the prefix length';
  return notCanonical(text, `${formatAddress(range.address)}/${range.bits}`);
}

/** The reason why a text is not a CIDR range; `undefined` for a range. */
export function cidrProblem(text: string): string | undefined {
  const [address = '', prefix = '', ...more] = text.split('/');
  const isLength = /^\d{1,3}$/.test(prefix) && Number(prefix) <= (isIP(address) === 6 ? 128 : 32);
  const valid = isIP(address) !== 0 && !hasZone(address) && isLength && more.length === 0;
  return valid ? undefined : 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
}

const SPECIAL: readonly (readonly [(address: IpAddress) => boolean, string])[] = [
  [isLoopbackAddress, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [isLinkLocalUnicast, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [isLinkLocalMulticast, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
];

/**
 * The reason why an endpoint cannot have the address: the address is reserved, or means the machine itself. `undefined`
 * for other addresses.
 */
export function specialAddress(text: string): string | undefined {
  const parsed = parseAddress(text);
  if (parsed instanceof Failure) return undefined;
  // An IPv4 address in the form of IPv6 has the meaning of the IPv4 address.
  const address = is4In6(parsed) ? { bytes: parsed.bytes.subarray(-4), zone: '' } : parsed;
  if (isUnspecified(address)) return `may not be unspecified (${text})`;
  return SPECIAL.find(([isSpecial]) => isSpecial(address))?.[1];
}
