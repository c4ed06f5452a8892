import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
  png: 'image/png',
};

/** A folder that is served. */
export interface ServedFolder {
  /** The address of the folder, with `/` at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a folder on a free port of 127.0.0.1, at a path that begins and ends with `/`, as a documentation site does. */
export async function serveFolder(folder: string, at = '/'): Promise<ServedFolder> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://site').pathname);
    const name = path.startsWith(at) ? path.slice(at.length) : path;
    void readFile(join(folder, name === '' ? 'index.html' : name)).then(
      (text) => {
        response.writeHead(200, { 'content-type': TYPES[name.split('.').at(-1) ?? ''] ?? 'text/html' });
        response.end(text);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${at}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
