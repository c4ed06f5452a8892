import { readdirSync } from 'node:fs';
import { posix } from 'node:path';
import MiniSearch from 'minisearch';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Site, buildSite } from '../../scripts/site/build-site.ts';
import { PAGES, PLAYGROUND } from '../../scripts/site/navigation.ts';
import { SEARCH_OPTIONS } from '../../scripts/site/search-options.ts';
import { decodeInput } from '../../packages/dashboard/src/client/playground/encoded-input.ts';
import { PLAYGROUND_EXAMPLES } from '../../packages/dashboard/src/playground/examples.ts';

const MAX_FIRST_PAGE_BYTES = 150_000;

let site: Site;
const textOf = (name: string): string => String(site.files.get(name));
beforeAll(async () => {
  site = await buildSite();
}, 180_000);

test('every page of docs is in the navigation once', () => {
  const sources = PAGES.map(({ source }) => source);
  expect(sources.filter((source, index) => sources.indexOf(source) !== index)).toEqual([]);
  const pages = readdirSync(new URL('../../docs', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`);
  expect(pages.filter((name) => !sources.includes(name))).toEqual([]);
});

test('no link, anchor or picture is broken', () => {
  expect(site.problems).toEqual([]);
});

test('the first page and all files that it loads are within the size limit', () => {
  const page = textOf('index.html');
  const loaded = [...page.matchAll(/(?:src|href)="([\w./-]+\.(?:css|js|svg|png))"/g)].map(([, name = '']) => name);
  expect(loaded).toEqual(expect.arrayContaining(['style.css', 'site.js']));
  const bytes = ['index.html', ...loaded].map((name) => Buffer.byteLength(site.files.get(name) ?? ''));
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_FIRST_PAGE_BYTES);
});

test('no page loads anything from another origin', () => {
  const foreign = PAGES.filter(({ target }) =>
    /<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(?:https?:)?\/\//.test(textOf(target)),
  );
  expect(foreign).toEqual([]);
  expect(textOf('style.css')).not.toMatch(/url\(|@import/);
});

test('the page about sizes has a form, and the script of the site contains the words of its result', () => {
  const fields = [...textOf('scale.html').matchAll(/<input name="(\w+)" type="number"/g)].map(([, name]) => name);
  expect(fields).toEqual(['instances', 'children', 'changesPerHour', 'definitions']);
  expect(textOf('site.js')).toContain('API requests an hour');
});

describe('the playground in the site', () => {
  const linksOf = (name: string): string[] =>
    [...textOf(name).matchAll(/href="([^"]*playground\/index\.html[^"]*)"/g)].map(([, link = '']) => link);

  test('the navigation of each page leads to the file of the playground', () => {
    for (const { target } of PAGES) {
      const [first = ''] = linksOf(target).slice(-1);
      expect(posix.join(posix.dirname(target), first), target).toBe(PLAYGROUND.target);
    }
    expect(site.files.has(PLAYGROUND.target)).toBe(true);
  });

  test('the site contains each file that the page of the playground loads', () => {
    const folder = posix.dirname(PLAYGROUND.target);
    const loaded = [...textOf(PLAYGROUND.target).matchAll(/(?:src|href)="(\.\/[^"]*)"/g)].map(([, name = '']) => name);
    expect(loaded).toEqual(['./playground.css', './playground.js']);
    const workers = ['./playground-worker.js', './layout-worker.js'];
    expect([...loaded, ...workers].filter((name) => !site.files.has(posix.join(folder, name)))).toEqual([]);
  });

  test.each(['index.html', 'dashboard.html'])('%s has a link to each example', async (name) => {
    const states = linksOf(name).flatMap((link) => link.split('?state=')[1] ?? []);
    const inputs = await Promise.all(states.map((state) => decodeInput(state)));
    expect(inputs).toEqual(PLAYGROUND_EXAMPLES.map(({ name: _, ...input }) => input));
  });
});

/** One row per question of a reader: the words that the reader searches for, and the page that answers the question. */
const QUESTIONS: readonly (readonly [words: string, page: string])[] = [
  ['exit codes', 'commands.html'],
  ['graph/cycle', 'diagnostics.html'],
  ['what is simulated', 'embedded-cluster.html'],
  ['one object for each element', 'definitions.html'],
  ['leader-elect', 'controller.html'],
  ['hand back', 'takeover.html'],
  ['alchemy', 'deploy.html'],
  ['vscode', 'editor.html'],
  ['esbuild', 'hosts.html'],
  ['existing objects', 'commands.html'],
  ['fault rules', 'testing.html'],
  ['rights', 'controller.html'],
  ['import existing', 'guides/adoption.html'],
  ['stuck', 'guides/debugging.html'],
  ['hangs', 'guides/debugging.html'],
  ['pending', 'guides/debugging.html'],
  ['not ready', 'guides/debugging.html'],
  ['HPA', 'guides/recipes.html'],
  ['scaling', 'guides/recipes.html'],
  ['TLS ingress', 'guides/recipes.html'],
  ['ssl', 'guides/recipes.html'],
  ['https certificate', 'guides/recipes.html'],
  ['cronjob', 'guides/recipes.html'],
  ['schedule', 'guides/recipes.html'],
  ['external secrets', 'guides/recipes.html'],
  ['firewall', 'guides/recipes.html'],
  ['env', 'reference/simple.html'],
  ['supported versions', 'evidence.html'],
  ['remove typekro', 'guides/uninstall.html'],
  ['cleanup', 'guides/uninstall.html'],
  ['argo', 'guides/gitops.html'],
  ['RBAC', 'controller.html'],
];

describe('the search', () => {
  test.each(QUESTIONS)('%s leads to %s', (words, page) => {
    const [, json = ''] = /^globalThis\.typekroSearchIndex = (".*");$/m.exec(textOf('search-index.js')) ?? [];
    const index = MiniSearch.loadJSON(JSON.parse(json) as string, SEARCH_OPTIONS);
    const found = index.search(words).slice(0, 6);
    expect(found.map(({ id }) => String(id).replace(/#.*/, ''))).toContain(page);
  });
});
