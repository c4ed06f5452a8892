import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';

/**
 * The root of the repository. Each room of `src` must have a README, and the files and folders that the README names
 * must exist.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ROOMS = JSON.parse(readFileSync(join(ROOT, 'scripts/rooms.json'), 'utf8')) as readonly string[];

/** Matches the path of a source file, and the path of a folder below `src`. */
const PATH = /`((?:src\/)?[\w./-]+\.tsx?|src\/[\w/-]+)`/g;

describe.each(ROOMS)('the README of %s', (room) => {
  const readme = readFileSync(join(ROOT, 'src', room, 'README.md'), 'utf8');
  // A name without a folder may be the name of a file in any folder of the room.
  const names = new Set(
    readdirSync(join(ROOT, 'src', room), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
  );
  const paths = [...new Set([...readme.matchAll(PATH)].map(([, path = '']) => path))];

  test('names only files and folders that exist', () => {
    const exists = (path: string) =>
      names.has(path) || existsSync(join(ROOT, path)) || existsSync(join(ROOT, 'src', room, path));
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });
});
