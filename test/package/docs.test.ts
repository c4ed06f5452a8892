import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { architecturePage, architecturePicture } from '../../scripts/architecture-page.ts';
import { chartCrds } from '../../scripts/chart-crds.ts';
import { compositionsPage } from '../../scripts/compositions-page.ts';
import { controllerPage } from '../../scripts/controller-page.ts';
import { dataFlowPicture } from '../../scripts/data-flow-picture.ts';
import { docsPictures } from '../../scripts/docs-pictures.ts';
import { scalePage } from '../../scripts/scale-page.ts';
import { ExitCode } from '@typekro/cli';
import { VERSIONED_FILES, withVersion } from '../../scripts/version.ts';
import { writtenPages } from '../../scripts/written-pages.ts';

const committed = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

test('docs/controller.md has the flags and metrics of the code, as `npm run docs` writes them', () => {
  const page = committed('docs/controller.md');
  expect(controllerPage(page)).toBe(page);
  expect(page).toContain('`--leader-elect`');
  expect(page).toContain('`typekro_child_writes_total`');
});

test('the table of schemas lists what becomes of each method of the libraries', () => {
  const page = readFileSync(new URL('../../docs/compositions.md', import.meta.url), 'utf8');
  expect(compositionsPage(page)).toBe(page);
});

test('docs/scale.md has the fleet sizes that the formula computes, as `npm run docs` writes them', () => {
  const page = committed('docs/scale.md');
  expect(scalePage(page)).toBe(page);
});

test('docs/architecture.md has the rooms and the imports of the code, as `npm run docs` writes them', () => {
  const page = committed('docs/architecture.md');
  expect(architecturePage(page)).toBe(page);
  expect(page).toMatch(/^\| `controller` \| has effects \| [^|]{40,} \| [^|]*runtime/m);
});

test('the chart has the CRDs of the code, as `npm run docs` writes them', () => {
  for (const [name, text] of chartCrds()) expect(committed(`charts/typekro/crds/${name}`), name).toBe(text);
});

test.each(VERSIONED_FILES)('%s has the version of the package, as `npm run docs` writes it', (name) => {
  const text = committed(name);
  expect(withVersion(text)).toBe(text);
  expect(text).toContain((JSON.parse(committed('package.json')) as { readonly version: string }).version);
});

test('the pictures of graphs are as `npm run docs` draws them, and no picture is missing', async () => {
  const pictures = new Map([
    ...(await docsPictures()),
    ['docs/pictures/architecture.svg', architecturePicture()],
    ['docs/pictures/data-flow.svg', dataFlowPicture(committed('docs/security-self-assessment.md'))],
  ]);
  for (const [name, text] of pictures) expect(committed(name), name).toBe(text);
  const existing = readdirSync(new URL('../../docs/pictures', import.meta.url)).map((name) => `docs/pictures/${name}`);
  expect(existing.sort()).toEqual([...pictures.keys()].sort());
});

test('the written pages document everything that the code defines', { timeout: 60_000 }, async () => {
  const pages = await writtenPages();
  for (const [name, text] of pages) expect(text, name).toMatch(/^# .+\n/);
  expect(pages.size).toBe(9);
  expect(pages.get('docs/reference/simple.md')).toMatch(
    /^\| `cpuUtilization` \| `number` \| {2}\| `spec\.metrics` \| Target of the average CPU utilization, .*\|$/m,
  );
});

test('docs/commands.md has every exit code', () => {
  const codes = [...committed('docs/commands.md').matchAll(/^\| (\d+) \| `(\w+)` \|/gm)].map(([, code, name]) => [
    name,
    Number(code),
  ]);
  expect(Object.fromEntries(codes)).toEqual(ExitCode);
});
