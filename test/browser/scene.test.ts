import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { axeProblems, startBrowser, whyNoBrowser } from './support/browser.ts';
import { createScene, FLEET_REF, SHOP_REF } from './support/scene.ts';
import type { SceneServer } from './support/scene-server.ts';
import { serveScene } from './support/scene-server.ts';

/** A name that would run a script, if the page took it for markup. */
const HOSTILE = '<img src=x onerror="document.title=\'owned\'">';

if (whyNoBrowser !== undefined) console.log(`The tests of the page are skipped: ${whyNoBrowser}`);

describe.skipIf(whyNoBrowser !== undefined)('the page, with the data of a scene', () => {
  const scene = createScene({ instances: 10_000, nodes: 900, children: 900, hostile: HOSTILE });
  let server: SceneServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    server = await serveScene(scene);
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  beforeEach(async () => {
    errors = [];
    context = await browser.newContext({ viewport: { width: 1280, height: 760 }, reducedMotion: 'reduce' });
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(server.address);
    await page.locator('.connection.is-live').waitFor();
  });
  afterEach(() => context.close());

  const open = async (hash: string): Promise<void> => {
    await page.goto(`${server.url}/${hash}`);
    await page.locator('.connection.is-live').waitFor();
    await expect.poll(() => page.locator('.loading').count()).toBe(0);
  };

  test('the page removes the token from its address, and a reload shows the same tab', async () => {
    expect(page.url()).toBe(`${server.url}/#/instances`);
    await open('#/definitions/shops.acme.dev?tab=revisions');
    await page.reload();
    await page.getByRole('tab', { name: 'Revisions', selected: true }).waitFor();
    expect(errors).toEqual([]);
  });

  test('of 10,000 instances the document has only the visible rows, and the key End shows the last one', async () => {
    const grid = page.getByRole('grid', { name: 'Instances' });
    await grid.getByRole('row').nth(5).waitFor();
    expect(await grid.getAttribute('aria-rowcount')).toBe('10001');
    expect(await grid.getByRole('row').count()).toBeLessThan(60);
    await grid.focus();
    await page.keyboard.press('End');
    await grid.getByRole('link', { name: 'shop/web' }).waitFor();
    expect(await grid.getByRole('row').count()).toBeLessThan(60);
    expect(errors).toEqual([]);
  });

  test('a filter, a state and the order are in the address', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('quota');
    await page.getByRole('button', { name: /^Error/ }).click();
    await page.getByRole('button', { name: 'Age' }).click();
    await expect.poll(() => page.url()).toContain('#/instances?filter=quota&state=ERROR&sort=age');
    await page.getByText('quota exceeded').first().waitFor();
    expect(errors).toEqual([]);
  });

  test('the keyboard alone reaches an instance, its why path, a node and its object', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('shop/web');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('grid', { name: 'Instances' }).getAttribute('aria-rowcount')).toBe('2');
    // The filtered list can replace the row that has the focus.
    await expect
      .poll(async () => {
        const grid = page.getByRole('grid', { name: 'Instances' });
        if ((await grid.count()) > 0) {
          await grid.focus();
          await page.keyboard.press('Enter');
        }
        return page.getByRole('heading', { name: 'shop/web' }).count();
      })
      .toBe(1);
    await page.locator('.box').first().waitFor();
    await page.keyboard.press('w');
    await page.getByText('Correct spec.image of the instance').waitFor();
    expect(await page.locator('.box[data-dim=true]').count()).toBeGreaterThan(2);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('.box[data-dim=true]').count()).toBe(0);
    await page.getByRole('listbox', { name: 'Nodes' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'web' }).getByRole('tab', { name: 'State' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText('changed by kubectl-scale').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Save the graph as SVG').waitFor();
    expect(errors).toEqual([]);
  });

  test('the arrow keys move between the boxes of the graph, and positions stay after a change', async () => {
    await open(`#/instances/${FLEET_REF}`);
    await page.getByText(/nodes are in \d+ groups/).waitFor();
    const first = page.locator('.box[tabindex="0"]');
    await first.focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.box:focus').count()).toBe(1);
    const place = (): Promise<string | null> => page.locator('[data-box="n40"]').getAttribute('transform');
    const before = await place();
    server.emit([{ type: 'instance-changed', subject: FLEET_REF }]);
    await expect.poll(() => server.requests.filter((path) => path.endsWith('Ffleet')).length).toBeGreaterThan(1);
    expect(await place()).toBe(before);
    expect(errors).toEqual([]);
  });

  test('900 objects of a collection are one box until it is opened', async () => {
    await open(`#/instances/${SHOP_REF}`);
    await page.locator('[data-box=edge]').waitFor();
    expect(await page.locator('.box-cell').count()).toBe(0);
    await page.locator('[data-box=edge]').focus();
    await page.keyboard.press('x');
    await expect.poll(() => page.locator('.box-cell').count()).toBe(900);
    expect(errors).toEqual([]);
  });

  test('a hostile name is a text', async () => {
    await open(`#/instances/${SHOP_REF}?node=web`);
    await page.getByText(HOSTILE).first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).toBe('TypeKro');
    expect(errors).toEqual([]);
  });

  test('the page reports a lost connection, and shows the same tab when the server is back', async () => {
    await open(`#/instances/${SHOP_REF}?node=web&tab=values`);
    await server.pause();
    await page.getByText(/The connection was lost at/).waitFor();
    await page.getByRole('heading', { name: 'shop/web' }).waitFor();
    await server.resume();
    await page.locator('.connection.is-live').waitFor({ timeout: 15_000 });
    await page.getByRole('tab', { name: 'Values', selected: true }).waitFor();
  });

  test('a server that starts again has new data, and the page reads it at its place', async () => {
    await open(`#/instances/${FLEET_REF}?node=n7`);
    const row = page.getByRole('option', { name: /^n7/ });
    await row.getByText('waits until').waitFor();
    server.emit([{ type: 'instance-changed', subject: SHOP_REF }]);
    await server.pause();
    await page.getByText(/The connection was lost at/).waitFor();
    scene.step();
    await server.resume({});
    await page.locator('.connection.is-live').waitFor({ timeout: 15_000 });
    await row.getByText('ConfigMap fleet-n7').waitFor();
    await page.getByRole('complementary', { name: 'n7' }).waitFor();
    expect(page.url()).toContain('node=n7');
  });

  test('a server that starts again with another token says which address to open', async () => {
    await server.pause();
    await page.getByText(/The connection was lost at/).waitFor();
    await server.resume({ token: 'another' });
    await page.getByText('Open the address that the command printed last.').waitFor({ timeout: 15_000 });
    await server.pause();
    await server.resume({ token: 'scene' });
  });

  test('an instance that vanishes while the page shows it keeps its last state, and says so', async () => {
    await open(`#/instances/${SHOP_REF}?node=settings`);
    await page.getByRole('complementary', { name: 'settings' }).waitFor();
    scene.setGone(SHOP_REF, true);
    server.emit([{ type: 'instance-removed', subject: SHOP_REF }]);
    await page.getByText('This instance no longer exists.').waitFor();
    await page.getByRole('complementary', { name: 'settings' }).waitFor();
    await page.locator('[data-box=web]').waitFor();
    await page.reload();
    await page.getByText('Shop web does not exist.').waitFor();
    await page.getByText('Its last state was IN_PROGRESS.').waitFor();
    scene.setGone(SHOP_REF, false);
    server.emit([{ type: 'instance-changed', subject: SHOP_REF }]);
    await page.getByRole('heading', { name: 'shop/web' }).waitFor();
  });

  test('a change of an object alone is read, and does not read the list of instances', async () => {
    await open(`#/instances/${FLEET_REF}`);
    const reads = (end: string): number => server.requests.filter((path) => path.endsWith(end)).length;
    const before = { instance: reads('Ffleet'), list: reads('/instances') };
    server.emit([{ type: 'object-changed', subject: FLEET_REF }]);
    await expect.poll(() => reads('Ffleet')).toBeGreaterThan(before.instance);
    expect(reads('/instances')).toBe(before.list);
    expect(errors).toEqual([]);
  });

  test('by keyboard, the why path leads to the one object of a collection that is not ready', async () => {
    await open(`#/instances/${SHOP_REF}?node=edge`);
    const panel = page.getByRole('complementary', { name: 'edge' });
    await panel.getByText(/\d+ of 900 are not ready/).waitFor();
    await page.locator('[data-box=edge]').focus();
    await page.keyboard.press('x');
    await panel.getByRole('button', { name: /-002$/ }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('.box-cell[data-selected=true]').count()).toBe(1);
    expect(page.url()).toContain('object=v1%2FConfigMap%2Fshop%2F');
    expect(errors).toEqual([]);
  });

  test('a page without a token says which address to open', async () => {
    const other = await browser.newContext();
    const fresh = await other.newPage();
    await fresh.goto(server.url);
    await fresh.getByText('Open the address that the command printed last.').waitFor();
    await other.close();
  });

  test('the page says that an instance does not exist', async () => {
    await page.goto(`${server.url}/#/instances/acme.dev/v1/Shop/shop/gone`);
    await page.getByText('Shop gone does not exist.').waitFor();
  });

  const places = [
    ['the instances', '#/instances'],
    ['an instance', `#/instances/${SHOP_REF}?node=web`],
    ['a why path', `#/instances/${SHOP_REF}?why=1`],
    ['an object', `#/instances/${SHOP_REF}?node=web&tab=object`],
    ['900 nodes', `#/instances/${FLEET_REF}`],
    ['the definitions', '#/definitions'],
    ['a definition', '#/definitions/shops.acme.dev?node=web'],
    ['a form', '#/definitions/shops.acme.dev?tab=form'],
    ['a source', '#/definitions/shops.acme.dev?tab=source'],
    ['revisions', '#/definitions/shops.acme.dev?tab=revisions'],
    ['a plan', '#/plan'],
  ] as const;
  test.each(places)('axe finds no accessibility problem in %s, light and dark', async (_title, hash) => {
    await open(hash);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await axeProblems(page)).toEqual([]);
    }
    expect(errors).toEqual([]);
  });

  test.each(places)('the page of %s fits into a width of 320 pixels', async (_title, hash) => {
    await page.setViewportSize({ width: 320, height: 640 });
    await open(hash);
    const width = await page.locator('main').evaluate((main: { readonly scrollWidth: number }) => main.scrollWidth);
    expect(width).toBeLessThanOrEqual(320);
  });
});
