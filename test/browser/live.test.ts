import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KubeClient, loadKubeConfig } from '../../src/kube/index.ts';
import type { RunningCommand } from '../support/command.ts';
import { startCli } from '../support/command.ts';
import { axeProblems, startBrowser, whyNoBrowser } from './support/browser.ts';

/** A text that would run a script if the page took it for markup. */
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
/** Field managers have times in whole seconds. The page cannot order two writes within one second. */
const CHANGED = /(?:changed|owned) by another-client/;
const SETTINGS = { apiVersion: 'v1', kind: 'ConfigMap', name: 'first-settings', namespace: 'default' };

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
      browser = await startBrowser();
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

    /** Chooses a button by keyboard. */
    const press = async (name: string): Promise<void> => {
      await page.getByRole('button', { name }).first().focus();
      await page.keyboard.press('Enter');
    };

    test('by keyboard: a graph becomes ready, drift is corrected, a breaking change is planned, the playground is used', async () => {
      await page.goto(address);
      await page.locator('.connection.is-live').waitFor();
      const grid = page.getByRole('grid', { name: 'Instances' });
      await grid.getByRole('link', { name: 'default/first' }).waitFor();
      await grid.focus();
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
      // The status shows that the controller knows the suspension. Before that, the controller could revert the change.
      await expect
        .poll(async () => JSON.stringify((await user.get(SHOP))['status']), { timeout: 30_000 })
        .toContain('ReconciliationSuspended');
      await page.getByRole('listbox', { name: 'Nodes' }).focus();
      await expect
        .poll(async () => {
          await page.keyboard.press('ArrowDown');
          await page.keyboard.press('Enter');
          return page.getByRole('complementary', { name: 'settings' }).count();
        })
        .toBe(1);
      await page.getByRole('complementary', { name: 'settings' }).getByRole('tab', { selected: true }).focus();
      await page.keyboard.press('ArrowRight');
      await page.getByText('The live object has all desired values.').waitFor();
      // The status of a suspended instance stays the same: the change of the object alone reaches the page.
      await user.patch(SETTINGS, { data: { colour: 'blue' } }, { fieldManager: 'another-client' });
      await page.getByText(CHANGED).waitFor();
      expect(await axeProblems(page)).toEqual([]);
      await press('Resume');
      await page.getByText(CHANGED).waitFor({ state: 'hidden' });
      expect((await user.get(SETTINGS))['data']).toMatchObject({ colour: 'red' });

      await page.keyboard.press('Escape');
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

      await page.getByRole('heading', { name: 'Plan' }).click();
      await page.keyboard.press('g');
      await page.keyboard.press('t');
      await page.getByText('Step 7 of 7').waitFor();
      await page.getByRole('textbox', { name: 'Spec' }).focus();
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.insertText('name: mine\n');
      await page.getByRole('button', { name: /Status of Deployment mine/ }).waitFor();
      expect(await page.title()).toBe('TypeKro');
      expect(await page.locator('img').count()).toBe(0);
      expect(errors).toEqual([]);
    }, 120_000);

    test.each<[string, Readonly<Record<string, string>>]>([
      ['no token', {}],
      ['a wrong token', { authorization: 'Bearer wrong' }],
      ['a foreign origin', { authorization: 'Bearer TOKEN', origin: 'https://evil.example' }],
      ['a wrong host', { authorization: 'Bearer TOKEN', host: 'evil.example' }],
    ])('a request with %s gets nothing', async (_, headers) => {
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
      expect([401, 403, 421]).toContain(answer.status);
      expect(answer.text).not.toContain('first');
    });
  },
);
