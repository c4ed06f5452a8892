import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { publishedEntries } from '../../scripts/workspace.mjs';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/migrating-from-typekro-sdk.md', root), 'utf8');
const exports = Object.fromEntries(publishedEntries());

/** The section with this title on the page. */
const section = (title: string): string => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';

/** Name and status of each row of a table. */
function rows(title: string): [name: string, status: string][] {
  return [...section(title).matchAll(/^\| `([^`]+)` \| ([^|]*) \|/gm)].map(([, name = '', status = '']) => [
    name,
    status.trim(),
  ]);
}

/** The source of an entry point of the package. */
const SOURCES: Readonly<Record<string, string>> = {
  typekro: 'packages/sdk/src/index.ts',
  'typekro/aspects': 'packages/sdk/src/compose/aspects/index.ts',
};
const sourceOf = (entry: string): string =>
  SOURCES[entry] ?? `packages/sdk/src/factories/${entry.slice('typekro/'.length)}/index.ts`;

/**
 * The exported values in the committed API report. The test needs the report for an entry point whose import requires
 * an optional peer dependency.
 */
function reportedNames(report: string): Set<string> {
  const text = readFileSync(new URL(`api/${report}`, root), 'utf8');
  return new Set([...text.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name = '']) => name));
}

async function namesOf(entry: string): Promise<Set<string>> {
  if (entry === 'typekro/alchemy') return reportedNames('alchemy.api.md');
  const module = (await import(new URL(sourceOf(entry), root).href)) as Record<string, unknown>;
  return new Set(Object.keys(module));
}

describe('the page for users of the SDK 0.33', () => {
  test('names every entry point', () => {
    const wrong = rows('Entry points').filter(
      ([entry, status]) => Object.hasOwn(exports, entry.replace(/^typekro/, '.')) === (status === 'dropped'),
    );
    expect(wrong).toEqual([]);
    expect(rows('Entry points')).toHaveLength(32);
  });

  test.each([
    ['`typekro`', 'typekro', 149],
    ['`typekro/simple`', 'typekro/simple', 16],
    ['`typekro/alchemy`', 'typekro/alchemy', 24],
  ])('names every export of %s, and its current entry point', { timeout: 60_000 }, async (title, entry, count) => {
    const table = rows(title);
    expect(new Set(table.map(([name]) => name)).size).toBe(count);
    for (const [name, status] of table) {
      const moved = /^moved to `(.*)`$/.exec(status)?.[1];
      const exported = await namesOf(entry);
      if (moved !== undefined) {
        expect(await namesOf(moved), `${name} in ${moved}`).toContain(name);
      } else if (status === 'kept' || status === 'named') expect(exported, name).toContain(name);
      else expect([status, exported.has(name)], name).toEqual(['dropped', false]);
    }
  });

  test('names the 24 aspects of 0.33, and the package still exports all of them', async () => {
    const [kept = ''] = section('`typekro/aspects`').split('New:');
    const names = [...kept.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
    expect(names).toHaveLength(24);
    expect(await namesOf('typekro/aspects')).toEqual(new Set([...names, 'mergeByName', 'patchEach']));
  });

  test('has a replacement for every export that is dropped, and for every export that can only be imported', () => {
    const dropped = page.split('\n').filter((line) => /^\| `[^`]+` \| (dropped|named) \|/.test(line));
    expect(dropped.filter((line) => (line.split('|')[3] ?? '').trim() === '')).toEqual([]);
  });
});
