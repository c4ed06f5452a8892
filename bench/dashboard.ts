/**
 * Measures the page of the dashboard in Chromium, and its server: the size of the page, the first paint, the time from a
 * change to its frame with 300 and 900 nodes, 1,000 changes a second, a scroll through 10,000 instances, the memory
 * of the server for them, and the growth of page and server in 8 hours of events. Each row has its goal. On a machine
 * with few processors, the times contain the time of the server, too. Run: `npm run bench -- dashboard`. With `--only
 * hours`, only the growth is measured.
 */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { startBrowser } from '../test/browser/support/browser.ts';
import { createScene, FLEET_REF, SHOP_REF } from '../test/browser/support/scene.ts';
import type { SceneServer } from '../test/browser/support/scene-server.ts';
import { serveScene } from '../test/browser/support/scene-server.ts';
import { REPEAT_MS } from '../src/dashboard/client/data/remote.ts';
import { startDashboard } from './support/dashboard-process.ts';

const RUNS = 7;
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const KIB = 2 ** 10;
const MIB = 2 ** 20;

/** Prints a row. `met`: does the figure reach the goal? */
const row = (what: string, figure: string, goal: string, met: boolean): void =>
  console.log(`| ${what} | ${figure} | ${goal} | ${met ? 'met' : 'missed'} |`);

/** Prints a figure that must not be greater than its goal. */
const rowBelow = (what: string, figure: number, most: number, unit: string, digits = 0): void =>
  row(what, `${figure.toFixed(digits)} ${unit}`, `≤ ${most} ${unit}`, figure <= most);

const pageFiles = JSON.parse(readFileSync(new URL('../dist/dashboard/page.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, string>
>;

console.log('| what | figure | goal | |\n|---|---|---|---|');
const size = Object.values(pageFiles).reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
rowBelow('all files of the page without the playground, gzip', size / 1000, 60, 'kB', 1);

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
  rowBelow('first paint, list of 10,000 instances', median(times), 500, 'ms');
  await server.close();
}

/** The time from the end of the response with a change to the next frame. This frame shows the change. */
async function measureUpdate(browser: Browser, nodes: number, mostMs: number): Promise<void> {
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
  rowBelow(`update with ${nodes} nodes`, median(times), mostMs, 'ms');
  await page.close();
  await server.close();
}

/**
 * A thousand changes a second for three seconds: the reads of the page, the longest time without a frame, and the time
 * from the last change to the last read. A page that falls behind reads longer.
 */
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
  const end = performance.now();
  let [seen, lastRead] = [server.requests.length, end];
  while (performance.now() - lastRead < 1500) {
    await page.waitForTimeout(20);
    if (server.requests.length > seen) [seen, lastRead] = [server.requests.length, performance.now()];
  }
  const longest = await page.evaluate<number>('globalThis.longest');
  const figure = `${seen - reads} reads, longest frame ${longest.toFixed(0)} ms`;
  row(`${sent} changes in 3 s`, figure, '≤ 14 reads, ≤ 100 ms', seen - reads <= 14 && longest <= 100);
  rowBelow('last read after the last of these changes', lastRead - end, 1000, 'ms');
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
  row('scroll through 10,000 instances', `${frames.toFixed(0)} frames a second`, '≥ 50', frames >= 50);
  await page.close();
  await server.close();
}

/** The heap of the server with 10,000 instances, less the heap before the first list. */
async function measureServer(browser: Browser): Promise<void> {
  const server = await startDashboard(10_000, 300);
  const page = await openReal(browser, server.url, '#/instances');
  await page.getByRole('grid').waitFor();
  const { heap } = await server.order({ is: 'heap' });
  rowBelow('server: heap for 10,000 instances and an open page', (heap - server.before) / MIB, 20, 'MiB', 1);
  await page.close();
  await server.close();
}

async function openReal(browser: Browser, url: string, hash: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, reducedMotion: 'reduce' });
  await page.goto(`${url}/#token=bench`);
  await page.locator('.connection.is-live').waitFor();
  await page.goto(`${url}/${hash}`);
  return page;
}

/** 8 hours at 10 changes a second. The page reads again after each batch. */
const HOURS = 8;
const CHANGES_PER_SECOND = 10;
const BATCHES = 480;
const SAMPLES = 12;
/** The step of the page's clock while the page has not read a batch, and the real time after it. */
const STEP_MS = 100;
const STEP_PAUSE_MS = 20;
/** The time before the page's repetition at which a read must have come. */
const REPEAT_MARGIN_MS = 5000;

/** The bytes of the heap of a page after a collection. */
async function pageHeap(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize;
}

/** The slope of a line through values at equal distances, by least squares. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [above, below] = values.reduce(
    ([sum, square], value, index) => [sum + (index - middle) * (value - mean), square + (index - middle) ** 2],
    [0, 0],
  );
  return above / below;
}

/**
 * Measures how much the heaps of a page and of the server grow during 288,000 changes of 10,000 instances. Each batch
 * moves the clocks of page and server by a minute, and the page reads and draws again after it. The first third is left
 * out: caches and compiled code fill in it.
 */
async function measureHours(browser: Browser, hash: string, what: string): Promise<void> {
  const server = await startDashboard(10_000, 300);
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, reducedMotion: 'reduce' });
  await page.clock.install();
  await page.goto(`${server.url}/#token=bench`);
  await page.locator('.connection.is-live').waitFor();
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  const reads: string[] = [];
  page.on('requestfinished', (request) => {
    if (request.url().includes('/instances')) reads.push(request.url());
  });
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  const batchMs = (HOURS * 3_600_000) / BATCHES;
  const events = (batchMs / 1000) * CHANGES_PER_SECOND;
  const [pages, servers]: [number[], number[]] = [[], []];
  for (let batch = 1; batch <= BATCHES; batch += 1) {
    reads.length = 0;
    await server.order({ is: 'happen', events, ms: batchMs });
    // The page's timers follow its clock. The stream and the reads take real time.
    await page.clock.runFor(batchMs / 2);
    // A page also reads without a change, after REPEAT_MS. The last read was before this batch.
    const steps = (REPEAT_MS - batchMs / 2 - REPEAT_MARGIN_MS) / STEP_MS;
    for (let step = 0; reads.length === 0 && step < steps; step += 1) {
      await page.clock.runFor(STEP_MS);
      if (reads.length === 0) await setTimeout(STEP_PAUSE_MS);
    }
    if (reads.length === 0) throw new Error(`the page does not read after batch ${batch}`);
    if (batch % (BATCHES / SAMPLES) !== 0) continue;
    pages.push(await pageHeap(session));
    servers.push((await server.order({ is: 'heap' })).heap);
    process.stderr.write(`${what}: ${(batch / BATCHES) * HOURS} hours\n`);
  }
  const hoursBetween = HOURS / SAMPLES;
  for (const [of, heaps] of [[`page with ${what}`, pages] as const, [`server for it`, servers] as const]) {
    const settled = heaps.slice(SAMPLES / 3);
    const slope = slopeOf(settled) / hoursBetween / KIB;
    const figure = `${slope.toFixed(1)} KiB an hour, at the end ${((heaps.at(-1) ?? 0) / MIB).toFixed(1)} MiB`;
    row(`8 h of events: ${of}`, figure, '≤ 64 KiB an hour', slope <= 64);
  }
  await page.close();
  await server.close();
}

const browser = await startBrowser();
try {
  if (!process.argv.includes('--only')) {
    await measurePaint(browser);
    await measureUpdate(browser, 300, 100);
    await measureUpdate(browser, 900, 250);
    await measureEvents(browser);
    await measureScroll(browser);
    await measureServer(browser);
  }
  await measureHours(browser, '#/instances', 'the list');
  await measureHours(browser, `#/instances/${SHOP_REF}`, 'an instance of 300 nodes');
} finally {
  await browser.close();
}
