/**
 * Measures the page of the dashboard in Chromium, and its server. Prints rows, each with a goal, for:
 *
 * - the sizes of the parts of the page, and the first paint
 * - the time from a response to the frame that shows it, with 300 and 900 nodes
 * - the time from a write to the frame that shows it, with 900 objects on the real server
 * - 1,000 changes a second, and a scroll through 10,000 instances
 * - the memory of the server for 10,000 instances, and the growth of page and server in 8 hours of events
 *
 * Run: `npm run bench -- dashboard`. `--only` measures one part: `hours` (the growth), `sizes`, `updates` (the
 * responses and the writes), or `events`.
 */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Browser, CDPSession, Page, Request } from 'playwright-core';
import { inspectPaths } from '@typekro/controller/inspect';
import { startBrowser } from '../test/browser/support/browser.ts';
import { createScene, FLEET_REF, SHOP_REF } from '../test/browser/support/scene.ts';
import { type SceneServer, serveScene } from '../test/browser/support/scene-server.ts';
import { REPEAT_MS } from '../packages/dashboard/src/client/data/remote.ts';
import { startDashboard } from './support/dashboard-process.ts';
import { median } from './support/median.ts';
import { readOptions } from './support/options.ts';
import { measureLiveUpdates } from './support/live-update.ts';
import { maxPartKb, pageSizes } from './support/page-sizes.ts';

const { only } = readOptions({ only: '' });
const ONLY = ['hours', 'sizes', 'updates', 'events'];
if (only !== '' && !ONLY.includes(only)) throw new Error(`--only ${only}: measure one of ${ONLY.join(', ')}`);
const RUNS = 7;
const KIB = 2 ** 10;
const MIB = 2 ** 20;

/** Prints a row. `met`: whether the figure reaches the goal. */
const row = (what: string, figure: string, goal: string, met: boolean): void =>
  console.log(`| ${what} | ${figure} | ${goal} | ${met ? 'met' : 'missed'} |`);

/** Prints a figure that must not be greater than its goal. */
const rowBelow = (what: string, figure: number, most: number, unit: string, digits = 0): void =>
  row(what, `${figure.toFixed(digits)} ${unit}`, `≤ ${most} ${unit}`, figure <= most);

/** Reads a JSON file that contains files of the page. Maps the path of each contained file to its text. */
const filesOf = (name: string): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(new URL(`../dist/dashboard/${name}.json`, import.meta.url), 'utf8')) as Readonly<
    Record<string, string>
  >;

console.log('| what | figure | goal | |\n|---|---|---|---|');
const WHOLES: Readonly<Record<string, string>> = {
  page: 'all that the page loads at its start',
  views: 'the start with all later views, without the playground and the engine',
};
for (const { name, bytes } of pageSizes({ ...filesOf('page'), ...filesOf('playground') })) {
  const what = WHOLES[name] ?? `${name}, which the page loads later`;
  rowBelow(`${what}, gzip`, bytes / 1000, maxPartKb(name), 'kB', 1);
}
if (only === 'sizes') process.exit();

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

/**
 * Measures the time from the end of the response with a changed instance to the frame that shows the change. The
 * responses come from `serveScene`, not from the real server. The figure excludes the page's pause before its read and
 * the work of the server; `measureLive` includes them.
 */
async function measureUpdate(browser: Browser, nodes: number, mostMs: number): Promise<void> {
  const scene = createScene({ instances: 3, nodes, children: 3 });
  const server = await serveScene(scene);
  const page = await open(browser, server, `#/instances/${FLEET_REF}`);
  await page.locator('.box').first().waitFor();
  await page.evaluate(`
    globalThis.times = [];
    new MutationObserver(() => {
      // The page also reads the events and the why path of the instance, whose addresses are longer.
      const last = performance.getEntriesByType('resource')
        .filter(({ name, responseEnd }) => responseEnd > 0 && name.endsWith(${JSON.stringify(inspectPaths.instance(FLEET_REF))}))
        .reduce((latest, entry) => (latest?.responseEnd > entry.responseEnd ? latest : entry));
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
  rowBelow(`from the response to the frame, ${nodes} nodes`, median(times), mostMs, 'ms');
  await page.close();
  await server.close();
}

/**
 * The longest allowed time from a write to the frame that shows it, with 900 objects on the server of `typekro up`, in
 * milliseconds.
 */
const MAX_LIVE_MS = 1000;

/** The time from a write of one object to the frame that shows it, with the real server. */
async function measureLive(browser: Browser): Promise<void> {
  const times = await measureLiveUpdates(browser, 900, RUNS);
  const total = median(times.map((each) => each.total));
  rowBelow('from a write of one of 900 objects to the frame, typekro up', total, MAX_LIVE_MS, 'ms');
  const read = median(times.map((each) => each.read));
  console.log(`| of it: the request of the page until its response | ${read.toFixed(0)} ms | | |`);
}

/**
 * Measures a page while a thousand instances change each second, for three seconds. The changes go through the watch,
 * the index and the stream of the server. The figures are the number of reads of the page, the longest time without a
 * frame, and the time from the last change to the last read. A page that falls behind has a late last read.
 */
async function measureEvents(browser: Browser): Promise<void> {
  const server = await startDashboard(10_000, 300);
  const page = await openReal(browser, server.url, '#/instances');
  await page.getByRole('grid').waitFor();
  await page.evaluate(`
    globalThis.longest = 0;
    let before = performance.now();
    const frame = (now) => { globalThis.longest = Math.max(globalThis.longest, now - before); before = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
  `);
  let [reads, lastRead] = [0, 0];
  page.on('request', () => {
    reads += 1;
    lastRead = performance.now();
  });
  let sent = 0;
  const start = performance.now();
  while (performance.now() - start < 3000) {
    const events = Math.floor(performance.now() - start) - sent;
    if (events < 10) {
      await setTimeout(10 - events);
      continue;
    }
    await server.order({ is: 'happen', events, ms: 0 });
    sent += events;
  }
  const end = performance.now();
  lastRead = end;
  while (performance.now() - lastRead < 1500) await page.waitForTimeout(20);
  const longest = await page.evaluate<number>('globalThis.longest');
  const figure = `${reads} reads, longest frame ${longest.toFixed(0)} ms`;
  row(`${sent} changes of 10,000 instances in 3 s`, figure, '≤ 14 reads, ≤ 100 ms', reads <= 14 && longest <= 100);
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

/** The heap of the server with 10,000 instances, minus the heap before the first list. */
async function measureServer(browser: Browser): Promise<void> {
  const server = await startDashboard(10_000, 300);
  const page = await openReal(browser, server.url, '#/instances');
  await page.getByRole('grid').waitFor();
  const { heap } = await server.order({ is: 'heap' });
  rowBelow('server: heap for 10,000 instances and an open page', (heap - server.heapBefore) / MIB, 20, 'MiB', 1);
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
/** The step of the page's clock, in milliseconds. While the page must read, real time also passes after each step. */
const STEP_MS = 100;
const STEP_PAUSE_MS = 20;
/**
 * A page is at rest after this many steps without a read. Between two reads, a page pauses for four times the duration
 * of the earlier read.
 */
const REST_STEPS = 20;
/**
 * The page also reads at regular intervals without a change. A read that a change causes must come at least this many
 * milliseconds before the next regular read.
 */
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
 * moves the clock of the server by a minute, and the clock of the page by at least half a minute. The page reads and
 * draws again after each batch. The first third is left out, because caches and compiled code grow in it.
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
  let underWay = 0;
  page.on('request', (request) => {
    if (request.url().includes('/instances')) underWay += 1;
  });
  const ended = (request: Request): void => {
    if (request.url().includes('/instances')) underWay -= 1;
  };
  page.on('requestfinished', ended);
  page.on('requestfailed', ended);
  /**
   * Lets the page read until it reads no more. A read during a jump of the page's clock would seem to take half a
   * minute.
   */
  const atRest = async (): Promise<void> => {
    for (let step = 0; step < REST_STEPS; step = underWay === 0 ? step + 1 : 0) {
      await page.clock.runFor(STEP_MS);
      if (underWay > 0) await setTimeout(STEP_PAUSE_MS);
    }
  };
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await atRest();
  const batchMs = (HOURS * 3_600_000) / BATCHES;
  const events = (batchMs / 1000) * CHANGES_PER_SECOND;
  const [pages, servers]: [number[], number[]] = [[], []];
  for (let batch = 1; batch <= BATCHES; batch += 1) {
    reads.length = 0;
    await server.order({ is: 'happen', events, ms: batchMs });
    // The page's timers follow its clock, but the stream and the reads take real time. The loop ends before REPEAT_MS
    // have passed since the last read, because after REPEAT_MS the page reads again without a change.
    const steps = (REPEAT_MS - batchMs / 2 - REPEAT_MARGIN_MS) / STEP_MS;
    for (let step = 0; reads.length === 0 && step < steps; step += 1) {
      await page.clock.runFor(STEP_MS);
      if (reads.length === 0) await setTimeout(STEP_PAUSE_MS);
    }
    if (reads.length === 0) throw new Error(`the page does not read after batch ${batch}`);
    await atRest();
    await page.clock.runFor(batchMs / 2);
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
  if (only === '') await measurePaint(browser);
  if (only === '' || only === 'updates') {
    await measureUpdate(browser, 300, 100);
    await measureUpdate(browser, 900, 250);
    await measureLive(browser);
  }
  if (only === '' || only === 'events') await measureEvents(browser);
  if (only === '') {
    await measureScroll(browser);
    await measureServer(browser);
  }
  if (only === '' || only === 'hours') {
    await measureHours(browser, '#/instances', 'the list');
    await measureHours(browser, `#/instances/${SHOP_REF}`, 'an instance of 300 nodes');
  }
} finally {
  await browser.close();
}
