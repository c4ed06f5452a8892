import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

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
