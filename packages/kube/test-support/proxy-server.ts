import { type IncomingMessage, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** An HTTP proxy on loopback that records the tunnels that it was asked for, each with its credentials. */
export interface ProxyServer {
  readonly host: string;
  readonly asked: string[];
  /** Decides about a request for a tunnel. By default, the proxy opens the tunnel. */
  accept: (asking: IncomingMessage, client: Duplex) => void;
  close(): void;
}

export async function startProxy(): Promise<ProxyServer> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const clients = new Set<Duplex>();
  const proxy: ProxyServer = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    accept: openTunnel,
    close() {
      for (const client of clients) client.destroy();
      server.close();
    },
  };
  server.on('connect', (asking: IncomingMessage, client: Duplex) => {
    clients.add(client);
    proxy.asked.push(`${asking.url} ${asking.headers['proxy-authorization'] ?? ''}`.trim());
    proxy.accept(asking, client);
  });
  return proxy;
}

function openTunnel({ url = '' }: IncomingMessage, client: Duplex): void {
  const { hostname, port } = new URL(`tcp://${url}`);
  const upstream = connect(Number(port), hostname, () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    client.pipe(upstream).pipe(client);
  });
  client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
  upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
}
