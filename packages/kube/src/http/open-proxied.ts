import { isLoopbackHost, netLibrary, proxyLibrary, TypeKroError } from '@typekro/kit/core';
import type { Connections, TlsOptions } from './sockets.ts';

/** The maximum number of sockets through the proxy. Each watch keeps one. */
const MAX_SOCKETS = 1024;

/** Opens connections to a server through an HTTP proxy. Only this function loads undici. */
export async function openProxied(origin: string, proxy: string, tls: TlsOptions): Promise<Connections> {
  const { ProxyAgent } = await proxyLibrary();
  const dispatcher = new ProxyAgent({
    uri: proxy,
    connections: MAX_SOCKETS,
    requestTls: tls,
    bodyTimeout: 0,
    headersTimeout: 300_000,
  });
  return {
    async send({ method, path, headers, body, signal, mayBeSent }) {
      if (mayBeSent?.() === false) throw new Error('the request was aborted');
      const response = await dispatcher
        .request({
          origin,
          path,
          method,
          ...(headers === undefined ? {} : { headers }),
          ...(body === undefined ? {} : { body }),
          ...(signal === undefined ? {} : { signal }),
        })
        .catch((thrown: unknown) => {
          throw isOfProxy(thrown) ? proxyError(proxy, thrown) : thrown;
        });
      return { status: response.statusCode, headers: flatten(response.headers), body: response.body };
    },
    close: () => dispatcher.destroy(),
  };
}

const UNREACHABLE =
  /^(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/;

/**
 * Did the connection to the proxy fail, or did the proxy refuse the tunnel? An error status of the server is a normal
 * response and does not count. A reset of an open tunnel counts as an error of the proxy.
 */
function isOfProxy(thrown: unknown): thrown is Error {
  if (!(thrown instanceof Error)) return false;
  const code: unknown = Reflect.get(thrown, 'code');
  return (typeof code === 'string' && UNREACHABLE.test(code)) || thrown.message.startsWith('Proxy response');
}

function proxyError(proxy: string, cause: Error): TypeKroError {
  const { host } = new URL(proxy);
  return new TypeKroError(`the proxy ${host} does not let requests through: ${cause.message}`, {
    code: 'kube/proxy',
    remedy:
      'correct or unset HTTPS_PROXY, or "proxy-url" in the kubeconfig; or name the server in NO_PROXY if it is reached directly',
    cause,
  });
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
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
