import type { Options } from 'minisearch';

/** The indexed data of a section. */
export interface IndexedSection {
  /** The address of the section, from the root of the site. */
  readonly id: string;
  readonly title: string;
  /** The title of the page. */
  readonly page: string;
  readonly text: string;
}

/** Words of the pages, each with other words that readers search for. */
const SYNONYMS: readonly (readonly [of: RegExp, words: readonly string[]])[] = [
  [/^(?:adopt|takeover)/, ['import']],
  [/^(?:waits?$|blocked)/, ['stuck', 'hangs', 'pending', 'ready']],
  [/^autoscaler/, ['hpa', 'scaling']],
  [/^tls$/, ['https', 'ssl']],
  [/^environment$/, ['env']],
  [/^networkpolic/, ['firewall']],
  [/^uninstall/, ['remove', 'cleanup']],
];

/** The options of the search index. The build and the page must use the same options. */
export const SEARCH_OPTIONS: Options<IndexedSection> = {
  fields: ['title', 'page', 'text'],
  storeFields: ['title', 'page'],
  // Splits names at characters that are not letters or digits, so that a search for `leader` finds `--leader-elect` and
  // a search for `cycle` finds `graph/cycle`.
  tokenize: (text) => text.split(/[^\p{L}\p{N}_]+/u).filter((word) => word !== ''),
  processTerm: (term) => {
    const word = term.toLowerCase();
    return [word, ...SYNONYMS.flatMap(([of, words]) => (of.test(word) ? words.filter((other) => other !== word) : []))];
  },
  searchOptions: {
    processTerm: (term) => term.toLowerCase(),
    boost: { title: 4, page: 2 },
    prefix: true,
    fuzzy: (term) => (term.length > 4 ? 0.2 : false),
    combineWith: 'AND',
  },
};
