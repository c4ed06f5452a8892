import { createHash } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';

/** A request that a registry has received. */
export interface SeenRequest {
  readonly line: string;
  readonly authorization: string | undefined;
  /** The name in the certificate of the client. Without TLS and without a certificate, there is none. */
  readonly client?: string;
}

/** The certificate of a registry with TLS, and the authority of its clients. */
export interface RegistryTls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** A registry on loopback that keeps its content in memory. */
export interface TestRegistry {
  /** Host and port. */
  readonly host: string;
  readonly blobs: Map<string, Buffer>;
  /** The manifests, by their digests and tags. */
  readonly manifests: Map<string, Buffer>;
  readonly seen: SeenRequest[];
  /** Does each repository have its own tags? Their keys in `manifests` are then `repository:tag`. Default false. */
  isSeparate: boolean;
  /** Answers a request in place of the registry, if it returns true. By default, no request. */
  answer: (request: IncomingMessage, response: ServerResponse) => boolean;
  close(): Promise<void>;
}

export const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Starts a registry that serves every repository with the same content, unless it `isSeparate`. It speaks plain HTTP without `tls`. */
export async function startRegistry(tls?: RegistryTls): Promise<TestRegistry> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const client = request.socket instanceof TLSSocket ? request.socket.getPeerCertificate().subject?.CN : undefined;
      registry.seen.push({
        line: `${request.method} ${request.url}`,
        authorization: request.headers.authorization,
        ...(client === undefined ? {} : { client: String(client) }),
      });
      if (!registry.answer(request, response)) serve(registry, request, response, Buffer.concat(parts));
    });
  };
  const options = { ...tls, requestCert: true, rejectUnauthorized: false };
  const server = tls === undefined ? createServer(listener) : createSecureServer(options, listener);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const registry: TestRegistry = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs: new Map(),
    manifests: new Map(),
    seen: [],
    isSeparate: false,
    answer: () => false,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
  return registry;
}

function serve(registry: TestRegistry, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const { pathname, searchParams } = new URL(request.url ?? '', `http://${registry.host}`);
  const [, listed] = /^\/v2\/(.+)\/tags\/list$/.exec(pathname) ?? [];
  if (listed !== undefined) return sendTags(registry, listed, response);
  const [, repository = '', kind = '', word = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(pathname) ?? [];
  const name = registry.isSeparate && kind === 'manifests' && !word.includes(':') ? `${repository}:${word}` : word;
  const send = (status: number, headers: Record<string, string>, content: Buffer | string = '') =>
    response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : content);
  const stored = (kind === 'blobs' ? registry.blobs : registry.manifests).get(name);
  if (request.method === 'GET' || request.method === 'HEAD') {
    if (stored === undefined) return void send(404, {}, '{"errors":[{"code":"UNKNOWN","message":"unknown"}]}');
    const type = kind === 'blobs' ? {} : { 'docker-content-digest': sha256(stored) };
    return void send(200, { ...type, 'content-length': String(stored.length) }, stored);
  }
  if (request.method === 'POST') return void send(202, { location: `${pathname}one?state=a` });
  if (kind === 'manifests') {
    registry.manifests.set(sha256(body), body).set(name, body);
    return void send(201, { 'docker-content-digest': sha256(body) });
  }
  const digest = searchParams.get('digest') ?? '';
  if (digest !== sha256(body)) return void send(400, {}, '{"errors":[{"code":"DIGEST_INVALID","message":"no"}]}');
  registry.blobs.set(digest, body);
  send(201, {});
}

/** The tags of a repository. Only a registry whose repositories are separate has them. */
function sendTags({ manifests }: TestRegistry, repository: string, response: ServerResponse): void {
  const tags = [...manifests.keys()].flatMap((key) =>
    key.startsWith(`${repository}:`) ? [key.slice(repository.length + 1)] : [],
  );
  response.writeHead(tags.length === 0 ? 404 : 200, {}).end(JSON.stringify({ name: repository, tags }));
}
