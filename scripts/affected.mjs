/**
 * Finds what a change touches, so that a run tests this and no more. The base of a change is the commit in
 * `test/green-commit`, the newest one whose full run passed. Everything runs when there is no base, when the base is not
 * in the history, with `TYPEKRO_ALL=1`, and when a file changed of which this script does not know who uses it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { packageFolders } from './workspace.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const git = (...words) => execFileSync('git', words, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
const lines = (text) => text.split('\n').filter((line) => line !== '');

/** The tests of pages, which a change of the documentation needs. */
const PAGE_TESTS = ['test/package', 'test/site', 'test/e2e/start-pages.test.ts'];

/**
 * The tests of the built package that test one face. A change of a face alone runs only these of the tests of the built
 * package.
 */
export const FACE_TESTS = {
  editor: ['test/e2e/editor', 'test/package/vscode', 'test/package/imports.test.ts'],
  dashboard: ['test/browser', 'test/e2e/controller-dashboard.test.ts', 'test/package/page-sizes.test.ts'],
};

/**
 * Decides what a change of files affects.
 *
 * @param files the changed files, as paths from the root
 * @param dependencies the packages that each package imports, directly or through others
 * @returns `all`: the first file whose users are not known, `undefined` when all are known; `changed`: the packages with
 *   changed code; `affected`: these, those that import them, and those with changed tests; `tests`: changed tests of
 *   `test/`; `pages`: whether pages changed
 */
export function affectedBy(files, dependencies) {
  const changed = new Set();
  const affected = new Set();
  const tests = new Set();
  let all;
  let pages = false;
  for (const file of files) {
    const [, name, rest] = /^packages\/([\w-]+)\/(.*)$/.exec(file) ?? [];
    if (/^(?:docs\/|\.changeset\/|[A-Z_]+\.md$)|README\.md$/.test(file)) pages ||= !file.startsWith('.changeset/');
    else if (file === 'test/green-commit') continue;
    else if (name !== undefined && dependencies.has(name) && /^(?:src|test-support)\//.test(rest)) {
      if (/\.test\.tsx?$/.test(file)) affected.add(name);
      else changed.add(name);
    } else if (/^test\/.*\.test\.ts$/.test(file)) tests.add(file);
    else all ??= file;
  }
  for (const [name, imported] of dependencies) {
    if (changed.has(name) || [...imported].some((each) => changed.has(each))) affected.add(name);
  }
  return { all, changed, affected, tests, pages };
}

/** The packages that each package imports, directly or through others. */
export function packageDependencies() {
  const direct = new Map(
    packageFolders().map((folder) => {
      const { dependencies = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      const names = Object.keys(dependencies).flatMap((name) => /^@typekro\/(.+)$/.exec(name)?.[1] ?? []);
      return [folder.slice('packages/'.length), names];
    }),
  );
  const reach = (name, found = new Set()) => {
    for (const next of direct.get(name) ?? []) if (!found.has(next)) reach(next, found.add(next));
    return found;
  };
  return new Map([...direct.keys()].map((name) => [name, reach(name)]));
}

/** Changed files since the base, with uncommitted and new ones. `undefined` when there is no base in the history. */
export function changedFiles() {
  const file = join(root, 'test/green-commit');
  if (process.env.TYPEKRO_ALL === '1' || !existsSync(file)) return undefined;
  const base = readFileSync(file, 'utf8').trim();
  try {
    git('merge-base', '--is-ancestor', base, 'HEAD');
  } catch {
    return undefined; // A shallow clone does not contain the base.
  }
  return [...lines(git('diff', '--name-only', base)), ...lines(git('ls-files', '--others', '--exclude-standard'))];
}

const IMPORT = /(?:\bfrom|\bimport\(|\bimport)\s*'([^']+)'/g;
/** Matches what shows that a file runs the built package, or reads files of the repository that it does not import. */
const RUNS_PACKAGE = /\bdist\/|support\/(?:command|packed-|api-server)|commandIn|cli\/main/;

/** The packages that a file imports, directly or through files of `test/`, and whether one of them runs the package. */
function usesOf(file, seen = new Set()) {
  const packages = new Set();
  let runsPackage = false;
  if (seen.has(file) || !existsSync(join(root, file))) return { packages, runsPackage };
  seen.add(file);
  const text = readFileSync(join(root, file), 'utf8');
  runsPackage = RUNS_PACKAGE.test(text);
  for (const [, specifier] of text.matchAll(IMPORT)) {
    const path = specifier.startsWith('.') ? join(dirname(file), specifier) : '';
    const name = /^(?:@typekro|packages)\/([\w-]+)/.exec(path === '' ? specifier : path)?.[1];
    if (name !== undefined) packages.add(name);
    if (!/^(?:test|scripts)\/.*\.ts$/.test(path)) continue;
    const other = usesOf(path, seen);
    runsPackage ||= other.runsPackage;
    for (const each of other.packages) packages.add(each);
  }
  return { packages, runsPackage };
}

/**
 * What the change since the base needs.
 *
 * @returns `paths`: the tests, as arguments for vitest; `changed`, `affected` and `pages` as in `affectedBy`; `undefined`
 *   when everything must run
 */
export function affected() {
  const files = changedFiles();
  if (files === undefined) return undefined;
  const dependencies = packageDependencies();
  const { all, changed, affected: packages, tests, pages } = affectedBy(files, dependencies);
  if (all !== undefined) {
    console.log(`${all} changed, so everything runs.`);
    return undefined;
  }
  const isUsed = (name) => changed.has(name) || [...(dependencies.get(name) ?? [])].some((each) => changed.has(each));
  const faces = [...changed].every((name) => Object.hasOwn(FACE_TESTS, name))
    ? [...changed].flatMap((name) => FACE_TESTS[name])
    : undefined;
  const ofRoot = lines(git('ls-files', 'test/*.test.ts')).filter((file) => {
    const { packages: used, runsPackage } = usesOf(file);
    const ofPackage = faces === undefined ? changed.size > 0 : faces.some((path) => file.startsWith(path));
    return (runsPackage && ofPackage) || (!runsPackage && [...used].some(isUsed));
  });
  const paths = [
    ...[...packages].map((name) => `packages/${name}/`),
    ...ofRoot,
    ...tests,
    ...(pages ? PAGE_TESTS : []),
  ];
  return { paths: [...new Set(paths)], changed, affected: packages, pages };
}
