import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

/** The paths of Chromium: the path that the environment names, then the paths of distributions. */
const PLACES = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The path of Chromium; undefined without one. */
export const chromiumPath = PLACES.find((place) => place !== undefined && existsSync(place));

/** Why the tests in a browser are skipped; undefined when they run. */
export const whyNoBrowser =
  chromiumPath === undefined
    ? 'there is no Chromium: apt-get install chromium, or set CHROMIUM to its path'
    : undefined;

/** Starts Chromium without a window, with further arguments. */
export function startBrowser(args: readonly string[] = []): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(whyNoBrowser);
  // The sandbox needs rights that containers do not give to root. The pages are trusted, because the tests write them.
  return chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-dev-shm-usage', ...args] });
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** The accessibility problems that axe finds in a page, one line for each rule. */
export async function axeProblems(page: Page): Promise<string[]> {
  // The content security policy of the page forbids script elements. The DevTools protocol may still evaluate a script.
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
}
