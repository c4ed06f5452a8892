/**
 * Measures the page of the dashboard in Chromium, with the data of a scene: its size, the first paint, the time from a
 * change to its frame with 300 and 900 nodes, 1,000 changes a second, and a scroll through 10,000 instances. Run: `npm
 * run bench -- dashboard`. The figures of a machine with few processors contain the time of the server, too.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../test/browser/support/browser.ts';
import { createScene, FLEET_REF } from '../test/browser/support/scene.ts';
import type { SceneServer } from '../test/browser/support/scene-server.ts';
import { serveScene } from '../test/browser/support/scene-server.ts';

const RUNS = 7;
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const row = (what: string, figure: string): void => console.log(`| ${what} | ${figure} |`);

const pageFiles = JSON.parse(readFileSync(new URL('../dist/dashboard/page.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, string>
>;

console.log('| what | figure |\n|---|---|');
const size = Object.values(pageFiles).reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
row('size of all files, gzip', `${(size / 1000).toFixed(1)} kB`);

async function open(browser: Browser, server: SceneServer, hash: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, reducedMotion: 'reduce' });
  await page.goto(server.address);
  await page.locator('.connection.is-live').waitFor();
  await page.goto(`${server.url}/${hash}`);
  return page;
}

/** The time from the start of the navigation to the first contentful paint, in a new tab. */
async function measurePaint(browser: Browser): Promise<void> {
  const server = await serveScene(createScene({ instances: 10_000, nodes: 3, children: 3 }));
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const page = await browser.newPage();
    await page.goto(server.address);
    await page.getByRole('grid').waitFor();
    times.push(await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0].startTime`));
    await page.close();
  }
  row('first paint', `${median(times).toFixed(0)} ms`);
  await server.close();
}

/** The time from the end of the response with a change to the next frame, which shows the change. */
async function measureUpdate(browser: Browser, nodes: number): Promise<void> {
  const scene = createScene({ instances: 3, nodes, children: 3 });
  const server = await serveScene(scene);
  const page = await open(browser, server, `#/instances/${FLEET_REF}`);
  await page.locator('.box').first().waitFor();
  await page.evaluate(`
    globalThis.times = [];
    new MutationObserver(() => {
      const last = performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/instances/')).at(-1);
      requestAnimationFrame(() => setTimeout(() => globalThis.times.push(performance.now() - last.responseEnd)));
    }).observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true, attributes: true });
  `);
  for (let run = 0; run < RUNS; run += 1) {
    scene.step();
    server.emit([{ type: 'instance-changed', subject: FLEET_REF }]);
    while ((await page.evaluate<number>('globalThis.times.length')) <= run) await page.waitForTimeout(20);
    await page.waitForTimeout(400);
  }
  const times = await page.evaluate<number[]>('globalThis.times');
  row(`update with ${nodes} nodes`, `${median(times).toFixed(0)} ms`);
  await page.close();
  await server.close();
}

/** A thousand changes a second for three seconds: the server's reads, and the longest time without a frame. */
async function measureEvents(browser: Browser): Promise<void> {
  const server = await serveScene(createScene({ instances: 1000, nodes: 300, children: 3 }));
  const page = await open(browser, server, '#/instances');
  await page.getByRole('grid').waitFor();
  await page.evaluate(`
    globalThis.longest = 0;
    let before = performance.now();
    const frame = (now) => { globalThis.longest = Math.max(globalThis.longest, now - before); before = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
  `);
  const reads = server.requests.length;
  let sent = 0;
  const start = performance.now();
  while (performance.now() - start < 3000) {
    const due = Math.floor(performance.now() - start);
    while (sent < due) {
      server.emit([{ type: 'instance-changed', subject: FLEET_REF }]);
      sent += 1;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const longest = await page.evaluate<number>('globalThis.longest');
  row(`${sent} changes in 3 s`, `${server.requests.length - reads} reads, longest frame ${longest.toFixed(0)} ms`);
  await page.close();
  await server.close();
}

/** Scrolls through 10,000 instances for two seconds. */
async function measureScroll(browser: Browser): Promise<void> {
  const server = await serveScene(createScene({ instances: 10_000, nodes: 3, children: 3 }));
  const page = await open(browser, server, '#/instances');
  await page.getByRole('grid').waitFor();
  const frames = await page.evaluate<number>(`new Promise((resolve) => {
    const grid = document.querySelector('.table');
    const start = performance.now();
    let frames = 0;
    const frame = (now) => {
      frames += 1;
      grid.scrollTop += 120;
      if (now - start < 2000) requestAnimationFrame(frame);
      else resolve((frames * 1000) / (now - start));
    };
    requestAnimationFrame(frame);
  })`);
  row('scroll through 10,000 instances', `${frames.toFixed(0)} frames a second`);
  await page.close();
  await server.close();
}

const browser = await startBrowser();
try {
  await measurePaint(browser);
  await measureUpdate(browser, 300);
  await measureUpdate(browser, 900);
  await measureEvents(browser);
  await measureScroll(browser);
} finally {
  await browser.close();
}
