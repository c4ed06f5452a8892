import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { axeProblems, startBrowser, whyNoBrowser } from './support/browser.ts';

const ROOT = join(import.meta.dirname, '../..');
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };

/** Serves a folder on a free port of 127.0.0.1, below a path, as a documentation site does. */
async function serveFolder(folder: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://site').pathname).replace(/^\/docs\/playground/, '');
    void readFile(join(folder, path === '/' ? 'index.html' : path)).then(
      (text) => {
        response.writeHead(200, { 'content-type': TYPES[path.split('.').at(-1) ?? ''] ?? 'text/html' });
        response.end(text);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/docs/playground/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

describe.skipIf(whyNoBrowser !== undefined)('the playground as static files', () => {
  let folder: string;
  let server: Awaited<ReturnType<typeof serveFolder>>;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let errors: string[];
  let requests: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'typekro-playground-'));
    await promisify(execFile)(process.execPath, ['scripts/page.mjs', '--playground', folder], { cwd: ROOT });
    server = await serveFolder(folder);
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    errors = [];
    requests = [];
    context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    context.on('request', (request) => requests.push(request.url()));
    await page.goto(server.url);
    await page.getByText('Step 7 of 7').waitFor();
  });
  afterEach(() => context.close());

  const source = () => page.getByRole('textbox', { name: /^(Definition|Composition)$/ });
  const write = async (text: string): Promise<void> => {
    await source().focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(text);
  };

  test('the example becomes ready, and its files come from its own folder only', () => {
    expect(requests.every((url) => url.startsWith(server.url))).toBe(true);
    expect(errors).toEqual([]);
  });

  test('by keyboard: another value changes the steps, and Escape and Tab leave the text', async () => {
    await page.getByRole('textbox', { name: 'Spec' }).focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText('name: shop\n');
    await page.getByText('Step 5 of 5').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    await page.locator('section[aria-label=Observed]:focus-within').waitFor();
    await page.keyboard.insertText('deployment:\n  status:\n    availableReplicas: 1\n');
    await page.getByText(/deployment waiting/).waitFor();
    await page.getByRole('button', { name: /^Step \d+: Creates Deployment shop/ }).focus();
    await page.keyboard.press('Home');
    await page.getByText('Nothing exists').first().waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByText('Creates ConfigMap shop').first().waitFor();
    expect(errors).toEqual([]);
  });

  test('a mistake is shown with its line and a caret, and its button leads to the place', async () => {
    await page.getByRole('textbox', { name: 'Spec' }).focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText('name: shop\nreplicas: many\n');
    const problems = page.getByRole('list', { name: 'Problems' });
    await problems.getByText('replicas: many').first().waitFor();
    expect(await problems.locator('pre').first().textContent()).toBe(`replicas: many\n${' '.repeat(10)}^`);
    await problems.getByRole('button', { name: 'Spec, line 2' }).first().click();
    await page.locator('section[aria-label=Spec]:focus-within').waitFor();
    await page.keyboard.insertText('3 # ');
    await page.getByText('Step 5 of 5').waitFor();
    expect(errors).toEqual([]);
  });

  test('a composition becomes a definition; an import of anything else is refused by name', async () => {
    await page.getByRole('combobox').selectOption('Composition in TypeScript');
    await page.getByRole('region', { name: 'Composition' }).waitFor();
    await page.getByText('Step 4 of 4').waitFor();
    await page.getByRole('tab', { name: 'Definition' }).click();
    await page.getByText('kind: ResourceGraphDefinition').waitFor();
    await write("import { readFileSync } from 'node:fs';\nreadFileSync('/etc/passwd');\n");
    await page.getByText('node:fs cannot be imported here').waitFor();
    expect(errors).toEqual([]);
  });

  test('an endless loop is stopped, and the next text runs', async () => {
    await page.getByRole('button', { name: 'TypeScript' }).click();
    await write('let a = 0;\nwhile (true) a += 1;\n');
    await page.getByText('this loop does not end').first().waitFor();
    await write('let a = 0;\nfor (let b = 0; b < 9e4; b += 1) for (let c = 0; c < 9e4; c += 1) a += 1;\n');
    await page.getByText('longer than 4 seconds').first().waitFor({ timeout: 20_000 });
    await page.getByRole('combobox').selectOption('Web application');
    await page.getByText('Step 7 of 7').waitFor();
    expect(errors).toEqual([]);
  });

  test('a link opens the same texts in another tab', async () => {
    await page.getByRole('textbox', { name: 'Spec' }).focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText('name: linked\n');
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByText(/^Copied/).waitFor();
    const link = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(link.startsWith(`${server.url}#/playground?state=`)).toBe(true);
    const other = await context.newPage();
    await other.goto(link);
    await other.getByRole('button', { name: /Status of Deployment linked/ }).waitFor();
    await other.goto(`${server.url}#/playground?state=broken`);
    await other.reload();
    await other.getByText('the link is not complete').waitFor();
    expect(errors).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('axe finds no accessibility problem, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    expect(await axeProblems(page)).toEqual([]);
    await page.getByRole('tab', { name: 'Objects' }).click();
    await page.locator('.objects summary').first().click();
    await write('kind: Nothing');
    await page.getByRole('list', { name: 'Problems' }).waitFor();
    expect(await axeProblems(page)).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('the page fits into a width of 320 pixels', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    const width = await page.locator('main').evaluate((main: { readonly scrollWidth: number }) => main.scrollWidth);
    expect(width).toBeLessThanOrEqual(320);
  });
});
