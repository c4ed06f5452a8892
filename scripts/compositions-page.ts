import { type Library, type Outcome, METHODS } from '../test/property/schemas/methods.ts';
import { markdownTable } from './markdown-table.ts';
import { withTables } from './written-tables.ts';

const LIBRARIES: readonly Library[] = ['zod', 'arktype', 'valibot'];

const effectOf = (outcome: Outcome): string => {
  if (outcome === 'same') return 'same values';
  if (outcome === 'rule') return 'a rule';
  return outcome === 'result' ? 'results only' : `refused, \`${outcome}\``;
};

/** Returns the page `docs/compositions.md` with its table of the methods of schema libraries. */
export function compositionsPage(page: string): string {
  const outcomes = [...new Set(METHODS.map(({ outcome }) => outcome))];
  const rows = outcomes.map((outcome) => [
    effectOf(outcome),
    ...LIBRARIES.map((library) => {
      const methods = METHODS.filter((method) => method.library === library && method.outcome === outcome);
      return methods.map(({ text }) => text).join('; ');
    }),
  ]);
  const schemas = markdownTable(['effect', ...LIBRARIES], rows);
  return withTables(page, 'docs/compositions.md', { schemas });
}
