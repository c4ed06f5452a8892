import { ACRONYMS, ENDINGS, WORDS } from './plural-words.ts';

/** An ending and its plural. */
type Rule = readonly [ending: string, plural: string];

interface Tables {
  readonly plurals: ReadonlyMap<string, string>;
  /** Words that are already plurals. */
  readonly done: ReadonlySet<string>;
  readonly rules: readonly Rule[];
  readonly acronyms: ReadonlySet<string>;
}

let tables: Tables | undefined;

const items = (text: string): string[] => text.trim().split(/\s+/);

function buildTables(): Tables {
  const plurals = new Map<string, string>();
  const done = new Set<string>();
  const rules: Rule[] = [];
  for (const item of items(WORDS)) {
    const flags = /^[=>]*/.exec(item)?.[0] ?? '';
    const [singular = '', plural = singular, alternative] = item.slice(flags.length).split(':');
    plurals.set(singular, plural);
    if (!flags.includes('>')) {
      done.add(plural);
      if (alternative !== undefined) done.add(alternative);
    }
    if (!flags.includes('=')) rules.unshift([plural, plural], [singular, plural]);
  }
  for (const item of items(ENDINGS)) {
    const [ending = '', plural = ''] = item.split(':');
    rules.push([plural, plural], [ending, plural]);
  }
  return { plurals, done, rules, acronyms: new Set(items(ACRONYMS)) };
}

/**
 * The lower-case English plural of a kind's name, which is the `plural` of the CRD that kro generates (`WebApp` →
 * `webapps`, `Policy` → `policies`). The plural is part of the CRD's name and of URLs. It therefore equals kro's plural
 * even if kro's plural is wrong (`Dns` → `dnsDNSes`).
 */
export function pluralize(kind: string): string {
  tables ??= buildTables();
  const { plurals, done, rules, acronyms } = tables;
  const word = kind.toLowerCase();
  if (word === '') return '';
  const listed = plurals.get(word);
  if (listed !== undefined) return listed;
  if (done.has(word)) return word;
  const upper = word.toUpperCase();
  // kro inflects an acronym in upper case, and appends the result to the original word.
  const inflected = acronyms.has(upper) ? upper : word;
  const kept = inflected === word ? '' : word;
  for (const [ending, plural] of rules) {
    if (inflected.endsWith(ending)) return kept + inflected.slice(0, inflected.length - ending.length) + plural;
  }
  return word.endsWith('s') ? word : `${word}s`;
}
