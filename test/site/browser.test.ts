import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fleetSize } from '../../scripts/fleet-size.ts';
import { buildSite } from '../../scripts/site/build-site.ts';
import { axeProblems, startBrowser, whyNoBrowser } from '../browser/support/browser.ts';
import { serveFolder } from '../browser/support/serve-folder.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

if (whyNoBrowser !== undefined) console.log(`The tests of the site are skipped: ${whyNoBrowser}`);

/** Pages that together have every element of the site: pictures, tables, all code languages, long lines, many links. */
const PAGES = [
  'index.html',
  'definitions.html',
  'editor.html',
  'envtest.html',
  'factories/helm.html',
  'scale.html',
  'testing.html',
];

const VIEWS = [
  { name: 'light', options: { viewport: { width: 1360, height: 900 } } },
  { name: 'dark', options: { viewport: { width: 1360, height: 900 }, colorScheme: 'dark' } },
  { name: 'narrow', options: { viewport: { width: 320, height: 640 } } },
] as const;

describe.skipIf(whyNoBrowser !== undefined)('the site in a browser, by default without a server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-site-'));
  let browser: Browser;
  const errors: string[] = [];
  const addressOf = (name: string): string => pathToFileURL(join(folder, name)).href;

  beforeAll(async () => {
    for (const [name, content] of (await buildSite()).files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    browser = await startBrowser();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
  });

  const open = async (name: string, options: (typeof VIEWS)[number]['options']): Promise<Page> => {
    const page = await browser.newPage(options);
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('requestfailed', (request) => errors.push(`${request.url()} failed`));
    await page.goto(addressOf(name), { waitUntil: 'load' });
    return page;
  };

  test.each(VIEWS.flatMap(({ name, options }) => PAGES.map((page) => [page, name, options] as const)))(
    '%s is accessible, and its layout does not shift (%s)',
    { timeout: 60_000 },
    async (name, _view, options) => {
      const page = await open(name, options);
      const shift = await page.evaluate(
        `new Promise((resolve) => {
          let sum = 0;
          const observer = new PerformanceObserver((list) => { for (const { value } of list.getEntries()) sum += value; });
          observer.observe({ type: 'layout-shift', buffered: true });
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
        })`,
      );
      expect(shift).toBe(0);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await page.evaluate(axeSource);
      const violations = await page.evaluate(
        'axe.run({ preload: false }).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes[0].html))',
      );
      expect(violations).toEqual([]);
      await page.close();
    },
  );

  test('the search works with only the keyboard', async () => {
    const page = await open('decisions/0001-foundation.html', VIEWS[0].options);
    await page.keyboard.press('/');
    await page.keyboard.type('exit codes');
    await page.locator('search .results a').first().waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/commands\.html#exit-codes$/);
    await page.close();
  });

  test('the form on scale.html computes the size of a fleet', async () => {
    const page = await open('scale.html', VIEWS[0].options);
    const result = page.locator('form.fleet output');
    const size = fleetSize({ instances: 1000, children: 20, changesPerHour: 600 });
    await page.getByLabel('Children of each instance').fill('20');
    expect(await result.textContent()).toContain(`memory limit ${size.limitMi}Mi`);
    expect(await result.textContent()).toContain(`${size.requestsPerHour.toLocaleString('en')} API requests an hour`);
    await page.getByLabel('Definitions', { exact: true }).fill('500');
    const many = fleetSize({ instances: 1000, children: 20, changesPerHour: 600, definitions: 500 });
    expect(await result.textContent()).toContain(`${many.restMb.toFixed(0)} MB at rest`);
    await page.getByLabel('Children of each instance').fill('-1');
    expect(await result.textContent()).toBe('Enter whole numbers that are not negative.');
    await page.close();
  });

  test('on a narrow page, the menu opens the navigation', async () => {
    const page = await open('index.html', VIEWS[2].options);
    await page.getByRole('link', { name: 'Menu' }).click();
    await page.getByText('Guides', { exact: true }).click();
    await page.getByRole('link', { name: 'Write a composition' }).click();
    await page.waitForURL(/compositions\.html$/);
    await page.close();
  });

  test('the playground in a folder says that it needs a server', async () => {
    const page = await browser.newPage(VIEWS[2].options);
    await page.goto(addressOf('playground/index.html'));
    await page.getByText('cannot load from a folder').waitFor();
    expect(await page.getByText('python3 -m http.server').isVisible()).toBe(true);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(await axeProblems(page)).toEqual([]);
    await page.close();
  });

  test(
    'on a server, the start page opens the playground with an example, which runs',
    { timeout: 90_000 },
    async () => {
      const server = await serveFolder(folder, '/docs/');
      const page = await browser.newPage(VIEWS[0].options);
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text());
      });
      page.on('pageerror', (error) => errors.push(error.message));
      await page.goto(server.url);
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Playground' }).waitFor();
      await page.getByRole('link', { name: 'A worker for each queue' }).click();
      await page.getByText('Step 3 of 3: Status of Deployment worker-mail').waitFor({ timeout: 60_000 });
      expect(await page.getByText('cannot load from a folder').count()).toBe(0);
      expect(errors).toEqual([]);
      await page.close();
      await server.close();
    },
  );

  test('no page had an error', () => {
    expect(errors).toEqual([]);
  });
});
