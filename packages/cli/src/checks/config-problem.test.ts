import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { aliasProblem, configProblem } from './config-problem.ts';

const folder = mkdtempSync(join(tmpdir(), 'typekro-config-'));
const program = join(folder, 'app.ts');
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['{\n  "type": "module",\n}', 2, 19, 'there is a comma before the closing }', 'remove it'],
  ['{\n  "a": [1, 2, ]\n}', 2, 13, 'there is a comma before the closing ]', 'remove it'],
  ['{\n  // all of it\n  "a": 1\n}', 2, 3, 'a comment', 'remove it: this file may not have comments'],
  ["{\n  'a': 1\n}", 2, 3, 'a single quote', 'write double quotes'],
  ['{\n  "a": 1\n  "b": 2\n}', 2, 9, 'a comma is missing', 'add a comma here'],
  ['{\n  "a": 1\n', 2, 9, 'it ends too early', 'close what was opened on the lines above'],
])('the mistake in %j is reported at its position', (text, line, column, message, hint) => {
  const file = join(folder, 'package.json');
  writeFileSync(file, text);
  for (const words of [`Error parsing ${file}: Unexpected token`, `Invalid package config ${file}.`]) {
    expect(configProblem(new Error(words), program)).toMatchObject({
      message: `this is not JSON: ${message}`,
      hint,
      source: { file, line, column },
    });
  }
});

test('a refusal by the permission model of Node is reported as an error of the module only if the module caused it', () => {
  const denied = (stack: string) =>
    Object.assign(new Error('Access to this API has been restricted'), {
      code: 'ERR_ACCESS_DENIED',
      permission: 'WorkerThreads',
      stack,
    });
  expect(configProblem(denied('at new Worker (node:internal/worker:1:1)'), program)).toMatchObject({
    message: 'the permission model that Node was started with does not let typekro load modules (WorkerThreads)',
    hint: expect.stringMatching(/--import typekro\/register.*--allow-worker/) as unknown,
  });
  expect(configProblem(denied(`at ${program}:3:1`), program)).toBeUndefined();
});

test('an unresolved alias is reported at the tsconfig that causes it', () => {
  const project = join(folder, 'project');
  mkdirSync(join(project, 'src'), { recursive: true });
  const file = join(project, 'tsconfig.json');
  const importer = join(project, 'src/app.ts');
  writeFileSync(
    file,
    '{\n  "extends": "../base.json",\n  "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } }\n}',
  );
  expect(aliasProblem('@lib/images', importer)).toMatchObject({
    message: 'there is no file ../base.json, so nothing of this tsconfig is used, and "@lib/images" is not found',
    hint: 'correct "extends", or remove it',
    source: { file, line: 2 },
  });
  writeFileSync(join(folder, 'base.json'), '{}');
  expect(aliasProblem('@lib/images', importer)).toBe(`add it to "paths" of ${file} if it is an alias`);
  writeFileSync(file, '{}');
  expect(aliasProblem('@lib/images', importer)).toBeUndefined();
});
