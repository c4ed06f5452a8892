import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPages, dashboardUrl } from './pages.ts';

const pages = createPages();
const server = createServer((request, response) => {
  if (!pages(request, response)) response.writeHead(404).end();
});
let base = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

test.each([
  ['/', 'text/html'],
  ['/?a=b', 'text/html'],
  ['/style.css', 'text/css'],
  ['/app.js', 'text/javascript'],
  ['/layout-worker.js', 'text/javascript'],
  ['/licenses.txt', 'text/plain'],
])('%s is served as %s with a policy that forbids foreign content', async (path, type) => {
  const response = await fetch(base + path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain(type);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect((await response.text()).length).toBeGreaterThan(100);
});

test.each([
  ['/licenses.txt', ['preact', '@preact/signals', '@preact/signals-core', '@dagrejs/dagre', '@dagrejs/graphlib']],
  [
    '/playground-licenses.txt',
    ['@codemirror/view', '@lezer/lr', 'style-mod', 'crelt', 'w3c-keyname', '@marijn/find-cluster-break'].concat([
      'acorn',
      're2js',
      'yaml',
    ]),
  ],
])('%s has the licences of all libraries in the scripts', async (path, libraries) => {
  const text = await (await fetch(base + path)).text();
  const named = [...text.matchAll(/^\/\*! (.+)$/gm)].map(([, name]) => name);
  expect(named).toEqual(expect.arrayContaining(libraries));
});

test.each(['/nothing', '/../package.json', '/client/index.html', '//etc/passwd'])('%s is not served', async (path) => {
  expect((await fetch(base + path)).status).toBe(404);
});

test('a POST gets no page', async () => {
  expect((await fetch(base, { method: 'POST' })).status).toBe(404);
});

test('the token is in the fragment, which is not sent to the server', () => {
  expect(dashboardUrl({ url: 'http://127.0.0.1:1', token: 'abc' })).toBe('http://127.0.0.1:1/#token=abc');
});
