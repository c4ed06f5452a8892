import { existsSync, readFileSync } from 'node:fs';
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

describe('factory pages', () => {
  const root = new URL('../../', import.meta.url);
  const read = (name: string) => readFileSync(new URL(name, root), 'utf8');
  const { exports } = JSON.parse(read('package.json')) as {
    exports: Readonly<Record<string, { readonly default?: string } | string>>;
  };

  /** The groups of factories: the entry points that are built from a folder of packages/sdk/src/factories. */
  const groups = Object.entries(exports).flatMap(([entry, target]) => {
    const made = typeof target === 'string' ? undefined : target.default;
    return made?.startsWith('./dist/factories/') === true ? [entry.slice(2)] : [];
  });
  const ofProjects = groups.filter((group) => group !== 'simple' && group !== 'kubernetes');

  /** The moved names of a group. A use of such a name throws an error with the new entry point of the moved function. */
  async function movedNamesOf(group: string): Promise<ReadonlySet<string>> {
    const file = new URL(`packages/sdk/src/factories/${group}/generated/moved.ts`, root);
    return existsSync(file) ? new Set(Object.keys((await import(file.href)) as object)) : new Set();
  }

  test.each(groups)('docs/factories/%s.md shows a graph', (group) => {
    expect(read(`docs/factories/${group}.md`)).toMatch(/<!-- picture of examples\/[\w-]+\.ts \w+ -->/);
  });

  describe.each(ofProjects)('%s', (group) => {
    const page = read(`docs/factories/${group}.md`);

    test('every exported function is on the page', async () => {
      const module = (await import(new URL(`packages/sdk/src/factories/${group}/index.ts`, root).href)) as Record<
        string,
        unknown
      >;
      // The page for users of TypeKro 0.33 lists the moved names.
      const moved = await movedNamesOf(group);
      const missing = Object.keys(module).filter((name) => !moved.has(name) && !page.includes(`\`${name}\``));
      expect(missing).toEqual([]);
    });

    test('the readiness on the page is the rule of the generated factory', () => {
      const generated = groupFiles(group).join('\n');
      for (const [, names = '', rule = ''] of page.matchAll(/^\| ((?:`\w+`(?:, )?)+) *\| [^|]* \| ([^|]*?) *\|$/gm)) {
        for (const [, name = ''] of names.matchAll(/`(\w+)`/g)) {
          const doc = new RegExp(`Ready when ([^\\n]*)\\.\\n \\*/\\nexport const ${name}:`).exec(generated)?.[1];
          if (doc === undefined) continue;
          const documentedRule = doc.startsWith('the first existing condition of')
            ? 'of the conditions that sum up the object (`Ready`, …), the first one that exists is True'
            : doc;
          expect([name, rule]).toEqual([name, documentedRule]);
        }
      }
    });

    test('the list of all projects names the group', () => {
      expect(read('docs/factories/projects.md')).toContain(`[\`typekro/${group}\`](${group}.md)`);
    });
  });

  function groupFiles(group: string): string[] {
    const entry = read(`packages/sdk/src/factories/${group}/index.ts`);
    return [...entry.matchAll(/'\.\/(generated\/[^']+)'/g)].map(([, file = '']) =>
      read(`packages/sdk/src/factories/${group}/${file}`),
    );
  }
});
