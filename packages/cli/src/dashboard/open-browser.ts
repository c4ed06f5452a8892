import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { xmlText } from '@typekro/app/text';

/** The program that opens a file in the user's browser, by platform. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** A page that the user's browser opens. */
export interface OpenedPage {
  /** Was a program started that opens the file? False when the machine has no such program. */
  readonly isOpen: boolean;
  /** Removes the file that redirects to the address. */
  close(): void;
}

/**
 * Opens an address with a token in the user's browser. Other users of the machine can read the arguments of a process.
 * The browser therefore opens a file that only this user may read, and the file redirects to the address.
 *
 * @param opener the program and its first arguments
 */
export function openBrowser(
  url: string,
  opener: readonly string[] = OPENERS[process.platform] ?? ['xdg-open'],
): Promise<OpenedPage> {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-dashboard-'));
  const file = join(folder, 'open.html');
  const address = xmlText(url);
  writeFileSync(
    file,
    `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${address}">
<title>The dashboard</title>
<p><a href="${address}">Open the dashboard</a></p>
`,
    { mode: 0o600 },
  );
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  const [program = '', ...args] = opener;
  return new Promise((resolve) => {
    const child = spawn(program, [...args, file], { detached: true, stdio: 'ignore' });
    child.once('error', () => {
      close();
      resolve({ isOpen: false, close });
    });
    child.once('spawn', () => {
      child.unref();
      resolve({ isOpen: true, close });
    });
  });
}
