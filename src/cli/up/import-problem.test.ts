import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { importProblem } from './import-problem.ts';

const folder = mkdtempSync(join(tmpdir(), 'typekro-import-'));
const file = join(folder, 'app.ts');
writeFileSync(
  file,
  `import a from './missing.ts';\nimport { type } from 'arktype';\nimport b from '@scope/kit/part';\n`,
);
afterAll(() => rmSync(folder, { recursive: true }));

const failure = (code: string, message: string) => Object.assign(new Error(message), { code });

/** Errors of loaders, and the messages for the user. Hosts that resolve as CommonJS call a package a module. */
const CASES: readonly (readonly [code: string, message: string, text: string, hint: string, line: number])[] = [
  [
    'ERR_MODULE_NOT_FOUND',
    `Cannot find package 'arktype' imported from ${file}`,
    'the package "arktype" is not installed',
    'run npm install arktype, or correct its name',
    2,
  ],
  [
    'MODULE_NOT_FOUND',
    `Cannot find module 'arktype'\nRequire stack:\n- ${file}`,
    'the package "arktype" is not installed',
    'run npm install arktype, or correct its name',
    2,
  ],
  [
    'MODULE_NOT_FOUND',
    `Cannot find module '@scope/kit/part'\nRequire stack:\n- ${file}`,
    'the package "@scope/kit" is not installed',
    'run npm install @scope/kit, or correct its name',
    3,
  ],
  [
    'ERR_MODULE_NOT_FOUND',
    `Cannot find module '${join(folder, 'missing.ts')}' imported from ${file}`,
    'there is no file ./missing.ts',
    'check the path, and the ending of the name (.ts, .js)',
    1,
  ],
];

test.each(CASES)('%s: %s', async (code, message, text, hint, line) => {
  const found = await importProblem(failure(code, message), file);
  expect(found).toMatchObject({ message: text, hint, source: { file, line } });
});
