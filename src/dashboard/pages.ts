import type { IncomingMessage, ServerResponse } from 'node:http';
import { dashboardPageText, dashboardScriptText, dashboardStyleText } from '../core/index.ts';

interface Page {
  readonly text: () => string;
  readonly type: string;
}

/** The page's files, by path. */
const PAGES: ReadonlyMap<string, Page> = new Map([
  ['/', { text: dashboardPageText, type: 'text/html; charset=utf-8' }],
  ['/app.js', { text: dashboardScriptText, type: 'text/javascript; charset=utf-8' }],
  ['/style.css', { text: dashboardStyleText, type: 'text/css; charset=utf-8' }],
]);

/** The page loads nothing from other origins. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Makes a request handler for the page, for the option `pages` of `serveInspect`. The handler returns false for any
 * other path.
 */
export function createPages(): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const page = PAGES.get(path);
    if (page === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
    const body = Buffer.from(page.text());
    response.writeHead(200, {
      'content-type': page.type,
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

/** The address for the browser. The token follows `#`, because browsers do not send this part to servers. */
export function dashboardUrl(server: { readonly url: string; readonly token: string }): string {
  return `${server.url}/#token=${server.token}`;
}
