import { isIP } from 'node:net';
import type { IncomingRequest } from '../protocol/request.ts';

/**
 * The addresses that a request names as its sources, and the address of its connection, which is the only one that a
 * client cannot choose.
 */
export function sourceIps({ headers, remoteAddress }: Pick<IncomingRequest, 'headers' | 'remoteAddress'>): string[] {
  const ips = (headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => isIP(part) !== 0);
  const real = (headers['x-real-ip'] ?? '').trim();
  if (isIP(real) !== 0 && !ips.includes(real)) ips.push(real);
  const remote = remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/, '') ?? '';
  if (isIP(remote) !== 0 && ips.at(-1) !== remote) ips.push(remote);
  return ips;
}
