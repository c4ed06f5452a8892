import { isIP } from 'node:net';

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
  if (problem !== undefined || isIP(text) === 4) return problem;
  if (/^[0:]*:ffff:\d+\.\d+\.\d+\.\d+$/i.test(text)) return 'must not be an IPv4-mapped IPv6 address';
  const canonical = canonicalAddress(text);
  return text === canonical ? undefined : `must be in canonical form ("${canonical}")`;
}

/** The canonical form of an IP address (RFC 5952). */
function canonicalAddress(text: string): string {
  return isIP(text) === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;
}

/** The family of an IP address or of a CIDR range; 0 for any other text. */
export function familyOf(text: string): 0 | 4 | 6 {
  const family = isIP(text.split('/')[0] ?? '');
  return family === 4 || family === 6 ? family : 0;
}

/** The bits of an IP address. */
function bitsOf(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const [head = '', tail] = canonicalAddress(address).split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [left, right] = [groups(head), tail === undefined ? [] : groups(tail)];
  const middle = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...middle, ...right].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

/** Does the CIDR range contain the address? Both must be valid. */
export function rangeContains(cidr: string, address: string): boolean {
  const [base = '', prefix = '0'] = cidr.split('/');
  if (familyOf(base) !== familyOf(address)) return false;
  const rest = BigInt((familyOf(base) === 6 ? 128 : 32) - Number(prefix));
  return bitsOf(base) >> rest === bitsOf(address) >> rest;
}

/** The reason why a text is not a CIDR range in its canonical form; `undefined` for a canonical range. */
export function strictCidrProblem(text: string): string | undefined {
  const problem = cidrProblem(text);
  if (problem !== undefined) return problem;
  const [base = '', prefix = '0'] = text.split('/');
  const rest = BigInt((familyOf(base) === 6 ? 128 : 32) - Number(prefix));
  if ((bitsOf(base) >> rest) << rest !== bitsOf(base)) return 'must not have bits set beyond the prefix length';
  const canonical = `${canonicalAddress(base)}/${Number(prefix)}`;
  return text === canonical ? undefined : `must be in canonical form ("${canonical}")`;
}

/** The reason why a text is not a CIDR range; `undefined` for a range. */
export function cidrProblem(text: string): string | undefined {
  const [address = '', prefix = ''] = text.split('/');
  const bits = isIP(address) === 6 ? 128 : 32;
  const valid = isIP(address) !== 0 && !hasZone(address) && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
  return valid ? undefined : 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
}
