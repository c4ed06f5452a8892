import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from '../../packages/cli/src/dashboard/open-browser.ts';
import { inspectPaths } from '@typekro/controller/inspect';
import { KubeClient, loadKubeConfig } from '@typekro/kube';
import { freePort } from '../support/api-server.ts';
import { type RunningCommand, startCli } from '../support/command.ts';
import { axeProblems, startBrowser, whyNoBrowser } from './support/browser.ts';

/** A string that would run a script if the page inserted it as markup. */
const HOSTILE = '<img src=x onerror="document.title=\'owned\'">';

const definition = (spec: string): string => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: shop
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    spec:
${spec}
  resources:
    - id: gate
      externalRef:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: gate
    - id: settings
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \${schema.metadata.name}-settings
        data:
          colour: \${schema.spec.colour}
          gate: \${gate.data.key}
    - id: web
      readyWhen:
        - \${web.status.availableReplicas == web.spec.replicas}
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: \${settings.metadata.name}
        spec:
          replicas: 2
          selector:
            matchLabels:
              app: web
          template:
            metadata:
              labels:
                app: web
            spec:
              containers:
                - name: web
                  image: nginx:1.29
`;

const INSTANCE = `apiVersion: kro.run/v1alpha1
kind: Shop
metadata:
  name: first
  namespace: default
  annotations:
    note: '${HOSTILE.replaceAll("'", "''")}'
spec:
  colour: red
`;

const GATE = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'gate', namespace: 'default' },
  data: { key: 'k' },
};
const SHOP = { apiVersion: 'kro.run/v1alpha1', kind: 'Shop', name: 'first', namespace: 'default' };
/**
 * The page says `owned` instead of `changed` if both writes of the field are within the same second. It cannot order
 * such writes, because the times of field managers are whole seconds.
 */
const CHANGED = /(?:changed|owned) by another-client/;
const SETTINGS = { apiVersion: 'v1', kind: 'ConfigMap', name: 'first-settings', namespace: 'default' };

/** The path of the instance in the inspect interface. */
const FIRST = 'kro.run/v1alpha1/Shop/default/first';

/** Does the element have the focus, possibly inside a shadow root such as that of an editor? */
const hasFocus = (element: Element): boolean =>
  (element.getRootNode() as Document | ShadowRoot).activeElement === element;

/**
 * Runs in a page of another site and tries every way to use the server. Returns the result of each way, by the name of
 * the way.
 */
async function attack({ origin, token, actions }: Readonly<Record<'origin' | 'token' | 'actions', string>>) {
  const list = `${origin}/api/v1/instances`;
  const headers = { authorization: `Bearer ${token}` };
  const body = JSON.stringify({ action: 'suspend' });
  const textOf = async (url: string, init?: RequestInit): Promise<string> => (await fetch(url, init)).text();
  const loaded = (element: HTMLElement): Promise<unknown> =>
    new Promise((resolve, reject) => {
      element.addEventListener('load', resolve);
      element.addEventListener('error', () => reject(new Error('refused')));
      document.body.append(element);
    });
  const framed = async (fill: (frame: HTMLIFrameElement) => void): Promise<string> => {
    const element = document.createElement('iframe');
    element.name = 'target';
    const done = loaded(element);
    await done;
    fill(element);
    return 'a frame';
  };
  const tries: Readonly<Record<string, () => Promise<unknown>>> = {
    'a fetch': () => textOf(list),
    'a fetch with the token': () => textOf(list, { headers }),
    'a fetch without CORS': () => textOf(list, { mode: 'no-cors' }),
    'a post without CORS': () => textOf(`${origin}${actions}`, { mode: 'no-cors', method: 'POST', body }),
    'an event source': () =>
      new Promise((resolve, reject) => {
        const source = new EventSource(`${origin}/api/v1/events?token=${token}`);
        source.addEventListener('hello', ({ data }) => resolve(data));
        source.addEventListener('error', () => reject(new Error('refused')));
      }),
    'a script': () => loaded(Object.assign(document.createElement('script'), { src: list })),
    'a form': () =>
      framed(() => {
        const form = document.createElement('form');
        Object.assign(form, { action: `${origin}${actions}`, method: 'post', enctype: 'text/plain', target: 'target' });
        form.append(Object.assign(document.createElement('input'), { name: '{"action":"suspend","', value: '":1}' }));
        document.body.append(form);
        form.submit();
      }),
    'a frame': () => framed((element) => (element.src = origin)),
  };
  const got: Record<string, unknown> = {};
  for (const [name, run] of Object.entries(tries)) got[name] = await run().catch(() => 'nothing');
  return got;
}

describe.skipIf(whyNoBrowser !== undefined)(
  'the page of typekro up, on an embedded cluster with the real controller',
  () => {
    let directory: string;
    let command: RunningCommand;
    let address: string;
    let browser: Browser;
    let page: Page;
    let user: KubeClient;
    const errors: string[] = [];

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'typekro-live-'));
      writeFileSync(join(directory, 'shop.yaml'), `${definition('      colour: string')}---\n${INSTANCE}`);
      command = startCli(['up', '--allow-actions', '--timeout', '1s', 'shop.yaml'], directory);
      await command.until(/Dashboard at \S+[\s\S]*KUBECONFIG=/);
      address = /Dashboard at (\S+)/.exec(command.output)?.[1] ?? '';
      user = new KubeClient({ config: await loadKubeConfig({ path: join(directory, '.typekro/default/kubeconfig') }) });
      // `evil.example` is the host name of another site. It resolves to this machine, as in a DNS rebinding attack.
      browser = await startBrowser(['--host-resolver-rules=MAP evil.example 127.0.0.1']);
      page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text());
      });
      page.on('pageerror', (error) => errors.push(error.message));
    });
    afterAll(async () => {
      await browser?.close();
      await user?.close();
      await command?.interrupt();
      rmSync(directory, { recursive: true, force: true });
    });

    /** Moves the focus to an element with only the Tab key. */
    const tabTo = async (target: Locator): Promise<void> => {
      for (let count = 0; count < 80; count += 1) {
        if (await target.evaluate(hasFocus)) return;
        // In an editor, the Tab key indents. After Escape, the next Tab leaves the editor.
        if (await page.evaluate(`document.activeElement.shadowRoot != null`)) await page.keyboard.press('Escape');
        await page.keyboard.press('Tab');
      }
      throw new Error(`the Tab key does not reach ${String(target)}`);
    };
    /** Presses a button by keyboard. */
    const press = async (name: string): Promise<void> => {
      await tabTo(page.getByRole('button', { name }).first());
      await page.keyboard.press('Enter');
    };

    test('by keyboard: a graph becomes ready, drift is corrected, a breaking change is planned, the playground is used', async () => {
      await page.goto(address);
      await page.locator('.connection.is-live').waitFor();
      const grid = page.getByRole('grid', { name: 'Instances' });
      await grid.getByRole('link', { name: 'default/first' }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'default/first' }).getByText('In progress').waitFor();
      await page.locator('.box').first().waitFor();

      await page.keyboard.press('w');
      const why = page.getByRole('complementary');
      await why.getByText(/gate/).first().waitFor();
      expect(await axeProblems(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await user.create(GATE);
      await page.getByRole('heading', { name: 'default/first' }).getByText('Active').waitFor();

      await press('Suspend');
      await page.getByRole('button', { name: 'Resume' }).waitFor();
      // Waits until the status shows that the controller has observed the suspension. Before that, the controller could
      // revert the change of `settings` below.
      await expect
        .poll(async () => JSON.stringify((await user.get(SHOP))['status']), { timeout: 30_000 })
        .toContain('ReconciliationSuspended');
      await tabTo(page.getByRole('listbox', { name: 'Nodes' }));
      await expect
        .poll(async () => {
          await page.keyboard.press('ArrowDown');
          await page.keyboard.press('Enter');
          return page.getByRole('complementary', { name: 'settings' }).count();
        })
        .toBe(1);
      await tabTo(page.getByRole('complementary', { name: 'settings' }).getByRole('tab', { selected: true }));
      await page.keyboard.press('ArrowRight');
      await page.getByText('The live object has all desired values.').waitFor();
      // The status of a suspended instance does not change, so the page must notice the change of the object itself.
      await user.patch(SETTINGS, { data: { colour: 'blue' } }, { fieldManager: 'another-client' });
      await page.getByText(CHANGED).waitFor();
      expect(await axeProblems(page)).toEqual([]);
      await press('Resume');
      await page.getByText(CHANGED).waitFor({ state: 'hidden' });
      expect((await user.get(SETTINGS))['data']).toMatchObject({ colour: 'red' });

      // If no node is selected, the page shows the events of the instance itself, where corrected drift appears at
      // once.
      await page.keyboard.press('Escape');
      const events = page.getByRole('complementary', { name: 'Events' });
      await events.getByText('ConfigMap v1 default/first-settings').first().waitFor();
      await events.getByText('DriftCorrected').first().waitFor();
      await user.patch(SETTINGS, { data: { colour: 'green' } }, { fieldManager: 'third-client' });
      await events
        .getByText(/data\.colour changed by third-client; the controller reverts the change/)
        .waitFor({ timeout: 10_000 });
      expect(await axeProblems(page)).toEqual([]);
      await page.keyboard.press('v');
      await events.waitFor({ state: 'detached' });
      await page.keyboard.press('v');
      await events.waitFor();

      await page.keyboard.press('s');
      const parts = page.getByRole('complementary', { name: 'Spec and conditions' });
      await parts.getByText('colour: red').waitFor();
      await parts.getByText(HOSTILE.slice(0, 18)).waitFor();
      await parts.getByText('Ready True').first().waitFor();
      const spec = parts.getByRole('region', { name: 'Spec', exact: true });
      const hidden = (element: { readonly scrollHeight: number; readonly clientHeight: number }) =>
        element.scrollHeight - element.clientHeight;
      expect(await spec.evaluate(hidden)).toBe(0);
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.title()).toBe('default/first · TypeKro');
      expect(await axeProblems(page)).toEqual([]);

      await page.keyboard.press('g');
      await page.keyboard.press('p');
      await page.getByRole('heading', { name: 'Plan' }).waitFor();
      await page.keyboard.press('/');
      await page.keyboard.insertText(definition('      colour: string\n      size: string | required=true'));
      await page.keyboard.press('ControlOrMeta+Enter');
      await page
        .getByText(/breaking/i)
        .first()
        .waitFor();
      await page.getByText('default/first').first().waitFor();
      expect(await axeProblems(page)).toEqual([]);

      // In a text field, the keys g and t are letters. Tab leaves the field.
      await page.keyboard.press('Tab');
      await page.keyboard.press('g');
      await page.keyboard.press('t');
      await page.getByText('Step 7 of 7').waitFor();
      await tabTo(page.getByRole('textbox', { name: 'Spec' }));
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.insertText('name: mine\n');
      await page.getByRole('button', { name: /Status of Deployment mine/ }).waitFor();
      expect(await page.title()).toBe('Playground · TypeKro');
      expect(await page.locator('img').count()).toBe(0);
      expect(errors).toEqual([]);
    }, 120_000);

    test('a page shows the same view after the command has restarted on the same port', async () => {
      const own = mkdtempSync(join(tmpdir(), 'typekro-again-'));
      const token = join(own, '.typekro/default/dashboard-token');
      writeFileSync(join(own, 'shop.yaml'), `${definition('      colour: string')}---\n${INSTANCE}`);
      const port = await freePort();
      const start = () => startCli(['up', '--timeout', '1s', '--dashboard-port', `${port}`, 'shop.yaml'], own);
      let again = start();
      const context = await browser.newContext();
      const visitor = await context.newPage();
      try {
        await again.until(/Dashboard at \S+[\s\S]*KUBECONFIG=/);
        await visitor.goto(/Dashboard at (\S+)/.exec(again.output)?.[1] ?? '');
        await visitor.locator('.connection.is-live').waitFor();
        await visitor.getByRole('link', { name: 'default/first' }).click();
        await visitor.getByRole('option', { name: /^gate/ }).click();
        const place = visitor.url();
        await again.interrupt();
        await visitor.getByText(/The connection was lost at/).waitFor();
        expect(statSync(token).mode & 0o777).toBe(0o600);

        again = start();
        await visitor.locator('.connection.is-live').waitFor({ timeout: 30_000 });
        await visitor.getByRole('complementary', { name: 'gate' }).waitFor();
        expect(visitor.url()).toBe(place);
        expect(again.process.spawnargs.join(' ')).not.toContain(
          (JSON.parse(readFileSync(token, 'utf8')) as { token: string }).token,
        );

        await again.interrupt();
        rmSync(token);
        again = start();
        await visitor.getByText('Open the address that the command printed last.').waitFor({ timeout: 30_000 });
        await again.until(/Dashboard at \S+/);
        await visitor.goto(/Dashboard at (\S+)/.exec(again.output)?.[1] ?? '');
        await visitor.locator('.connection.is-live').waitFor();
      } finally {
        await context.close();
        await again.interrupt();
        rmSync(own, { recursive: true, force: true });
      }
    }, 90_000);

    test('the file that --open opens, and a link on another site, lead to the page', async () => {
      const context = await browser.newContext();
      const folder = mkdtempSync(join(tmpdir(), 'typekro-opened-'));
      const script = 'require("node:fs").writeFileSync(process.argv[1], process.argv[2])';
      const opened = await openBrowser(address, [process.execPath, '-e', script, join(folder, 'name')]);
      try {
        const visitor = await context.newPage();
        const nameOf = () => (existsSync(join(folder, 'name')) ? readFileSync(join(folder, 'name'), 'utf8') : '');
        await expect.poll(nameOf).toMatch(/open\.html$/);
        // The file redirects to another page while it loads.
        await visitor.goto(pathToFileURL(nameOf()).href, { waitUntil: 'commit' });
        await visitor.locator('.connection.is-live').waitFor();
        await visitor.goto(
          'data:text/html,<a href="' + encodeURIComponent(`${new URL(address).origin}/`) + '">page</a>',
        );
        await visitor.getByText('page').click();
        await visitor.locator('#page > *').first().waitFor();
      } finally {
        await context.close();
        opened.close();
        rmSync(folder, { recursive: true, force: true });
      }
    });

    test('a page of another site gets no data with any request that its browser can send', async () => {
      const site = createServer((_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>evil</title>');
      });
      await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
      const context = await browser.newContext();
      try {
        const visitor = await context.newPage();
        await visitor.goto(`http://evil.example:${(site.address() as AddressInfo).port}/`);
        const session = await context.newCDPSession(visitor);
        await session.send('Network.enable');
        // The browser reports a request and its status in any order, so both are stored under the ID of the request. A
        // request that fails its preflight has no status, because the browser does not send it.
        const [sent, statusOf] = [new Map<string, string>(), new Map<string, number>()];
        session.on('Network.requestWillBeSent', ({ requestId, request: { method, url } }) => {
          if (url.startsWith(origin)) sent.set(requestId, `${method} ${new URL(url).pathname}`);
        });
        session.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => {
          statusOf.set(requestId, statusCode);
        });
        const { origin, hash } = new URL(address);
        const given = { origin, token: hash.replace('#token=', ''), actions: inspectPaths.actions(FIRST) };
        const before = (await user.get(SHOP)).metadata.annotations;
        const got = await visitor.evaluate(attack, given);
        expect(got).toEqual({
          'a fetch': 'nothing',
          'a fetch with the token': 'nothing',
          'a fetch without CORS': 'nothing',
          'a post without CORS': 'nothing',
          'an event source': 'nothing',
          'a script': 'nothing',
          'a form': 'a frame',
          'a frame': 'a frame',
        });
        await expect
          .poll(() =>
            [...sent].flatMap(([id, name]) => (statusOf.has(id) ? [`${statusOf.get(id)} ${name}`] : [])).toSorted(),
          )
          .toEqual([
            '403 GET /',
            '403 GET /api/v1/events',
            '403 GET /api/v1/instances',
            '403 GET /api/v1/instances',
            '403 GET /api/v1/instances',
            '403 OPTIONS /api/v1/instances',
            `403 POST ${given.actions}`,
            `403 POST ${given.actions}`,
          ]);
        // A locator waits for the navigation of its frame.
        const [, ...frames] = visitor.frames();
        expect(frames).toHaveLength(2);
        for (const frame of frames) {
          expect(await frame.locator('body', { hasText: 'inspect/foreign-origin' }).innerText()).toBe(
            '{"code":"inspect/foreign-origin","message":"a page of another origin may not use this server"}',
          );
        }
        // If an action had succeeded, it would have changed an annotation.
        expect((await user.get(SHOP)).metadata.annotations).toEqual(before);

        // After DNS rebinding, a page of another site has the same origin as the responses of this server.
        const answer = await visitor.goto(origin.replace('127.0.0.1', 'evil.example'));
        expect(answer?.status()).toBe(421);
        expect(await visitor.content()).not.toContain('app.js');
      } finally {
        await context.close();
        await new Promise((resolve) => site.close(resolve));
      }
    });

    test.each<[string, number, Readonly<Record<string, string>>]>([
      ['no token', 401, {}],
      ['a wrong token', 401, { authorization: 'Bearer wrong' }],
      ['a foreign origin', 403, { authorization: 'Bearer TOKEN', origin: 'https://evil.example' }],
      ['a wrong host', 421, { authorization: 'Bearer TOKEN', host: 'evil.example' }],
    ])('a request with %s gets no data', async (_, status, headers) => {
      const { origin, hash } = new URL(address);
      const token = hash.replace('#token=', '');
      const sent = Object.fromEntries(
        Object.entries(headers).map(([key, value]) => [key, value.replace('TOKEN', token)]),
      );
      const answer = await new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
        request(`${origin}/api/v1/instances`, { headers: sent }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => (text += part));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        })
          .on('error', reject)
          .end();
      });
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain('first');
    });
  },
);
