import { httpLibrary, TypeKroError } from '@typekro/kit/core';
import { createHttpServer, openServer } from '@typekro/kit/servers';

/** A listen address: a host, with or without brackets, and a port. */
const ADDRESS = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/;

/** The source of probes and metrics. */
export interface ProbeSource {
  /** Is the replica ready? See `Controller.ready` and `CurrentController.standby`. */
  readonly ready: boolean;
  /** What the replica waits for while it is not ready. */
  readonly waitsFor?: string;
  metricsText(): string;
}

/** A server that listens on an address. */
export interface ProbeServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves `/metrics`, `/healthz` and `/readyz` on an address in Go's notation: `:8078` means all interfaces. `/healthz`
 * responds while the event loop of the process runs. `/readyz` responds 503 while the source is not ready.
 *
 * @throws TypeKroError `controller/listen` when the address cannot be opened.
 */
export async function serveProbes(address: string, source: ProbeSource): Promise<ProbeServer> {
  const { host, port } = parseListenAddress(address);
  const server = createHttpServer(httpLibrary(), {}, (request, response) => {
    // Any client that reaches the port may send any path, even one that is not a URL, such as `//`.
    const [status, type, text] = answer((request.url ?? '/').split('?', 1)[0] ?? '/', source);
    // Clients need no `Date` header. Node would load a megabyte of calendar data for it.
    response.sendDate = false;
    response.writeHead(status, { 'content-type': type });
    response.end(text);
  });
  const { authority, close } = await openServer(server, port, host).catch((cause: unknown) => {
    throw new TypeKroError(`${address} could not be opened: ${(cause as Error).message}`, {
      code: 'controller/listen',
      cause,
      remedy:
        'choose another address with --metrics-bind-address or --health-probe-bind-address; the value 0 opens none',
    });
  });
  return { url: `http://${authority}`, close };
}

function answer(path: string, source: ProbeSource): readonly [number, string, string] {
  switch (path) {
    case '/metrics':
      return [200, 'text/plain; version=0.0.4; charset=utf-8', source.metricsText()];
    case '/healthz':
      return [200, 'text/plain', 'ok'];
    case '/readyz':
      return source.ready
        ? [200, 'text/plain', 'ok']
        : [503, 'text/plain', `not ready: ${source.waitsFor ?? 'the watched kinds are being read'}`];
    default:
      return [404, 'text/plain', 'not found'];
  }
}

/** Host and port of `host:port`, `:port` or `[v6]:port`. `undefined` as host means all interfaces. */
export function parseListenAddress(address: string): { readonly host: string | undefined; readonly port: number } {
  const match = ADDRESS.exec(address);
  const port = Number(match?.[3] ?? Number.NaN);
  if (!isAddress(address)) {
    throw new TypeKroError(`"${address}" is not an address`, {
      code: 'controller/listen',
      remedy: 'write e.g. :8078 or 127.0.0.1:8078',
    });
  }
  const host = match?.[1] ?? match?.[2] ?? '';
  return { host: host === '' ? undefined : host, port };
}

/** Is the string a valid listen address? */
export function isAddress(text: string): boolean {
  return Number(ADDRESS.exec(text)?.[3] ?? Number.NaN) <= 65_535;
}
