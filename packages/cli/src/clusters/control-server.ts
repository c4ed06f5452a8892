import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { cryptoLibrary, equalSecrets, httpLibrary, TypeKroError } from '@typekro/kit/core';
import { createHttpServer, noteRequestHead, openServer } from '@typekro/kit/servers';
import { type ControlAction, type ControlledCluster, CONTROL_PATHS, NAMED_ACTIONS } from './control-protocol.ts';

/** An open control interface. */
export interface ControlServer {
  readonly port: number;
  readonly token: string;
  close(): Promise<void>;
}

/**
 * Opens the control interface of a cluster on a free port of 127.0.0.1. Each request must have the token. Only the
 * owner of the cluster's folder, and root, can read the token.
 */
export async function serveControl(cluster: ControlledCluster): Promise<ControlServer> {
  const token = cryptoLibrary().randomBytes(32).toString('hex');
  const server = createHttpServer(httpLibrary(), {}, (request, response) => {
    answer(cluster, token, request, response).catch((error: unknown) => fail(response, error));
  });
  const { port, close } = await openServer(server, 0, '127.0.0.1');
  return { port, token, close };
}

async function answer(
  cluster: ControlledCluster,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const isAllowed = equalSecrets(request.headers.authorization ?? '', `Bearer ${token}`);
  if (!isAllowed) return send(response, 401, { message: 'the token is missing or wrong' });
  noteRequestHead(request.socket, true);
  const foreign = foreignCaller(request);
  if (foreign !== undefined) return send(response, 403, { message: foreign });
  const { action, name } = actionOf(request);
  switch (action) {
    case 'status':
      return send(response, 200, { objects: cluster.objects(), problem: cluster.problem() });
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
      return send(response, 404, { message: `this interface does not support ${request.method} ${request.url}` });
    default: {
      // Most clusters never get a request to inject faults, move the clock or restart, so the module is loaded on
      // demand.
      const { disturb } = await import('./disturb.ts');
      const { status, body } = await disturb(cluster, action, name, request);
      return send(response, status, body);
    }
  }
}

/** The action of a request, and the name of the rule in its path. */
function actionOf({ method, url = '' }: IncomingMessage): { readonly action?: ControlAction; readonly name: string } {
  for (const action of Object.keys(CONTROL_PATHS) as ControlAction[]) {
    const [ownMethod, path] = CONTROL_PATHS[action];
    if (ownMethod !== method) continue;
    if (!NAMED_ACTIONS.has(action) && path === url) return { action, name: '' };
    const name = url.slice(path.length);
    if (NAMED_ACTIONS.has(action) && url.startsWith(path) && name !== '') return { action, name };
  }
  return { name: '' };
}

/**
 * Returns the reason to refuse a request of a web page; `undefined` for the request of a program. A request of a web
 * page has the header `Origin`, or a `Host` that is a DNS name of another site bound to this machine (DNS rebinding).
 */
function foreignCaller({ headers, socket }: IncomingMessage): string | undefined {
  if (headers.origin !== undefined) return 'requests of web pages are refused';
  const host = headers.host ?? '';
  const own = ['127.0.0.1', 'localhost'].map((name) => `${name}:${socket.localPort}`);
  return own.includes(host) ? undefined : `the header Host must be ${own.join(' or ')}`;
}

function fail(response: ServerResponse, error: unknown): void {
  // When the response has begun, the error cannot be sent any more. The connection is closed, and the client detects
  // the missing checksum.
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
