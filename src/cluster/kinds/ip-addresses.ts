import { isIP } from 'node:net';

/** The reason why a text is not an IP address; `undefined` for an address. */
export function addressProblem(text: string): string | undefined {
  return isIP(text) === 0 ? 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)' : undefined;
}

/** The reason why a text is not a CIDR range; `undefined` for a range. */
export function cidrProblem(text: string): string | undefined {
  const [address = '', prefix = ''] = text.split('/');
  const bits = isIP(address) === 6 ? 128 : 32;
  const valid = isIP(address) !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
  return valid ? undefined : 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
}
