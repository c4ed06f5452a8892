import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { NAVIGATION } from '../../scripts/site/navigation.ts';

/**
 * The root of the repository. Each page for users ends with a section about likely mistakes and their remedies. The
 * tests check this section.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SECTIONS = ['Start', 'Concepts', 'Guides', 'Operate', 'Migration'];

/** Maps a page without the section `What can go wrong` to the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'README.md': 'it is an overview, whose links lead to pages with the section',
  'docs/runbook.md': 'the whole page is about what goes wrong',
  'docs/security-self-assessment.md': 'it describes the project to a reviewer, who runs nothing',
  'docs/controller-figures.md': 'it is a list of measurements, without a task for the reader',
  'docs/simulation.md': 'it describes tests of the project, whose commands belong to contributors',
  'SECURITY.md': 'it says how to report a vulnerability',
  'docs/dependencies.md': 'it is a list of packages, without a task for the reader',
};

/** Pages that describe a task, but are in other sections of the navigation. */
const FURTHER_PAGES = ['docs/commands.md', 'docs/controller-features.md'];

const pages = [
  ...NAVIGATION.filter(({ title }) => SECTIONS.includes(title)).flatMap((section) =>
    section.pages.map(({ source }) => source),
  ),
  ...FURTHER_PAGES,
];

const readPage = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

describe('what can go wrong', () => {
  test('the navigation has all checked sections, and every exception is one of their pages, without What can go wrong', () => {
    expect(NAVIGATION.map(({ title }) => title)).toEqual(expect.arrayContaining(SECTIONS));
    expect(Object.keys(EXCEPTIONS).filter((page) => !pages.includes(page))).toEqual([]);
    expect(Object.keys(EXCEPTIONS).filter((page) => /^## What can go wrong$/m.test(readPage(page)))).toEqual([]);
  });

  test.each(pages.filter((page) => !Object.hasOwn(EXCEPTIONS, page)))(
    '%s ends with two to five symptoms and their remedies',
    (page) => {
      const [last] = readPage(page).split(/^## /m).toReversed();
      expect(last).toMatch(/^What can go wrong$/m);
      // An entry is a symptom in bold, followed by a sentence on the same line. It is a list item, or it comes before
      // an example.
      const entries = [...(last ?? '').matchAll(/^(?:- )?\*\*[^*]+\*\* \S/gm)];
      expect((last ?? '').match(/^- (?!\*\*).*/gm) ?? []).toEqual([]);
      expect(entries.length).toBeGreaterThanOrEqual(2);
      expect(entries.length).toBeLessThanOrEqual(5);
    },
  );
});
