import type { Socket } from 'node:net';
import { httpLibrary, httpsLibrary, isLoopbackHost, netLibrary, percentDecoded, TypeKroError } from '@typekro/kit/core';

/** The maximum wait for the response of the proxy, in milliseconds. */
const RESPONSE_MS = 30_000;

/** Opens a connection to one server through a proxy. */
export type OpenTunnel = (signal: AbortSignal | undefined) => Promise<Socket>;

/**
 * Tunnels to a server through an HTTP proxy, with the method CONNECT (RFC 9110, section 9.3.6). The URL of the proxy may
 * have credentials. The error `kube/proxy` names a proxy that cannot be reached or refuses.
 */
export function tunnelsThrough(proxy: string, origin: string): OpenTunnel {
  const { protocol, hostname, port, username, password, host } = new URL(proxy);
  const isSecure = protocol === 'https:';
  if (!isSecure && protocol !== 'http:')
    throw proxyError(
      host,
      new Error(`the protocol "${protocol.slice(0, -1)}" is not supported, only http and https are`),
    );
  const server = new URL(origin);
  const target = `${server.hostname}:${server.port === '' ? (server.protocol === 'https:' ? 443 : 80) : server.port}`;
  const credentials = [username, password].map(percentDecoded).join(':');
  const headers = {
    host: target,
    ...(credentials === ':' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
  };
  const options = {
    hostname: withoutBrackets(hostname),
    ...(port === '' ? {} : { port }),
    method: 'CONNECT',
    path: target,
    headers,
    agent: false,
    timeout: RESPONSE_MS,
  };
  return (signal) =>
    new Promise((resolve, reject) => {
      const { request } = isSecure ? httpsLibrary() : httpLibrary();
      const asked = request({ ...options, ...(signal === undefined ? {} : { signal }) });
      asked.once('connect', ({ statusCode = 0, statusMessage = '' }, socket: Socket, rest: Buffer) => {
        socket.setTimeout(0);
        if (rest.length > 0) socket.unshift(rest);
        if (statusCode === 200) return resolve(socket);
        socket.destroy();
        reject(proxyError(host, new Error(`it responds with ${statusCode} ${statusMessage}`)));
      });
      asked.once('timeout', () => asked.destroy(new Error(`no response in ${RESPONSE_MS / 1000} seconds`)));
      asked.once('error', (error) => reject(signal?.aborted === true ? error : proxyError(host, error)));
      asked.end();
    });
}

function proxyError(host: string, cause: Error): TypeKroError {
  return new TypeKroError(`the proxy ${host} does not let requests through: ${cause.message}`, {
    code: 'kube/proxy',
    remedy:
      'correct or unset HTTPS_PROXY, or "proxy-url" in the kubeconfig; or name the server in NO_PROXY if it is reached directly',
    cause,
  });
}

/**
 * The proxy for a server according to the environment variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. `NO_PROXY`
 * is read like in Go programs. It lists names, addresses, networks (`10.0.0.0/8`), or `*` for everything. A name also
 * matches its subdomains; `.name` and `*.name` match only subdomains. Names and addresses may have a port. Requests to
 * `localhost` and to loopback addresses never use a proxy.
 */
export function proxyFromEnvironment(
  origin: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { protocol, hostname, port } = new URL(origin);
  const isSecure = protocol === 'https:';
  const named = read(env, isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (named === undefined) return undefined;
  const host = withoutBrackets(hostname);
  const isExcepted = exception(host, port === '' ? (isSecure ? '443' : '80') : port);
  const exceptions = (read(env, 'NO_PROXY') ?? '').toLowerCase().split(',');
  if (isLoopbackHost(host) || exceptions.some((entry) => isExcepted(entry.trim()))) return undefined;
  const proxy = /^[a-z][a-z\d+.-]*:\/\//i.test(named) ? named : `http://${named}`;
  if (!URL.canParse(proxy))
    throw new TypeKroError(`the proxy address "${proxy}" is not a URL`, { code: 'kube/bad-config' });
  return proxy;
}

function read(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return [env[name], env[name.toLowerCase()]].find((value) => value !== undefined && value !== '');
}

/** Returns a function that decides whether an entry of `NO_PROXY` names this server. */
function exception(host: string, port: string): (entry: string) => boolean {
  return (entry) => {
    if (entry === '*') return true;
    const [, network, length] = /^(.+)\/(\d{1,3})$/.exec(entry) ?? [];
    if (network !== undefined) return contains(network, Number(length), host);
    const { isIP } = netLibrary();
    // An entry that is an IPv6 address without brackets has no port, although it contains colons.
    const [, before, ownPort] = (isIP(entry) === 0 && /^(.*):(\d+)$/.exec(entry)) || [undefined, entry];
    if (ownPort !== undefined && ownPort !== port) return false;
    const name = withoutBrackets(before ?? '').replace(/^\*\./, '.');
    if (isIP(name) !== 0) return contains(name, isIP(name) === 4 ? 32 : 128, host);
    if (name === '' || name === '.') return false;
    return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`);
  };
}

/** Is the address in the network? False for a string that is not an address. */
function contains(network: string, length: number, address: string): boolean {
  const { BlockList, isIP } = netLibrary();
  const version = isIP(network);
  if (version === 0 || isIP(address) !== version || length > (version === 4 ? 32 : 128)) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, length, family);
  return list.check(address, family);
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
