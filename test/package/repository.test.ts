import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(`${root}/${file}`, 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 1 << 26,
}).split('\0');

/** Pages, workflows and CI files, which may name npm scripts. */
const PAGES = files.filter(
  (file) =>
    /(^[A-Z_]+\.md$|^docs\/.*\.md$|^\.github\/|^packages\/.*README\.md$|^\.ci\/)/.test(file) &&
    existsSync(`${root}/${file}`),
);

/** Files that a clone may lack: pages that `npm run docs` writes, and the commit whose full run passed. */
const LATER = /^(?:docs\/reference\/|docs\/(?:dependencies|diagnostics|seeds)\.md$|test\/green-commit$)/;

test('there are pages to check', () => {
  expect(PAGES).toEqual(
    expect.arrayContaining(['README.md', 'CONTRIBUTING.md', '.github/workflows/ci.yml', '.ci/run']),
  );
});

test.each(PAGES)(
  '%s names only npm scripts that exist and, outside of README.md and docs, only paths that exist',
  (page) => {
    const text = read(page);
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    const paths = [
      ...text.matchAll(/(?:^|[\s`(])((?:packages|test|scripts|docs|bench|examples|data|charts|api)\/[\w./-]*\w)/gm),
    ];
    const missing = paths
      .map(([, path = '']) => path)
      .filter((path) => !LATER.test(path) && !existsSync(`${root}/${path}`));
    expect(page.startsWith('docs/') || page === 'README.md' ? [] : missing).toEqual([]);
  },
);

test.each(files.filter((file) => /^\.github\/.*\.ya?ml$/.test(file)))('%s is YAML', (file) => {
  expect(parse(read(file))).toBeTypeOf('object');
});

test.each(files.filter((file) => file.startsWith('.github/workflows/')))(
  '%s has only read permissions by default',
  (file) => {
    expect(parse(read(file))).toMatchObject({ permissions: { contents: 'read' } });
  },
);

test('a test of a package that mocks modules is not in the vitest project `shared`', () => {
  // The test files of the project `shared` share their modules, and a mock works only before the first import of the
  // mocked module.
  const shared = files.filter(
    (file) =>
      /^packages\/.*\.test\.tsx?$/.test(file) && !file.includes('.mocked.test.') && existsSync(`${root}/${file}`),
  );
  const ofCommands = /^packages\/cli\/src\/commands\/(?:cluster(?:-\w+)*|stand-ins)\.test\.ts$/;
  expect(shared.filter((file) => !ofCommands.test(file) && /\bvi\.(?:mock|doMock)\(/.test(read(file)))).toEqual([]);
});

test('each decision has a unique number', () => {
  const numbers = files.flatMap((file) => /^docs\/decisions\/(\d{4})-/.exec(file)?.[1] ?? []);
  expect(numbers).toEqual([...new Set(numbers)]);
});

test.each(files.filter((file) => file.endsWith('package-lock.json')))(
  '%s has one line for each package (`node scripts/update-lock.mjs FOLDER` writes it)',
  (file) => {
    const { packages } = JSON.parse(read(file)) as { readonly packages: object };
    expect(read(file).split('\n').length - Object.keys(packages).length).toBeLessThan(10);
  },
);
