/**
 * Takes the screenshots of the dashboard for the docs. Chromium renders the dashboard with the data of a fixed scene.
 * The command is `node scripts/run-ts.mjs scripts/screenshots.ts [FOLDER]`. Without a folder, the script writes the
 * pictures of `docs/dashboard.md`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { startBrowser } from '../test/browser/support/browser.ts';
import { createScene, FLEET_REF, SCENE_TIME, SHOP_REF } from '../test/browser/support/scene.ts';
import { serveScene } from '../test/browser/support/scene-server.ts';

interface Shot {
  readonly name: string;
  readonly hash: string;
  readonly scheme?: 'dark';
  readonly width?: number;
  readonly height?: number;
  /** The actions in the page before the screenshot is taken. */
  readonly act?: (page: Page) => Promise<void>;
  /** Set for a picture that the docs do not show. */
  readonly extra?: true;
}

/** Opens the plan page with the source of a definition, and makes the plan. */
async function planSource(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Plan a change' }).click();
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  await page.getByText('The plan of shops.acme.dev.yaml').waitFor();
}

/** Shows the conditions and the spec of an instance. */
async function showSpec(page: Page): Promise<void> {
  await page.keyboard.press('s');
  await page.getByRole('region', { name: 'Spec', exact: true }).scrollIntoViewIfNeeded();
}

const SHOTS: readonly Shot[] = [
  { name: 'playground', hash: '#/playground', act: (page) => page.getByText('Step 7 of 7').waitFor() },
  {
    name: 'playground-dark',
    hash: '#/playground',
    scheme: 'dark',
    act: (page) => page.getByText('Step 7 of 7').waitFor(),
    extra: true,
  },
  { name: 'playground-320', hash: '#/playground', width: 320, height: 640, extra: true },
  { name: 'instances', hash: '#/instances?sort=state' },
  { name: 'instances-dark', hash: '#/instances', scheme: 'dark', extra: true },
  { name: 'instances-320', hash: '#/instances', width: 320, height: 640, extra: true },
  { name: 'instance', hash: `#/instances/${SHOP_REF}?node=settings` },
  { name: 'why-dark', hash: `#/instances/${SHOP_REF}?why=1`, scheme: 'dark' },
  { name: 'object', hash: `#/instances/${SHOP_REF}?node=web&tab=object`, extra: true },
  { name: 'spec', hash: `#/instances/${SHOP_REF}`, act: showSpec, extra: true },
  { name: 'spec-320', hash: `#/instances/${SHOP_REF}`, width: 320, height: 640, act: showSpec, extra: true },
  { name: 'template', hash: `#/instances/${SHOP_REF}`, act: (page) => page.keyboard.press('t'), extra: true },
  { name: 'instance-320', hash: `#/instances/${SHOP_REF}`, width: 320, height: 640 },
  { name: 'panel-320', hash: `#/instances/${SHOP_REF}?node=web`, width: 320, height: 640, extra: true },
  { name: 'nodes-900', hash: `#/instances/${FLEET_REF}` },
  { name: 'definitions', hash: '#/definitions', extra: true },
  { name: 'definition', hash: '#/definitions/shops.acme.dev?node=settings' },
  { name: 'form', hash: '#/definitions/shops.acme.dev?tab=form', extra: true },
  { name: 'form-320', hash: '#/definitions/shops.acme.dev?tab=form', width: 320, height: 640, extra: true },
  { name: 'source', hash: '#/definitions/shops.acme.dev?tab=source', extra: true },
  { name: 'revisions', hash: '#/definitions/shops.acme.dev?tab=revisions', extra: true },
  { name: 'plan', hash: '#/definitions/shops.acme.dev?tab=source', act: planSource },
  { name: 'plan-empty', hash: '#/plan', extra: true },
  { name: 'plan-320', hash: '#/plan', width: 320, height: 640, extra: true },
  { name: 'keys', hash: `#/instances/${SHOP_REF}`, act: (page) => page.keyboard.press('?'), extra: true },
];

const [folder] = process.argv.slice(2);
const target = folder ?? fileURLToPath(new URL('../docs/dashboard', import.meta.url));
mkdirSync(target, { recursive: true });
const server = await serveScene(createScene({ instances: 10_000, nodes: 900, children: 240 }));
const browser = await startBrowser();
try {
  for (const shot of SHOTS) {
    if (folder === undefined && shot.extra === true) continue;
    const page = await browser.newPage({
      viewport: { width: shot.width ?? 1280, height: shot.height ?? 760 },
      colorScheme: shot.scheme ?? 'light',
      reducedMotion: 'reduce',
    });
    await page.clock.setFixedTime(SCENE_TIME);
    await page.goto(server.address);
    await page.goto(`${server.url}/${shot.hash}`);
    await page.locator('.connection.is-live').waitFor();
    while ((await page.locator('.loading').count()) > 0) await page.waitForTimeout(20);
    await shot.act?.(page);
    // Playwright itself writes no WebP, which takes a third of the bytes of a PNG.
    const devTools = await page.context().newCDPSession(page);
    const { data } = await devTools.send('Page.captureScreenshot', { format: 'webp', quality: 85 });
    writeFileSync(join(target, `${shot.name}.webp`), Buffer.from(data, 'base64'));
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
