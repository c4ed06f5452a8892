import type { IncomingMessage, ServerResponse } from 'node:http';
import { brotliDecompressSync } from 'node:zlib';
import { dashboardFilesText, playgroundFiles } from '@typekro/kit/core';

/** The content types of the page's files by their extensions. The page itself has the path `/`. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['/', 'text/html; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
  ['txt', 'text/plain; charset=utf-8'],
]);

/** The page loads nothing from other origins, and runs only scripts of this server. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Makes a request handler for the page, for the option `pages` of `serveInspect`. The handler returns false if a
 * request is not a GET or HEAD of a file of the page.
 */
export function createPages(): (request: IncomingMessage, response: ServerResponse) => boolean {
  const files = lazyFiles(dashboardFilesText);
  const filesOnDemand = lazyFiles(playgroundText);
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const known = files().get(path);
    // For a file that the page requests only on demand, this map has null, and a second map has the text.
    const text = known === null ? filesOnDemand().get(path) : known;
    const type = TYPES.get(path === '/' ? path : path.slice(path.lastIndexOf('.') + 1));
    if (typeof text !== 'string' || type === undefined) return false;
    const body = Buffer.from(text);
    response.writeHead(200, {
      'content-type': type,
      'content-length': body.length,
      'content-security-policy': POLICY,
      'cache-control': 'no-cache',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
    return true;
  };
}

function playgroundText(): string | undefined {
  const files = playgroundFiles();
  return files === undefined ? undefined : brotliDecompressSync(files).toString();
}

/**
 * Returns a function whose result is a map of the texts of the files, keyed by path. The first call reads and parses
 * the JSON object with the texts. The map is empty when `read` returns nothing.
 */
function lazyFiles(read: () => string | undefined): () => ReadonlyMap<string, string | null> {
  let files: ReadonlyMap<string, string | null> | undefined;
  return () => (files ??= new Map(Object.entries(JSON.parse(read() ?? '{}') as Record<string, string | null>)));
}

/** The address for the browser. The token follows `#`, because browsers do not send this part to servers. */
export function dashboardUrl(server: { readonly url: string; readonly token: string }): string {
  return `${server.url}/#token=${server.token}`;
}
