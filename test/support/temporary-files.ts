import { mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { tmpdir } from 'node:os';

const PREFIX = 'typekro-tests-';

/**
 * Creates a folder for the temporary files of the run, and removes it after the last test. Sets `TMPDIR` to the folder.
 * Workers and the programs that they start inherit the variable. Therefore a test may leave its files in `tmpdir()`.
 */
export default function ownTemporaryFolder(): () => void {
  // Vitest calls a global setup once per project of a run.
  if (basename(tmpdir()).startsWith(PREFIX)) return () => undefined;
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
