import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';

/** Where Debian and the environment have Chromium. */
const PLACES = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The path of Chromium; undefined without one. */
export const chromiumPath = PLACES.find((place) => place !== undefined && existsSync(place));

/** Why the tests in a browser are skipped; undefined when they run. */
export const whyNoBrowser =
  chromiumPath === undefined
    ? 'there is no Chromium: apt-get install chromium, or set CHROMIUM to its path'
    : undefined;

/** Starts Chromium without a window. */
export function startBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(whyNoBrowser);
  // The sandbox needs rights that containers do not give to root. The pages are those of this test.
  return chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
