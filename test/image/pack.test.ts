import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { packPackage } from '../support/packed-package.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs `npm pack` into a new folder. Returns the digest of the file. */
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

test('two runs of npm pack produce the same bytes, so that anyone can compare the published file with the sources', () => {
  const first = packedDigest();
  expect(first).toHaveLength(64);
  expect(packedDigest()).toBe(first);
}, 300_000);
