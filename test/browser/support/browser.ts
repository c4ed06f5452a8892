import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type Page, chromium } from 'playwright-core';

/** Candidates for the path of Chromium: the path in the environment, then the paths that distributions use. */
const PLACES = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The path of Chromium; undefined if it is not installed. */
export const chromiumPath = PLACES.find((place) => place !== undefined && existsSync(place));

/** The reason why the browser tests are skipped; undefined if they run. */
export const whyNoBrowser =
  chromiumPath === undefined
    ? 'there is no Chromium: apt-get install chromium, or set CHROMIUM to its path'
    : undefined;

/** Starts headless Chromium with additional arguments. */
export function startBrowser(args: readonly string[] = []): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(whyNoBrowser);
  // The sandbox needs permissions that root does not have in containers. No sandbox is needed, because the tests open
  // only their own pages.
  return chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-dev-shm-usage', ...args] });
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** The accessibility problems that axe finds in a page, one line per rule. */
export async function axeProblems(page: Page): Promise<string[]> {
  // The script is evaluated with the DevTools protocol, because the page's content security policy forbids script
  // elements.
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
}
