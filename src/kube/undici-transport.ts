import type { Dispatcher } from 'undici';
import { TypeKroError } from '../core/index.ts';
import { createAuthenticator } from './authenticator.ts';
import type { Authenticator } from './authenticator.ts';
import { systemClock } from './clock.ts';
import type { KubeConfig } from './kubeconfig.ts';
import type { Clock, Transport, TransportRequest, TransportResponse } from './types.ts';

/** How many sockets one client opens at most for requests; streams (watches) get sockets of their own. */
const MOST_SOCKETS = 64;
const MOST_STREAMS = 1024;

/** A transport over sockets, kept alive between requests. undici is loaded here, not before. */
export async function createTransport(config: KubeConfig, clock: Clock = systemClock): Promise<Transport> {
  const { Pool, ProxyAgent } = await import('undici');
  const { origin, pathname } = new URL(config.server);
  const prefix = pathname === '/' ? '' : pathname.replace(/\/$/, '');
  const authenticator = createAuthenticator(config, clock);
  const tls = await tlsOptions(config, authenticator);
  const proxy = config.proxyUrl ?? proxyFromEnvironment(origin, process.env);
  const open = (connections: number): Dispatcher =>
    proxy === undefined
      ? new Pool(origin, { connections, connect: { ...tls, keepAlive: true }, bodyTimeout: 0, headersTimeout: 300_000 })
      : new ProxyAgent({ uri: proxy, connections, requestTls: tls, bodyTimeout: 0, headersTimeout: 300_000 });
  // Streams must not take the sockets of requests: a hundred watches would leave none.
  const dispatchers = { request: open(MOST_SOCKETS), stream: open(MOST_STREAMS) };
  return {
    async request(request) {
      const dispatcher = isStream(request.path) ? dispatchers.stream : dispatchers.request;
      const send = async () => sendThrough(dispatcher, origin, prefix, request, await authenticator.authorization());
      const response = await send();
      if (
        response.status !== 401 ||
        (config.credentials.tokenFile === undefined && config.credentials.exec === undefined)
      )
        return response;
      // The token may just have been rotated; one more try with a fresh one.
      for await (const _ of response.body);
      authenticator.reject();
      return send();
    },
    async close() {
      await Promise.all([dispatchers.request.destroy(), dispatchers.stream.destroy()]);
    },
  };
}

async function sendThrough(
  dispatcher: Dispatcher,
  origin: string,
  prefix: string,
  request: TransportRequest,
  authorization: string | undefined,
): Promise<TransportResponse> {
  const { statusCode, headers, body } = await dispatcher.request({
    origin,
    path: prefix + request.path,
    method: request.method,
    headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
    ...(request.body === undefined ? {} : { body: request.body }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  return { status: statusCode, headers: flatten(headers), body };
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/** Watches and followed logs: answers that stay open. */
function isStream(path: string): boolean {
  return /[?&](?:watch|follow)=true(?:&|$)/.test(path);
}

async function tlsOptions(config: KubeConfig, authenticator: Authenticator) {
  const certificate = await authenticator.certificate();
  return {
    ...(config.certificateAuthority === undefined ? {} : { ca: config.certificateAuthority }),
    ...certificate,
    ...(config.tlsServerName === undefined ? {} : { servername: config.tlsServerName }),
    rejectUnauthorized: !config.insecureSkipTlsVerify,
  };
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
