/** An address of `127.0.0.0/8`. */
const IPV4_LOOPBACK = /^127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

/**
 * Can only this machine reach the host? True for `localhost`, an address of `127.0.0.0/8`, and `::1`, with or without
 * the brackets of a URL. Upper case counts as lower case. False for any other name, because the name can have any
 * address.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return name === 'localhost' || name === '::1' || IPV4_LOOPBACK.test(name);
}
