import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { cryptoLibrary, equalSecrets, httpLibrary, TypeKroError } from '../../core/index.ts';

/** What the control interface does with the cluster. */
export interface ControlledCluster {
  /** The number of objects. */
  objects(): number;
  /** The lines of a snapshot of the present content. */
  snapshot(): Iterable<string>;
  /**
   * Replaces the whole content by that of a snapshot.
   *
   * @throws TypeKroError `cluster/snapshot-unreadable`; the content then stays as it is
   */
  restore(bytes: Uint8Array): Promise<void>;
  /** Replaces the whole content by that of a new cluster. */
  reset(): Promise<void>;
  /** Ends the process after the answer was sent. */
  stop(): void;
}

/** An open control interface. */
export interface ControlServer {
  readonly port: number;
  readonly token: string;
  close(): Promise<void>;
}

/** The paths of the control interface, with their methods. */
export const CONTROL_PATHS = {
  status: ['GET', '/status'],
  snapshot: ['GET', '/snapshot'],
  restore: ['POST', '/restore'],
  reset: ['POST', '/reset'],
  stop: ['POST', '/stop'],
} as const;

export type ControlAction = keyof typeof CONTROL_PATHS;

/**
 * Opens the control interface of a cluster on a free port of 127.0.0.1. Requests need the token, which only the owner of
 * the cluster's folder can read.
 */
export async function serveControl(cluster: ControlledCluster): Promise<ControlServer> {
  const token = cryptoLibrary().randomBytes(32).toString('hex');
  const server = httpLibrary().createServer((request, response) => {
    answer(cluster, token, request, response).catch((error: unknown) => fail(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    token,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  cluster: ControlledCluster,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const isAllowed = equalSecrets(request.headers.authorization ?? '', `Bearer ${token}`);
  if (!isAllowed) return send(response, 401, { message: 'the token is missing or wrong' });
  const action = actionOf(request);
  switch (action) {
    case 'status':
      return send(response, 200, { objects: cluster.objects() });
    case 'snapshot':
      response.writeHead(200, { 'content-type': 'application/jsonl', 'cache-control': 'no-store' });
      return pipeline(Readable.from(cluster.snapshot()), response);
    case 'restore':
      await cluster.restore(await buffer(request));
      return send(response, 200, { objects: cluster.objects() });
    case 'reset':
      await cluster.reset();
      return send(response, 200, { objects: cluster.objects() });
    case 'stop':
      response.on('finish', () => cluster.stop());
      return send(response, 202, {});
    case undefined:
      return send(response, 404, { message: 'there is nothing here' });
  }
}

function actionOf({ method, url }: IncomingMessage): ControlAction | undefined {
  const actions = Object.keys(CONTROL_PATHS) as ControlAction[];
  return actions.find((action) => CONTROL_PATHS[action][0] === method && CONTROL_PATHS[action][1] === url);
}

function fail(response: ServerResponse, error: unknown): void {
  // A stream that has begun can only be cut. The reader then misses the checksum.
  if (response.headersSent) return void response.destroy();
  if (!(error instanceof TypeKroError)) console.error(error);
  const { message, code, remedy } =
    error instanceof TypeKroError
      ? error
      : { message: error instanceof Error ? error.message : String(error), code: 'cluster/control', remedy: undefined };
  send(response, error instanceof TypeKroError ? 422 : 500, { message, code, remedy });
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
