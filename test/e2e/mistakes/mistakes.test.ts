import { describe, expect, test } from 'vitest';
import { type Share, share } from '@typekro/kit/test-support/budget';
import { seededChoices } from '../../support/choices.ts';
import { environmentMistakes } from './environment.ts';
import { markerMistakes } from './markers.ts';
import type { Mistake } from './mistake.ts';
import { referenceMistakes, soundReferences } from './references.ts';
import { needsProcess, runMistake } from './run-mistake.ts';
import { structureMistakes } from './structure.ts';
import { textMistakes } from './texts.ts';
import { programMistakes } from './typescript-programs.ts';
import { typescriptMistakes } from './typescript.ts';
import { definitionMistakes } from './yaml-definitions.ts';
import { levelMistakes } from './yaml-levels.ts';
import { objectMistakes } from './yaml-objects.ts';
import { shapeMistakes } from './yaml-shapes.ts';
import { waitingMistakes } from './waiting.ts';

const TABLES: Readonly<Record<string, readonly Mistake[]>> = {
  'a definition': definitionMistakes,
  'the shape of a definition': shapeMistakes,
  'indentation or notation': levelMistakes,
  'an object': objectMistakes,
  'a reference': referenceMistakes,
  'the markers of a field': markerMistakes,
  'the syntax of an expression': textMistakes,
  'a misplaced or duplicate part': structureMistakes,
  TypeScript: typescriptMistakes,
  'a composition': programMistakes,
  'the environment': environmentMistakes,
  'the cluster of a waiting instance': waitingMistakes,
};
/** Tables in which each mistake causes at most one error. */
const ONE_ERROR = new Set([
  'the shape of a definition',
  'indentation or notation',
  'a reference',
  'the markers of a field',
  'the syntax of an expression',
  'a composition',
  'a misplaced or duplicate part',
]);
const ALL = Object.values(TABLES).flat();
/**
 * The mistakes that this run tests in a separate process. The seed chooses a sample. A full run tests all these
 * mistakes.
 */
const PROCESSES = new Set(sampleOf(ALL.filter(needsProcess), share('mistakeProcesses')));

function sampleOf<T>(list: readonly T[], { first, count }: Share): T[] {
  const choices = seededChoices(Number(process.env['TYPEKRO_SEED'] ?? 1 + first));
  const left = [...list];
  return list.slice(0, count).flatMap(() => left.splice(choices.below(left.length), 1));
}

/** The tables with the mistakes of this run. The sample may leave out all mistakes of a table. */
const RUN = Object.entries(TABLES).flatMap(([where, rows]) => {
  const mistakes = rows.filter((mistake) => !needsProcess(mistake) || PROCESSES.has(mistake));
  return mistakes.length === 0 ? [] : [[where, mistakes] as const];
});

describe.each(RUN)('a mistake in %s', (where, mistakes) => {
  test.concurrent.each(mistakes.map((mistake) => [mistake.title, mistake] as const))('%s', async (_title, mistake) => {
    const { score, output, code, errors } = await runMistake(mistake);
    expect(score, `exit ${code}\n${output}`).toBeGreaterThanOrEqual(mistake.score ?? 3);
    if (ONE_ERROR.has(where)) expect(errors, output).toBeLessThanOrEqual(1);
  });
});

test.each(soundReferences)('%s has no diagnostic', async (title, files) => {
  const { output, code } = await runMistake({
    title,
    files,
    place: /^/,
    reason: /^/,
    remedy: /^/,
    command: ['validate', '--strict', ...Object.keys(files)],
  });
  expect(`${code} ${output}`).toMatch(/^0 /);
});

test('the tables have at least 110 mistakes; at least 95 % of them require the full score of 3, and none allows the score 0', () => {
  const least = ALL.map(({ score = 3 }) => score);
  expect(ALL.length).toBeGreaterThanOrEqual(110);
  expect(least.filter((score) => score === 3).length / ALL.length).toBeGreaterThanOrEqual(0.95);
  expect(Math.min(...least)).toBeGreaterThan(0);
});
