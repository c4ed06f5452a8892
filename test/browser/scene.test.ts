import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startBrowser, whyNoBrowser } from './support/browser.ts';
import { createScene, FLEET_REF, SHOP_REF } from './support/scene.ts';
import { type SceneServer, serveScene } from './support/scene-server.ts';

/** A name that would run a script if the page inserted it as markup. */
const HOSTILE = '<img src=x onerror="document.title=\'owned\'">';

if (whyNoBrowser !== undefined) console.log(`The tests of the page are skipped: ${whyNoBrowser}`);

describe.skipIf(whyNoBrowser !== undefined)('the page, with the data of a scene', () => {
  const scene = createScene({ instances: 10_000, nodes: 900, children: 900, hostile: HOSTILE, canary: true });
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

  /** The id of the first waiting node of the instance `FLEET_REF`. The next `scene.step()` makes this node ready. */
  const waitingNode = (): string =>
    scene.instance(FLEET_REF)?.nodes.find(({ state }) => state === 'waiting')?.id ?? 'absent';

  test('the page removes the token from its address, and a reload shows the same tab', async () => {
    expect(page.url()).toBe(`${server.url}/#/instances`);
    await open('#/definitions/shops.acme.dev?tab=revisions');
    await page.reload();
    await page.getByRole('tab', { name: 'Revisions', selected: true }).waitFor();
    expect(errors).toEqual([]);
  });

  test('of 10,000 instances the document has only the visible rows, and the key End shows the last one', async () => {
    await open('#/instances?sort=name');
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

  test('the instances of a revision have an address, and the key / filters them', async () => {
    await open('#/definitions/shops.acme.dev?tab=revisions');
    await page.getByText('1 pinned').click();
    await page.getByText('apollo/store-7000').waitFor();
    await page.getByRole('link', { name: 'of revision 3' }).click();
    await page.getByRole('button', { name: 'Revision 3' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('quota');
    await expect.poll(() => page.url()).toContain('#/definitions/shops.acme.dev?tab=instances&filter=quota&revision=3');
    await page.reload();
    await page.getByText('quota exceeded').first().waitFor();
    await page.getByRole('button', { name: 'Revision 3' }).click();
    await expect.poll(() => page.url()).not.toContain('revision');
    expect(errors).toEqual([]);
  });

  test('the page of a definition shows its schemas, and its canary with the instance that gets the revision first', async () => {
    await open('#/definitions/shops.acme.dev?tab=schema');
    await page.getByText(/Revision 4 is tried first on 1 of 9,999 instances/).waitFor();
    await page.getByText('shop/web is not ready yet').waitFor();
    await page.getByRole('region', { name: 'Spec' }).getByText('minimum: 1').first().waitFor();
    await page.getByRole('region', { name: 'Status' }).getByText('endpoint:').waitFor();
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
        // The page may be replacing the grid at this moment. If there is no grid, this attempt presses no key.
        const hasGrid = await page.evaluate<boolean>(
          `Boolean(document.querySelector('[role=grid]')) && (document.querySelector('[role=grid]').focus(), true)`,
        );
        if (hasGrid) await page.keyboard.press('Enter');
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
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Whole graph').waitFor();
    expect(errors).toEqual([]);
  });

  test('the arrow keys move between the boxes of the graph, and positions stay after a change', async () => {
    await open(`#/instances/${FLEET_REF}`);
    await page.getByText(/nodes are in \d+ groups/).waitFor();
    const first = page.locator('.box[tabindex="0"]');
    await first.focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.box:focus').count()).toBe(1);
    const box = (id: string) => page.locator(`[data-box="${id}"]`);
    const places = (): Promise<string[]> =>
      page.evaluate(
        `[...document.querySelectorAll('.box')].map((box) => box.dataset.box + box.getAttribute('transform'))`,
      );
    // After the step, the waiting nodes that have their own boxes are ready, and nodes inside groups wait instead.
    const single = waitingNode();
    await box(single).and(page.locator('.tone-waiting')).waitFor();
    const before = await places();
    scene.step();
    server.emit([{ type: 'instance-changed', subject: FLEET_REF }]);
    await box(single).and(page.locator('.tone-ready')).waitFor();
    expect(await places()).toEqual(before);
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

  test('hostile names, labels, annotations and messages are shown as plain text', async () => {
    await open(`#/instances/${SHOP_REF}?node=web`);
    await page.getByText(HOSTILE).first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
    await page.keyboard.press('Escape');
    await page.keyboard.press('s');
    const parts = page.getByRole('complementary', { name: 'Spec and conditions' });
    for (const name of ['Labels', 'Annotations'])
      expect(await parts.getByRole('region', { name }).textContent()).toContain('<img src=x onerror=');
    await parts.getByText(HOSTILE, { exact: true }).waitFor();
    await parts.getByText('name: web').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).toBe('shop/web · TypeKro');
    expect(errors).toEqual([]);
  });

  test('the page of an instance that vanishes keeps the last state, and says that the instance no longer exists', async () => {
    await open(`#/instances/${SHOP_REF}?node=settings`);
    await page.getByRole('complementary', { name: 'settings' }).waitFor();
    const nodes = await page.getByText(/\d of \d nodes ready/).textContent();
    scene.setLeaving(SHOP_REF, true);
    server.emit([{ type: 'instance-changed', subject: SHOP_REF }]);
    await page.getByText(/deletion requested/).waitFor();
    await page.getByText('0 of 0 nodes ready').waitFor();
    scene.setGone(SHOP_REF, true);
    server.emit([{ type: 'instance-removed', subject: SHOP_REF }]);
    await page.getByText('This instance no longer exists.').waitFor();
    await page.getByRole('complementary', { name: 'settings' }).waitFor();
    await page.locator('[data-box=web]').waitFor();
    await page.getByText(nodes ?? '', { exact: true }).waitFor();
    expect(await page.getByText(/deletion requested|There is no node|cannot be read/).count()).toBe(0);
    scene.setLeaving(SHOP_REF, false);
    await page.reload();
    await page.getByText('Shop web does not exist.').waitFor();
    await page.getByText('Its last state was IN_PROGRESS.').waitFor();
    scene.setGone(SHOP_REF, false);
    server.emit([{ type: 'instance-changed', subject: SHOP_REF }]);
    await page.getByRole('heading', { name: 'shop/web' }).waitFor();
  });

  test('after a change of only an object, the page reads the object but not the list of instances', async () => {
    await open(`#/instances/${FLEET_REF}`);
    const reads = (end: string): number => server.requests.filter((path) => path.endsWith(end)).length;
    const before = { instance: reads('Ffleet'), list: reads('/instances') };
    server.emit([{ type: 'object-changed', subject: FLEET_REF }]);
    await expect.poll(() => reads('Ffleet')).toBeGreaterThan(before.instance);
    expect(reads('/instances')).toBe(before.list);
    expect(errors).toEqual([]);
  });

  test('the panel of a collection counts its unready objects, and the keyboard selects one object', async () => {
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

  test('in each view, the first arrow key moves the focus to the list, the graph or the cards of the view', async () => {
    const focused = (): Promise<string | null> =>
      page.evaluate<string | null>("document.activeElement.getAttribute('role') ?? document.activeElement.tagName");
    await page.getByRole('grid', { name: 'Instances' }).waitFor();
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('grid');
    await open(`#/instances/${SHOP_REF}`);
    await page.locator('[data-box=web]').waitFor();
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('button');
    const first = await page.locator('.box:focus').getAttribute('data-box');
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.box:focus').getAttribute('data-box')).not.toBe(first);
    await open('#/definitions');
    await page.getByRole('link', { name: 'Shop' }).waitFor();
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('A');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Fleet' }).waitFor();
    expect(errors).toEqual([]);
  });

  test('the key w shows the why path instead of the selected node, and a second w hides the path', async () => {
    await open(`#/instances/${SHOP_REF}?node=settings`);
    await page.getByRole('complementary', { name: 'settings' }).waitFor();
    await page.keyboard.press('w');
    await page.getByRole('complementary', { name: 'Why path' }).waitFor();
    await page.getByRole('complementary').getByRole('button', { name: 'web', exact: true }).click();
    await page.getByRole('complementary', { name: 'web' }).waitFor();
    await page.keyboard.press('w');
    await page.getByRole('complementary', { name: 'Why path' }).waitFor();
    await page.keyboard.press('w');
    await expect.poll(() => page.getByRole('complementary', { name: 'Why path' }).count()).toBe(0);
    expect(errors).toEqual([]);
  });

  test.each([
    ['#/nowhere', '#/instances', 'The dashboard has no page “#/nowhere”.'],
    ['#/instances?state=SAD', '#/instances', 'The option state has no value “SAD”.'],
    [`#/instances/${SHOP_REF}?tab=colour`, `#/instances/${SHOP_REF}`, 'The option tab has no value “colour”.'],
  ])('the address %s becomes %s, and the page says why', async (hash, shown, words) => {
    await open(hash);
    await page.getByText(words).waitFor();
    expect(page.url()).toBe(`${server.url}/${shown}`);
    expect(errors).toEqual([]);
  });

  test.each([
    ['an instance', `#/instances/${SHOP_REF}?node=nope`, 'There is no node “nope” here.'],
    ['a definition', '#/definitions/shops.acme.dev?node=nope', 'There is no node “nope” here.'],
    ['a node', `#/instances/${SHOP_REF}?node=web&object=v1/Pod/a/b`, 'The node has no object v1/Pod/a/b.'],
  ])('the page of %s names the part of its address that does not exist', async (_title, hash, words) => {
    await open(hash);
    await page.getByText(words).waitFor();
  });

  test('the form shows at each field why an API server would refuse the value, and has rows for lists', async () => {
    await open('#/definitions/shops.acme.dev?tab=form');
    const replicas = page.getByRole('textbox', { name: 'replicas' });
    await replicas.fill('0');
    await page.getByText('spec.replicas in body should be greater than or equal to 1').waitFor();
    expect(await replicas.getAttribute('aria-invalid')).toBe('true');
    await replicas.fill('two');
    await page.getByText('spec.replicas in body must be of type integer').waitFor();
    await page.getByText('replicas: two').waitFor();
    await replicas.fill('3');
    await expect.poll(() => page.locator('[aria-invalid=true]').count()).toBe(0);
    const add = page.getByRole('button', { name: 'Add a row to regions' });
    await add.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.getByRole('group', { name: 'regions' }).getByRole('textbox', { name: '2' }).fill('eu');
    await page.getByRole('button', { name: 'Remove row 1 of regions' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('- eu').waitFor();
    expect(await add.evaluate('document.activeElement.ariaLabel')).toBe('Add a row to regions');
    expect(errors).toEqual([]);
  });

  /**
   * Simulates the events of a file drop on an element. Returns true if the page prevented the browser from opening the
   * file.
   */
  const drop = (selector: string, name: string, text: string): Promise<boolean> =>
    page.locator(selector).evaluate(
      (element, [fileName, content]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([content], fileName));
        const send = (type: string): boolean =>
          element.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true, composed: true }));
        return !send('dragover') && !send('drop');
      },
      [name, text] as const,
    );

  test('the plan accepts a file that is dropped anywhere on the page, and its result is marked as outdated when the text changes', async () => {
    await open('#/plan');
    await page.locator('header.bar').dispatchEvent('dragover', {
      dataTransfer: await page.evaluateHandle(() => {
        const data = new DataTransfer();
        data.items.add(new File(['a'], 'a.yaml'));
        return data;
      }),
    });
    await page.getByText('Drop the file to plan it.').waitFor();
    expect(await drop('header.bar', 'shop.yaml', 'kind: Shop\n')).toBe(true);
    await page.getByText('The plan of shop.yaml').waitFor();
    expect(await page.getByLabel('Definitions and instances as YAML').inputValue()).toBe('kind: Shop\n');
    expect(await page.getByText('Drop the file to plan it.').count()).toBe(0);
    await page.keyboard.press('/');
    await page.keyboard.type('# more');
    await page.getByText('This is the result of an earlier text of shop.yaml.').waitFor();
    await page.keyboard.press('ControlOrMeta+Enter');
    await page.getByText('The plan of shop.yaml').waitFor();
    expect(errors).toEqual([]);
  });

  test('the source of a definition opens in the plan, but a source with hidden values does not', async () => {
    await open('#/definitions/shops.acme.dev?tab=source');
    await page.getByRole('button', { name: 'Plan a change' }).focus();
    await page.keyboard.press('Enter');
    expect(page.url()).toBe(`${server.url}/#/plan`);
    const text = page.getByLabel('Definitions and instances as YAML');
    expect(await text.inputValue()).toBe(scene.definition('shops.acme.dev')?.source.text);
    await page.getByText('shops.acme.dev.yaml').first().waitFor();
    await open('#/definitions/fleets.acme.dev?tab=source');
    await page.getByText('This text hides values of Secrets').waitFor();
    expect(await page.getByRole('button', { name: 'Plan a change' }).count()).toBe(0);
    await open('#/instances');
    await open('#/plan');
    expect(await text.inputValue()).toBe('');
    expect(errors).toEqual([]);
  });

  test('the key c copies the command for the list, the instance or the selected node that is shown', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const copied = async (): Promise<string> => {
      await page.keyboard.press('c');
      await page.getByText(/^Copied: /).waitFor();
      return page.evaluate<string>('navigator.clipboard.readText()');
    };
    await page.getByRole('grid', { name: 'Instances' }).waitFor();
    expect(await copied()).toContain('kubectl get shop.v1.acme.dev,fleet.v1.acme.dev --all-namespaces');
    await open(`#/instances/${SHOP_REF}`);
    await page.locator('[data-box=web]').waitFor();
    await expect.poll(copied).toContain('typekro why Shop/web -n shop');
    await open(`#/instances/${SHOP_REF}?node=settings`);
    await page.getByRole('complementary', { name: 'settings' }).waitFor();
    await expect.poll(copied).toContain('kubectl get configmap/web-settings -n shop -o yaml');
    // After a reload, the keys of the node and of the instance are registered at the same time.
    await page.reload();
    await page.getByRole('complementary', { name: 'settings' }).waitFor();
    expect(await copied()).toContain('kubectl get configmap/web-settings -n shop -o yaml');
    await open(`#/instances/${SHOP_REF}?node=service&tab=events`);
    await page.getByRole('complementary', { name: 'service' }).waitFor();
    await expect.poll(copied).toContain('typekro why Shop/shop/web/service');
    await page.getByRole('button', { name: 'events: copy typekro events Shop/shop/web/service' }).waitFor();
    await open('#/definitions/shops.acme.dev?tab=form');
    await page.getByRole('button', { name: 'apply: copy kubectl apply -f -' }).click();
    await expect
      .poll(() => page.evaluate<string>('navigator.clipboard.readText()'))
      .toMatch(/^kubectl apply -f - <<'EOF'\napiVersion: acme.dev\/v1\nkind: Shop\n[\s\S]*\nEOF\n$/);
    expect(errors).toEqual([]);
  });

  test('a file that is dropped on a view other than the plan does not replace the page', async () => {
    expect(await drop('main', 'shop.yaml', 'kind: Shop\n')).toBe(true);
    expect(page.url()).toBe(`${server.url}/#/instances`);
  });

  test('the texts of the playground stay while another view is shown, and then are in the address again', async () => {
    await open('#/playground');
    await page.getByText('Step 7 of 7').waitFor();
    await page.getByRole('textbox', { name: 'Definition' }).focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText('kind: "own\u202e"');
    await expect.poll(() => page.url()).toContain('state=');
    await page.getByRole('link', { name: 'Instances' }).click();
    await page.getByRole('grid', { name: 'Instances' }).waitFor();
    await page.getByRole('link', { name: 'Playground' }).click();
    await page
      .getByText(String.raw`own\u202e`)
      .first()
      .waitFor();
    await expect.poll(() => page.url()).toContain('state=');
    expect(errors).toEqual([]);
  });

  test('the page says that an instance does not exist', async () => {
    await page.goto(`${server.url}/#/instances/acme.dev/v1/Shop/shop/gone`);
    await page.getByText('Shop gone does not exist.').waitFor();
    await page.goto(`${server.url}/#/instances/acme.dev/v1/Shop/shop/go\u202ene`);
    await page.getByText(String.raw`Shop go\u202ene does not exist.`).waitFor();
  });

  test('when the system forces its own colours, a chosen button and a chosen tab look different from others', async () => {
    await page.emulateMedia({ forcedColors: 'active' });
    const colour = (selector: string): Promise<string> =>
      page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).backgroundColor`);
    await page.getByRole('grid').waitFor();
    expect(await colour('.chip[aria-pressed=true]')).not.toBe(await colour('.chip[aria-pressed=false]'));
    await open('#/definitions/shops.acme.dev?tab=source');
    expect(await colour('.tab[aria-selected=true]')).not.toBe(await colour('.tab[aria-selected=false]'));
  });

  test('the focus moves to the content when the focused element disappears, and the title names the instance', async () => {
    await page.getByRole('grid', { name: 'Instances' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.box').first().waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    expect(await page.title()).toMatch(/\/store-\d+ · TypeKro$/);
    expect(errors).toEqual([]);
  });
});
