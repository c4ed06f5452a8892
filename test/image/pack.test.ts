import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { packPackage } from '../support/packed-package.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The digest of the file that `npm pack` makes in a new folder. */
function packedDigest(): string {
  const directory = mkdtempSync(join(tmpdir(), 'typekro-pack-'));
  try {
    const tarball = packPackage(root, directory);
    expect(readdirSync(directory)).toEqual([tarball]);
    return createHash('sha256')
      .update(readFileSync(join(directory, tarball)))
      .digest('hex');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('npm pack makes the same bytes twice, so that the published file can be compared with its sources', () => {
  const first = packedDigest();
  expect(first).toHaveLength(64);
  expect(packedDigest()).toBe(first);
}, 300_000);
