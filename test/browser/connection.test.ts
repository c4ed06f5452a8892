import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { axeProblems, startBrowser, whyNoBrowser } from './support/browser.ts';
import { CLUSTER_TOKEN } from '@typekro/controller/inspect';
import { createScene, FLEET_REF, SCENE_TIME, SHOP_REF } from './support/scene.ts';
import { type SceneServer, serveScene } from './support/scene-server.ts';
import { MAX_SILENCE_MS } from '../../packages/dashboard/src/client/data/api-client.ts';

describe.skipIf(whyNoBrowser !== undefined)('the page and its connection', () => {
  const scene = createScene({ instances: 100, nodes: 900, children: 240 });
  let server: SceneServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    server = await serveScene(scene);
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 760 }, reducedMotion: 'reduce' });
    page = await context.newPage();
    await page.goto(server.address);
    await page.locator('.connection.is-live').waitFor();
  });
  afterEach(() => context.close());

  const open = async (hash: string): Promise<void> => {
    await page.goto(`${server.url}/${hash}`);
    await page.locator('.connection.is-live').waitFor();
    await expect.poll(() => page.locator('.loading').count()).toBe(0);
  };

  /** The id of the first waiting node of the instance `FLEET_REF`. The next `scene.step()` makes this node ready. */
  const waitingNode = (): string =>
    scene.instance(FLEET_REF)?.nodes.find(({ state }) => state === 'waiting')?.id ?? 'absent';

  test('the page reports a lost connection, and shows the same tab after the server is back', async () => {
    await open(`#/instances/${SHOP_REF}?node=web&tab=values`);
    await server.pause();
    await page.getByText(/The connection was lost at/).waitFor();
    await page.getByRole('heading', { name: 'shop/web' }).waitFor();
    await server.resume();
    await page.locator('.connection.is-live').waitFor({ timeout: 15_000 });
    await page.getByRole('tab', { name: 'Values', selected: true }).waitFor();
  });

  test('the page keeps its view and reads the new data of a restarted server', async () => {
    const node = waitingNode();
    await open(`#/instances/${FLEET_REF}?node=${node}`);
    const row = page.getByRole('option', { name: new RegExp(`^${node} `) });
    await row.getByText('waits until').waitFor();
    server.emit([{ type: 'instance-changed', subject: SHOP_REF }]);
    await server.pause();
    await page.getByText(/The connection was lost at/).waitFor();
    scene.step();
    await server.resume({});
    await page.locator('.connection.is-live').waitFor({ timeout: 15_000 });
    await row.getByText(node.replace('n', 'fleet-')).waitFor();
    await page.getByRole('complementary', { name: node, exact: true }).waitFor();
    expect(page.url()).toContain(`node=${node}`);
  });

  test('after a restart with another token, the page names the address to open', async () => {
    await server.pause();
    await page.getByText(/The connection was lost at/).waitFor();
    server.tokens.clear();
    await server.resume({ token: 'another' });
    await page.getByText('Open the address that the command printed last.').waitFor({ timeout: 15_000 });
    // Another program may now listen on the port. The page sends no token to a server that has not proved that it has
    // the token.
    expect([...server.tokens]).toEqual([]);
    await server.pause();
    await server.resume({ token: 'scene' });
  });

  test.each(['lost', 'refused'])(
    'while the connection is %s, the page requests no script of its origin',
    async (state) => {
      await server.pause();
      await page.getByText(/The connection was lost at/).waitFor();
      if (state === 'refused') {
        await server.resume({ token: 'of another program' });
        await page.getByText('Open the address that the command printed last.').waitFor({ timeout: 15_000 });
      }
      const requests: string[] = [];
      page.on('request', (request) => requests.push(new URL(request.url()).pathname));
      await page.keyboard.press('g');
      await page.keyboard.press('t');
      await page.getByText('The page loads the playground when the server responds again.').waitFor();
      expect(requests.filter((path) => path.endsWith('.js'))).toEqual([]);
      if (state === 'refused') await server.pause();
      await server.resume({ token: 'scene' });
      if (state === 'refused') return;
      await page.getByRole('textbox', { name: 'Spec' }).waitFor({ timeout: 15_000 });
    },
  );

  test('while the server cannot reach its cluster, each part shows the time of its data; when the server reaches the cluster again, the new state appears', async () => {
    await open(`#/instances/${SHOP_REF}?node=web&tab=object`);
    await page.getByRole('region', { name: 'Desired and live' }).waitFor();
    server.fail(502);
    server.emit([{ type: 'object-changed', subject: SHOP_REF }]);
    const notice = page
      .getByRole('alert')
      .filter({ hasText: 'The last read failed: the API server does not respond.' });
    await notice.filter({ hasText: /The page shows the instance of / }).waitFor();
    await notice.filter({ hasText: /The page shows the object of / }).waitFor();
    await page.locator('.connection.is-stale').waitFor();
    expect(await page.getByRole('region', { name: 'Desired and live' }).count()).toBe(1);
    expect(await axeProblems(page)).toEqual([]);
    await page.getByRole('link', { name: 'Definitions' }).first().click();
    await page.getByText(/The definitions cannot be read: the API server does not respond/).waitFor();
    server.fail(200);
    await page.getByRole('link', { name: 'Shop' }).first().waitFor();
    await expect.poll(() => notice.count()).toBe(0);
  });

  test('a kind that the server cannot list is named at once, until the list works again', async () => {
    const text = 'definition shops.acme.dev cannot be served: undefined field';
    server.limit([{ text, definition: 'shops.acme.dev' }]);
    server.emit([{ type: 'limits-changed', subject: '' }]);
    await page.getByText(text).getByRole('link', { name: 'See the definition' }).click();
    await page.getByRole('tab', { name: 'Source', selected: true }).waitFor();
    server.limit([]);
    server.emit([{ type: 'limits-changed', subject: '' }]);
    await page.getByText(text).waitFor({ state: 'detached' });
  });

  test('the sign is not "Live" while the API server does not respond, and has the age of the data', async () => {
    server.limit([{ text: 'the API server does not respond', since: SCENE_TIME - 180_000 }]);
    server.emit([{ type: 'limits-changed', subject: '' }]);
    await page.locator('.connection.is-stale', { hasText: /^Not live3m\d*s? old$/ }).waitFor();
    expect(await page.getByText('Live', { exact: true }).count()).toBe(0);
    await page.getByText(/^the API server does not respond. The page shows the state of /).waitFor();
    server.limit([]);
    server.emit([{ type: 'limits-changed', subject: '' }]);
    await page.locator('.connection.is-live').waitFor();
  });

  test('the connection to a silent server counts as lost, and when the server responds again, the page repeats the reads that got no response', async () => {
    const other = await browser.newContext();
    const fresh = await other.newPage();
    await fresh.clock.install();
    await fresh.goto(server.address);
    await fresh.locator('.connection.is-live').waitFor();
    await fresh.evaluate(`location.hash = ${JSON.stringify(`#/instances/${FLEET_REF}`)}`);
    const node = waitingNode();
    const row = fresh.getByRole('option', { name: new RegExp(`^${node} `) });
    await row.getByText('waits until').waitFor();
    server.freeze(true);
    // The page sends a read after this change, and the server leaves the read without a response.
    const reads = server.requests.length;
    const isAsked = fresh.waitForRequest(/\/api\/v1\/instances\//);
    server.emit([{ type: 'instance-changed', subject: FLEET_REF }]);
    await isAsked;
    expect(server.requests).toHaveLength(reads);
    await fresh.clock.fastForward(MAX_SILENCE_MS);
    await fresh.getByText(/The connection was lost at/).waitFor();
    scene.step();
    server.freeze(false);
    await fresh.clock.runFor(30_000);
    await fresh.locator('.connection.is-live').waitFor({ timeout: 15_000 });
    await row.getByText(node.replace('n', 'fleet-')).waitFor();
    await other.close();
  });

  test('a page whose address differs from the address of the server explains why it does not reconnect, and reconnects after a reload', async () => {
    const { port } = new URL(server.url);
    const other = await browser.newContext();
    const fresh = await other.newPage();
    await fresh.goto(`http://localhost:${port}/#token=scene`);
    await fresh.locator('.connection.is-live').waitFor();
    await server.pause();
    await fresh.getByText(/The connection was lost at/).waitFor();
    await server.resume();
    await fresh.getByText(`This page cannot connect again at localhost:${port}.`).waitFor({ timeout: 15_000 });
    await fresh.reload();
    await fresh.locator('.connection.is-live').waitFor();
    await other.close();
  });

  test('the graph shows why its worker failed, and is drawn after a retry', async () => {
    const visitor = await context.newPage();
    let requests = 0;
    await visitor.route('**/layout-worker.js', (route) => {
      requests += 1;
      return requests === 1 ? route.abort() : route.continue();
    });
    await visitor.goto(server.address);
    await visitor.locator('.connection.is-live').waitFor();
    await visitor.goto(`${server.url}/#/instances/${SHOP_REF}`);
    await visitor.getByText('The worker that lays out the graph failed: its script cannot be loaded.').waitFor();
    expect(await visitor.locator('.loading').count()).toBe(0);
    await visitor.getByRole('button', { name: 'Try again' }).click();
    await visitor.locator('[data-box=web]').waitFor();
    expect(requests).toBe(2);
  });

  test('a page without a token names the address to open', async () => {
    const other = await browser.newContext();
    const fresh = await other.newPage();
    await fresh.goto(server.url);
    await fresh.getByText('Open the address that the command printed last.').waitFor();
    await other.close();
  });

  test('the page of a controller has a field for a token, and opens the requested view with the token', async () => {
    const controller = await serveScene(scene, CLUSTER_TOKEN);
    const other = await browser.newContext();
    const fresh = await other.newPage();
    const refusals: string[] = [];
    fresh.on('pageerror', (error) => refusals.push(error.message));
    fresh.on('console', (message) => {
      if (/content security/i.test(message.text())) refusals.push(message.text());
    });
    await fresh.setViewportSize({ width: 320, height: 700 });
    await fresh.goto(`${controller.url}/#/definitions`);
    const field = fresh.getByLabel('Token', { exact: true });
    await field.waitFor();
    await expect.poll(() => fresh.evaluate(() => document.activeElement?.id)).toBe('token');
    expect(await field.getAttribute('autocomplete')).toBe('off');
    await fresh.getByRole('alert').getByText('kubectl create token').waitFor();
    expect(await axeProblems(fresh)).toEqual([]);
    expect(await fresh.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    // An empty field sends nothing.
    await fresh.keyboard.press('Enter');
    await fresh.keyboard.type('wrong');
    await Promise.all([fresh.waitForEvent('load'), fresh.keyboard.press('Enter')]);
    await field.waitFor();
    await expect.poll(() => fresh.evaluate(() => document.activeElement?.id)).toBe('token');
    // A browser cannot send a token with the character U+200B in a header. The test covers a typed token and a token
    // that the tab has kept.
    await fresh.keyboard.insertText('gar\u200bbage');
    await fresh.keyboard.press('Enter');
    await fresh.getByText('The text has the character U+200B, which no token has.').waitFor();
    await fresh.evaluate(() => sessionStorage.setItem('typekro-token', 'gar\u200bbage'));
    await fresh.reload();
    await expect.poll(() => fresh.evaluate(() => document.activeElement?.id)).toBe('token');
    await fresh.keyboard.insertText('gar\u200bbage');
    await fresh.keyboard.press('Enter');
    // The text is selected, so that the next typed text replaces it.
    await fresh.keyboard.type('scene');
    await fresh.keyboard.press('Enter');
    await fresh.locator('.connection.is-live').waitFor();
    await fresh.getByRole('heading', { name: 'Definitions' }).waitFor();
    expect(new URL(fresh.url()).hash).toBe('#/definitions');
    expect(refusals).toEqual([]);
    await other.close();
    await controller.close();
  });
});
