import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { axeProblems, startBrowser, whyNoBrowser } from './support/browser.ts';
import { createScene, FLEET_REF, SHOP_REF } from './support/scene.ts';
import { type SceneServer, serveScene } from './support/scene-server.ts';

/**
 * The name and the address of each place (view) of the page, and the key that the test presses there; an empty string
 * stands for no key.
 */
const PLACES = [
  ['the instances', '#/instances', ''],
  ['an instance', `#/instances/${SHOP_REF}?node=web`, ''],
  ['a why path', `#/instances/${SHOP_REF}?why=1`, ''],
  ['an object', `#/instances/${SHOP_REF}?node=web&tab=object`, ''],
  ['the values of a node', `#/instances/${SHOP_REF}?node=settings&tab=values`, ''],
  ['the events of a node', `#/instances/${SHOP_REF}?node=web&tab=events`, ''],
  ['the logs of a node', `#/instances/${SHOP_REF}?node=web&tab=logs`, ''],
  ['the spec of an instance', `#/instances/${SHOP_REF}`, 's'],
  ['900 nodes', `#/instances/${FLEET_REF}`, ''],
  ['the definitions', '#/definitions', ''],
  ['a definition', '#/definitions/shops.acme.dev?node=web', ''],
  ['a form', '#/definitions/shops.acme.dev?tab=form', ''],
  ['schemas', '#/definitions/shops.acme.dev?tab=schema', ''],
  ['the instances of a revision', '#/definitions/shops.acme.dev?tab=instances&revision=3&namespace=apollo', ''],
  ['a source', '#/definitions/shops.acme.dev?tab=source', ''],
  ['revisions', '#/definitions/shops.acme.dev?tab=revisions', ''],
  ['a plan', '#/plan', ''],
] as const;

describe.skipIf(whyNoBrowser !== undefined)('each place of the page, with the data of a scene', () => {
  let server: SceneServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    server = await serveScene(createScene({ instances: 120, nodes: 900, children: 240 }));
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  beforeEach(async () => {
    errors = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 760 }, reducedMotion: 'reduce' });
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(server.address);
  });
  afterEach(() => page.close());

  const open = async (hash: string): Promise<void> => {
    await page.goto(`${server.url}/${hash}`);
    await page.locator('.connection.is-live').waitFor();
    await expect.poll(() => page.locator('.loading').count()).toBe(0);
  };

  test.each(PLACES)(
    'axe finds no accessibility problem in %s: light, dark, and 320 pixels',
    async (_title, hash, key) => {
      await open(hash);
      if (key !== '') await page.keyboard.press(key);
      await expect.poll(() => page.locator('.loading').count()).toBe(0);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await axeProblems(page)).toEqual([]);
      }
      await page.setViewportSize({ width: 320, height: 640 });
      expect(await axeProblems(page)).toEqual([]);
      expect(await page.evaluate<number>('document.scrollingElement.scrollWidth')).toBe(320);
      expect(errors).toEqual([]);
    },
  );

  test.each([1280, 320])('axe finds no accessibility problem in the list of keys, at %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 640 });
    await open(`#/instances/${SHOP_REF}`);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    expect(await axeProblems(page)).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('no fact below the name of an instance breaks across lines at 320 pixels', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    await open(`#/instances/${SHOP_REF}`);
    const age = page.getByText(/ old$/);
    const lines = await age.evaluate((element) => element.getClientRects().length);
    const { height, lineHeight } = await age.evaluate((element) => ({
      height: element.getBoundingClientRect().height,
      lineHeight: Number.parseFloat(getComputedStyle(element).lineHeight),
    }));
    expect(lines).toBe(1);
    expect(height).toBeLessThan(lineHeight * 1.5);
  });

  test('an error is above all other instances at each width, and the headings of the list fit', async () => {
    for (const [width, rowHeight] of [
      [1440, 28],
      [1024, 28],
      [390, 44],
    ] as const) {
      await page.setViewportSize({ width, height: 844 });
      await open('#/instances');
      const first = page.getByRole('grid', { name: 'Instances' }).getByRole('row').nth(1);
      await first.getByText('Error').waitFor({ state: 'attached' });
      expect((await first.boundingBox())?.height).toBe(rowHeight);
      const cut = await page.evaluate<string[]>(
        `[...document.querySelectorAll('.table-head .cell')].filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent)`,
      );
      expect(cut).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
  });

  test('going back to a list restores its scroll position and its active row', async () => {
    await open('#/instances');
    const grid = page.getByRole('grid', { name: 'Instances' });
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    const last = grid.getByRole('row', { selected: true });
    await expect.poll(() => last.getAttribute('aria-rowindex')).toBe('121');
    const name = await last.getByRole('link').textContent();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: name ?? '' }).waitFor();
    await page.goBack();
    await last.getByRole('link', { name: name ?? '' }).waitFor();
    expect(await last.getAttribute('aria-rowindex')).toBe('121');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: name ?? '' }).waitFor();
  });

  test('a view that is left before it is painted sends no reads later', async () => {
    await open('#/plan');
    const shown = await page.evaluate<string[]>(`(async () => {
      const shown = [];
      const press = async (key) => {
        dispatchEvent(new KeyboardEvent('keydown', { key }));
        // The page renders in a microtask.
        for (let turn = 0; turn < 20; turn += 1) await undefined;
      };
      for (const key of ['d', 'i', 'p']) {
        await press('g');
        await press(key);
        shown.push(document.querySelector('h1').textContent);
      }
      return shown;
    })()`);
    expect(shown).toEqual(['Definitions', 'Instances', 'Plan']);
    await page.getByRole('heading', { name: 'Plan' }).waitFor();
    await expect.poll(() => server.requests.at(-1)).not.toBe('/api/v1/events');
    const before = server.requests.length;
    // The page pauses between two reads of the same data. When the third response has arrived, the pauses of all other
    // data are over too.
    for (let read = 0; read < 3; read += 1) {
      const isAnswered = page.waitForResponse(/\/api\/v1\/meta/);
      server.emit([
        { type: 'definition-changed', subject: 'shops.acme.dev' },
        { type: 'instance-changed', subject: SHOP_REF },
        { type: 'limits-changed', subject: '' },
      ]);
      await isAnswered;
    }
    expect(new Set(server.requests.slice(before))).toEqual(new Set(['/api/v1/meta']));
    expect(errors).toEqual([]);
  });

  test('the page works in a browser that blocks its storages', async () => {
    const other = await browser.newContext();
    const visitor = await other.newPage();
    const problems: string[] = [];
    visitor.on('pageerror', (error) => problems.push(error.message));
    await visitor.addInitScript(`
      for (const name of ['localStorage', 'sessionStorage'])
        Object.defineProperty(globalThis, name, { get() { throw new DOMException('blocked', 'SecurityError'); } });
    `);
    await visitor.goto(server.address);
    await visitor.locator('.connection.is-live').waitFor();
    await visitor.keyboard.press('D');
    await visitor.getByRole('button', { name: 'Colours: light' }).waitFor();
    expect(problems).toEqual([]);
    await other.close();
  });

  test('the filter keeps its text as the user typed it, even when the list changes during a pause', async () => {
    await open('#/instances');
    const filter = page.getByRole('searchbox', { name: /Filter/ });
    await page.keyboard.press('/');
    await page.keyboard.type('shop ');
    await expect.poll(() => page.url()).toMatch(/filter=shop$/);
    await page.keyboard.type('web');
    await expect.poll(() => page.url()).toMatch(/filter=shop(?:%20|\+)web$/);
    expect(await filter.inputValue()).toBe('shop web');
    // Types the next letter immediately after the end of the pause.
    await page.evaluate(`new Promise((resolve) => {
      const field = document.querySelector('.search input');
      const type = (text) => {
        field.value += text;
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      };
      const follow = () => {
        if (location.hash.endsWith('web1')) resolve(type('2'));
        else setTimeout(follow);
      };
      type('1');
      follow();
    })`);
    await expect.poll(() => page.url()).toMatch(/web12$/);
    expect(await filter.inputValue()).toBe('shop web12');
    // Another part of the page changes the filter.
    await page.getByRole('button', { name: 'Show all instances' }).click();
    await expect.poll(() => filter.inputValue()).toBe('');

    await open('#/instances?namespace=shop');
    const namespace = page.getByRole('searchbox', { name: 'Namespace', exact: true });
    await namespace.fill('apo');
    server.emit([{ type: 'instance-changed', subject: FLEET_REF }]);
    const answer = page.waitForResponse(/\/api\/v1\/instances\?/);
    server.emit([{ type: 'instance-changed', subject: SHOP_REF }]);
    await answer;
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))');
    expect(await namespace.inputValue()).toBe('apo');
    await namespace.press('Enter');
    await expect.poll(() => page.url()).toContain('namespace=apo');
    expect(errors).toEqual([]);
  });
});
