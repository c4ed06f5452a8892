import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOMS } from '../../scripts/workspace.mjs';

/**
 * The root of the repository. Each room must have a README, and the files and folders that the README names must exist.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Matches the path of a source file, and the path of a folder of a package. */
const PATH = /`([\w./-]+\.tsx?|packages\/[\w/-]+)`/g;

describe.each(Object.entries(ROOMS))('the README of %s', (_, folder) => {
  const readme = readFileSync(join(ROOT, folder, 'README.md'), 'utf8');
  // A name without a folder may be the name of a file in any folder of the room.
  const names = new Set(
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
  );
  const paths = [...new Set([...readme.matchAll(PATH)].map(([, path = '']) => path))];

  test('names only files and folders that exist', () => {
    const exists = (path: string) =>
      names.has(path) || existsSync(join(ROOT, path)) || existsSync(join(ROOT, folder, path));
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });
});
