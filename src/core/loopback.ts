/** An address of `127.0.0.0/8`. */
const IPV4_LOOPBACK = /^127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

/**
 * Whether only this machine reaches the host: `localhost`, an address of `127.0.0.0/8`, or `::1`, which may have the
 * brackets of a URL. Upper case counts as lower case. Any other name is refused, because it can have any address.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return name === 'localhost' || name === '::1' || IPV4_LOOPBACK.test(name);
}
