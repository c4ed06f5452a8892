import { isIP } from 'node:net';
import type { IncomingRequest } from '../protocol/request.ts';

/**
 * Returns the source addresses in the headers of a request, followed by the address of its connection. A client can
 * forge the headers, but not the address of the connection.
 */
export function sourceIps({ headers, remoteAddress }: Pick<IncomingRequest, 'headers' | 'remoteAddress'>): string[] {
  const ips = (headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => isIP(part) !== 0);
  const realIp = (headers['x-real-ip'] ?? '').trim();
  if (isIP(realIp) !== 0 && !ips.includes(realIp)) ips.push(realIp);
  const remoteIp = remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/, '') ?? '';
  if (isIP(remoteIp) !== 0 && ips.at(-1) !== remoteIp) ips.push(remoteIp);
  return ips;
}
