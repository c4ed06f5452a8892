import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importProblem } from './import-problem.ts';
import { moduleProblems } from './module-problems.ts';

/** A folder whose name contains spaces, in the form in which Node prints it in messages. */
const folder = mkdtempSync(join(tmpdir(), 'typekro import '));
const file = join(folder, 'app.ts');
writeFileSync(
  file,
  `import a from './missing.ts';\nimport { type } from 'arktype';\nimport b from '@scope/kit/part';\nimport { one } from 'old';\nimport 'kit/prt';\nimport '@/lib/x';\nimport '~/y';\nimport '#z';\nimport 'parts';\nimport 'whole/sub';\nimport "./it's.ts";\nimport 'wide'; import 'wide/part'; import 'wide/prt';\n`,
);
writePackage('old', {}, 'module.exports = Object.assign(Object.create(null), { one: 1 });');
writePackage('kit', { exports: { '.': './index.js', './part': './index.js' } }, '');
writePackage('wide', { exports: { './part': './index.js', './*': './entries/*.js' } }, '');
writePackage('parts', { exports: { './a': './index.js', './b': './index.js' } }, '');
writePackage('whole', { exports: './index.js' }, '');

function writePackage(name: string, manifest: object, code: string): void {
  mkdirSync(join(folder, 'node_modules', name), { recursive: true });
  writeFileSync(join(folder, 'node_modules', name, 'package.json'), JSON.stringify({ name, ...manifest }));
  writeFileSync(join(folder, 'node_modules', name, 'index.js'), code);
}

const failure = (code: string, message: string) => Object.assign(new Error(message), { code });

/**
 * Errors of loaders, and the messages for the user. For the same error, a CommonJS loader says "module" and an ES
 * module loader says "package".
 */
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
  [
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
    `Package subpath './prt' is not defined by "exports" in ${join(folder, 'node_modules/kit/package.json')} imported from ${file}`,
    'the package kit has no "kit/prt"',
    'did you mean "kit/part"?',
    5,
  ],
  [
    'ERR_MODULE_NOT_FOUND',
    `Cannot find module '${join(folder, 'node_modules/wide/entries/prt.js')}' imported from ${file}`,
    'the package wide has no "wide/prt"',
    'did you mean "wide/part"?',
    12,
  ],
  [
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
    `No "exports" main defined in ${join(folder, 'node_modules/parts/package.json')} imported from ${file}`,
    'the package parts has no main module',
    'import one of its modules: parts/a, parts/b',
    9,
  ],
  [
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
    `Package subpath './sub' is not defined by "exports" in ${join(folder, 'node_modules/whole/package.json')} imported from ${file}`,
    'the package whole has no "whole/sub"',
    'import "whole" itself',
    10,
  ],
  [
    'ERR_MODULE_NOT_FOUND',
    `Cannot find package '@' imported from ${file}`,
    '"@/lib/x" is not a valid package name',
    'write the path of the file',
    6,
  ],
  [
    'MODULE_NOT_FOUND',
    `Cannot find module '~/y'\nRequire stack:\n- ${file}`,
    '"~/y" is not a valid package name',
    'write the path of the file',
    7,
  ],
  [
    'ERR_PACKAGE_IMPORT_NOT_DEFINED',
    `Package import specifier "#z" is not defined in package ${join(folder, 'package.json')} imported from ${file}`,
    '"#z" is not defined by "imports"',
    `add it to "imports" of ${join(folder, 'package.json')}, or write the path of the file`,
    8,
  ],
  [
    'ERR_MODULE_NOT_FOUND',
    `Cannot find module '${join(folder, "it's.ts")}' imported from ${file}`,
    "there is no file ./it's.ts",
    'check the path, and the ending of the name (.ts, .js)',
    11,
  ],
];

test.each([
  ['one', 'old does not export "one"', "read it from the default export: import all from 'old'; const { one } = all"],
  ['two', 'old does not export "two"', 'look at what old exports, and check the spelling'],
])('a failed import of the name %s from a CommonJS package has a remedy', async (name, message, hint) => {
  const text = `Named export '${name}' not found. The requested module 'old' is a CommonJS module, which may not support all module.exports as named exports.`;
  expect(await importProblem(new SyntaxError(text), file)).toMatchObject({ message, hint, source: { file } });
  const found = await moduleProblems(new SyntaxError(text), { path: file, cwd: folder });
  expect(found).toMatchObject([{ code: 'input/module-import', message, hint, source: { file: 'app.ts' } }]);
});

test('an import in a file of another machine keeps its problem', async () => {
  const message = "Cannot find package 'absent' imported from file://server/app.ts";
  expect(await importProblem(failure('ERR_MODULE_NOT_FOUND', message), file)).toMatchObject({
    message: 'the package "absent" is not installed',
    source: { file: 'file://server/app.ts' },
  });
});

test.each(CASES)('the error %s: %s gets a message, a remedy and a line', async (code, message, text, hint, line) => {
  const found = await importProblem(failure(code, message), file);
  expect(found).toMatchObject({ message: text, hint, source: { file, line } });
});

test.each<readonly [title: string, error: Error, source: object]>([
  [
    'tsx, which passes the extension .ts for a .mts file to esbuild',
    new Error(`Transform failed with 1 error:\n${join(folder, 'part.ts')}:2:4: ERROR: Unexpected "="`),
    { file: 'part.mts', line: 2, column: 5 },
  ],
  [
    'Node, for a path with spaces and a line with tabs',
    Object.assign(new SyntaxError('Unexpected token'), {
      stack: `${join(folder, 'app.ts')}:3\n\t\tb: = 2,\n\t\t   ^\n\nSyntaxError: Unexpected token`,
    }),
    { file: 'app.ts', line: 3, column: 6 },
  ],
])('the position of a syntax error is read from the message of %s', async (_title, error, source) => {
  writeFileSync(join(folder, 'part.mts'), '');
  expect(await moduleProblems(error, { path: file, cwd: folder })).toMatchObject([
    { code: 'input/module-syntax', source },
  ]);
});

test('an error message of another program that looks like a message of esbuild is not a syntax error', async () => {
  const error = new Error('Command failed: gcc main.c\nmain.c:3:4: error: expected ;');
  expect(await moduleProblems(error, { path: file, cwd: folder })).toMatchObject([{ code: 'input/module-failed' }]);
});
