/**
 * Runs mutations in one vitest process on a copy of the tree (`process.cwd()`). Prints one line of JSON per mutation.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestModule, createVitest } from 'vitest/node';
import type { BatchLine } from './check-mutations.ts';
import { mutate } from './mutate.ts';
import { MUTATIONS } from './picked.ts';

const root = process.cwd();
const [names, isFirst] = JSON.parse(process.argv[2] ?? '[]') as [readonly string[], boolean];
const chosen = MUTATIONS.filter(({ name }) => names.includes(name));
const vitest = await createVitest('test', {
  root,
  watch: false,
  cache: false,
  // A reused worker would keep the modules of the previous mutation.
  isolate: true,
  // Standard output is a pipe for the results, so reporters must not write to it.
  reporters: [{}],
  onConsoleLog: () => false,
});
const specifications = await vitest.globTestSpecifications();

async function firstFailure(tests: readonly string[]): Promise<string | undefined> {
  const wanted = specifications.filter(({ moduleId }) => tests.some((path) => moduleId === join(root, path)));
  if (wanted.length !== tests.length) throw new Error(`not all of these are test files: ${tests.join(', ')}`);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(wanted);
  // The result includes the files of earlier runs.
  const ran = testModules.filter(({ moduleId }) => wanted.some((one) => one.moduleId === moduleId));
  const [unhandled] = unhandledErrors;
  return (
    ran.map(failureIn).find((failure) => failure !== undefined) ??
    (unhandled === undefined ? undefined : String(unhandled))
  );
}

function failureIn(module: TestModule): string | undefined {
  if (module.ok()) return undefined;
  for (const test of module.children.allTests('failed')) return `${module.relativeModuleId}: ${test.fullName}`;
  return `${module.relativeModuleId}: ${module.errors()[0]?.message ?? 'failed'}`;
}

function print(line: BatchLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

if (isFirst) {
  // Runs the tests without a mutation first, because a test that always fails would seem to catch every mutation.
  const failure = await firstFailure([...new Set(chosen.flatMap(({ tests }) => tests))]);
  print({ name: '', ...(failure === undefined ? {} : { failure }) });
}
for (const mutation of chosen) {
  const path = join(root, mutation.file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, mutate(mutation));
  vitest.invalidateFile(path);
  const failure = await firstFailure(mutation.tests);
  writeFileSync(path, source);
  vitest.invalidateFile(path);
  print({ name: mutation.name, ...(failure === undefined ? {} : { failure }) });
}
await vitest.close();
process.exit(0);
