import { beforeAll, expect, test } from 'vitest';
import { formExamples, runForms, unequalForms } from '../../scripts/example-forms.ts';

const examples = formExamples();

let exported: Readonly<Record<string, unknown>>;
beforeAll(async () => {
  exported = await import('../../examples/graphs/graphs.ts');
});

test('there are 18 examples, and each has a Graph', () => {
  expect(examples).toHaveLength(18);
  expect(examples.every(({ documents }) => documents.flat().some(({ kind }) => kind === 'Graph'))).toBe(true);
});

test.each(examples)('$file: every form creates the objects that the header of the file lists', async (example) => {
  const results = await runForms(example, exported);
  expect(results.flatMap(({ form, problems }) => problems.map((problem) => `${form}: ${problem}`))).toEqual([]);
  expect(unequalForms(results)).toEqual([]);
  expect(results.length).toBeGreaterThanOrEqual(2);
});
