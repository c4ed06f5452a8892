import { mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { tmpdir } from 'node:os';

const PREFIX = 'typekro-tests-';

/**
 * Gives the run a folder of its own for temporary files (`TMPDIR`, which workers and the programs that they start
 * inherit), and removes the folder after the last test. A test may therefore leave its files in `tmpdir()`.
 */
export default function ownTemporaryFolder(): () => void {
  // Vitest calls a global setup once for each project of a run.
  if (basename(tmpdir()).startsWith(PREFIX)) return () => undefined;
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
