import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { axeProblems, startBrowser, whyNoBrowser } from './support/browser.ts';
import { type ServedFolder, serveFolder } from './support/serve-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
describe.skipIf(whyNoBrowser !== undefined)('the playground as static files', () => {
  let folder: string;
  let server: ServedFolder;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let errors: string[];
  let requests: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'typekro-playground-'));
    await promisify(execFile)(process.execPath, ['scripts/page.mjs', '--playground', folder], { cwd: ROOT });
    server = await serveFolder(folder, '/docs/playground/');
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

  test('the example becomes ready, and the page requests only files of its own folder', () => {
    expect(requests.every((url) => url.startsWith(server.url))).toBe(true);
    expect(errors).toEqual([]);
  });

  test('with the keyboard alone, a changed value changes the steps, and Escape and Tab leave the editor', async () => {
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

  test('a mistake is shown with its line and a caret, and its button leads to the position', async () => {
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

  test('a composition becomes a definition, and the error for an import that is not allowed names the module', async () => {
    await page.getByRole('combobox').selectOption('Composition in TypeScript');
    await page.getByRole('region', { name: 'Composition' }).waitFor();
    await page.getByText('Step 4 of 4').waitFor();
    await page.getByRole('tab', { name: 'Definition' }).click();
    await page.getByText('kind: ResourceGraphDefinition').waitFor();
    await write("import { readFileSync } from 'node:fs';\nreadFileSync('/etc/passwd');\n");
    await page.getByText('node:fs cannot be imported here').waitFor();
    expect(errors).toEqual([]);
  });

  test('each expression of a node shows its position, its type and its value at the selected step', async () => {
    await page.getByRole('tab', { name: 'Values' }).click();
    await page.getByLabel('Expressions of').selectOption('deployment');
    const row = page.locator('.expressions li', { hasText: 'readyWhen[0]' });
    await row.getByText('bool', { exact: true }).waitFor();
    await row.getByText('true', { exact: true }).waitFor();
    await page.getByRole('button', { name: /^Step 1: / }).click();
    await row
      .getByText(/deployment/)
      .last()
      .waitFor();
    expect(await row.getByText('true', { exact: true }).count()).toBe(0);
    expect(await axeProblems(page)).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('an endless loop is stopped, and the next program runs', async () => {
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
    await other.getByText('the link is incomplete').waitFor();
    expect(other.url()).toBe(`${server.url}#/playground`);
    expect(errors).toEqual([]);
  });

  test('the worker applies the rules of built-in kinds to objects of eight kinds', async () => {
    const kind = (id: string, apiVersion: string, name: string, rest: string): string =>
      `    - id: ${id}\n      template: { apiVersion: ${apiVersion}, kind: ${name}, metadata: { name: a }, ${rest} }\n`;
    const pods = 'template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: a, image: b }]';
    await page.getByRole('textbox', { name: 'Spec' }).focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText('address: 10.0.0.1\n');
    await write(
      [
        'apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata: { name: many }\nspec:\n',
        '  schema:\n    apiVersion: v1alpha1\n    kind: Many\n    spec: { address: string }\n  resources:\n',
        kind('secret', 'v1', 'Secret', 'stringData: { a: "${schema.spec.address}" }'),
        kind(
          'service',
          'v1',
          'Service',
          'spec: { type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8], ports: [{ port: 80 }] }',
        ),
        kind(
          'endpoints',
          'discovery.k8s.io/v1',
          'EndpointSlice',
          'addressType: IPv4, endpoints: [{ addresses: [10.0.0.1] }]',
        ),
        kind(
          'policy',
          'networking.k8s.io/v1',
          'NetworkPolicy',
          'spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: 10.0.0.0/8, except: [10.1.0.0/16] } }] }] }',
        ),
        kind('job', 'batch/v1', 'Job', `spec: { ${pods}, restartPolicy: Never } } }`),
        kind(
          'cron',
          'batch/v1',
          'CronJob',
          `spec: { schedule: "0 * * * *", jobTemplate: { spec: { ${pods}, restartPolicy: Never } } } } }`,
        ),
        kind(
          'claim',
          'v1',
          'PersistentVolumeClaim',
          'spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }',
        ),
        kind(
          'role',
          'rbac.authorization.k8s.io/v1',
          'Role',
          'rules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]',
        ),
      ].join(''),
    );
    await page.getByText('Step 3 of 3: Status of Service a, Job a').waitFor();
    await page.getByRole('tab', { name: /^Objects/ }).click();
    await page.getByText('Secret a').first().click();
    await page.getByText('MTAuMC4wLjE=').waitFor();
    expect(await page.locator('.objects').getByText('stringData:').count()).toBe(0);
    expect(await page.locator('.playground-results .notice').count()).toBe(0);
    expect(errors).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('axe finds no accessibility problem with %s colours', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    expect(await axeProblems(page)).toEqual([]);
    await page.getByRole('tab', { name: 'Objects' }).click();
    await page.locator('.objects summary').first().click();
    await write('kind: Nothing');
    await page.getByRole('list', { name: 'Problems' }).waitFor();
    expect(await axeProblems(page)).toEqual([]);
    expect(errors).toEqual([]);
  });

  test.each([
    [320, 568],
    [390, 844],
    [899, 700],
    [1000, 700],
  ])('the results are below the editors in a window of %i × %i', async (width, height) => {
    await page.setViewportSize({ width, height });
    const bottomOf = async (selector: string) => {
      const box = await page.locator(selector).boundingBox();
      return (box?.y ?? 0) + (box?.height ?? 0);
    };
    const steps = await page.locator('.steps').boundingBox();
    expect(steps?.y ?? 0).toBeGreaterThanOrEqual(await bottomOf('.playground-texts'));
    // A click succeeds only if no other element covers the tab.
    await page.getByRole('tab', { name: 'Status' }).click();
    expect(await page.getByRole('tab', { name: 'Status' }).getAttribute('aria-selected')).toBe('true');
  });

  test('the page fits into a width of 320 pixels', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate<number>('document.scrollingElement.scrollWidth')).toBe(320);
  });
});
