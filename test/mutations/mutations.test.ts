import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { ROOMS } from '../../scripts/workspace.mjs';
import { describe, expect, it } from 'vitest';
import { mutate, ROOT } from './mutate.ts';
import { MUTATIONS, sample } from './picked.ts';

describe('the list of mutations', () => {
  it.each(MUTATIONS.map((mutation) => [mutation.room, mutation.name, mutation] as const))(
    '%s: %s: matches the source, and its tests exist',
    (room, _, mutation) => {
      expect(mutation.file).toContain(`${ROOMS[room]}/`);
      // A mutation with a syntax error would count as caught.
      expect(() =>
        transformSync(mutate(mutation), { loader: mutation.file.endsWith('.tsx') ? 'tsx' : 'ts' }),
      ).not.toThrow();
      expect(mutation.find).not.toBe(mutation.replace);
      expect(mutation.tests.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    },
  );

  it('each mutation has a unique name, and the list is short', () => {
    const names = MUTATIONS.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.length).toBeLessThanOrEqual(50);
  });

  it('the same seed produces the same sample, from as many rooms as possible', () => {
    const rooms = new Set(MUTATIONS.map(({ room }) => room)).size;
    expect(sample(1, 12)).toEqual(sample(1, 12));
    expect(new Set(sample(1, rooms).map(({ room }) => room)).size).toBe(rooms);
  });
});
