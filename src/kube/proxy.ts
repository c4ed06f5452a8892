import { TypeKroError } from '../core/index.ts';
import type { Connections, TlsOptions } from './sockets.ts';

/** How many sockets are opened at most through the proxy; watches keep one each. */
const MOST_SOCKETS = 1024;

/** Connections to a server through an HTTP proxy. undici is loaded for this alone. */
export async function openProxied(origin: string, proxy: string, tls: TlsOptions): Promise<Connections> {
  const { ProxyAgent } = await import('undici');
  const dispatcher = new ProxyAgent({
    uri: proxy,
    connections: MOST_SOCKETS,
    requestTls: tls,
    bodyTimeout: 0,
    headersTimeout: 300_000,
  });
  return {
    async send({ method, path, headers, body, signal }) {
      const response = await dispatcher.request({
        origin,
        path,
        method,
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
      return { status: response.statusCode, headers: flatten(response.headers), body: response.body };
    },
    close: () => dispatcher.destroy(),
  };
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/** The proxy that the usual variables name for a server, honouring `NO_PROXY` (hosts and `.suffixes`). */
export function proxyFromEnvironment(
  origin: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { protocol, hostname } = new URL(origin);
  const read = (name: string) => env[name] ?? env[name.toLowerCase()];
  const proxy = protocol === 'https:' ? read('HTTPS_PROXY') : read('HTTP_PROXY');
  if (proxy === undefined || proxy === '') return undefined;
  const exceptions = (read('NO_PROXY') ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const excepted = exceptions.some(
    (entry) => entry === '*' || hostname === entry || hostname.endsWith(entry.startsWith('.') ? entry : `.${entry}`),
  );
  if (excepted || hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]') return undefined;
  if (!URL.canParse(proxy))
    throw new TypeKroError(`the proxy address "${proxy}" is no URL`, { code: 'kube/bad-config' });
  return proxy;
}
