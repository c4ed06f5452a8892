import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { affectedBy, FACE_TESTS, packageDependencies } from '../../scripts/affected.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dependencies = packageDependencies();
const ALL = [...dependencies.keys()].sort();

test.each([
  { files: ['packages/editor/src/hover.ts'], affected: ['cli', 'editor'], changed: ['editor'] },
  { files: ['packages/editor/src/editor-document.test.ts'], affected: ['editor'], changed: [] },
  { files: ['packages/kit/src/core/json.ts'], affected: ALL, changed: ['kit'] },
  {
    files: ['packages/kube/test-support/test-clock.ts'],
    affected: ALL.filter((name) => !['cel', 'editor', 'engine', 'kit'].includes(name)),
    changed: ['kube'],
  },
  { files: ['docs/compare.md', 'packages/cel/src/README.md', 'README.md'], affected: [], changed: [], pages: true },
  { files: ['.changeset/a.md', 'test/green-commit'], affected: [], changed: [] },
  { files: ['test/e2e/start.test.ts'], affected: [], changed: [], tests: ['test/e2e/start.test.ts'] },
])('$files affects the tests of $affected', ({ files, affected, changed, tests = [], pages = false }) => {
  const found = affectedBy(files, dependencies);
  expect(found.all).toBeUndefined();
  expect([...found.affected].sort()).toEqual([...affected]);
  expect([...found.changed]).toEqual(changed);
  expect([...found.tests]).toEqual(tests);
  expect(found.pages).toBe(pages);
});

test.each([
  'package.json',
  'package-lock.json',
  'packages/cel/package.json',
  'packages/unknown/src/a.ts',
  'scripts/build.mjs',
  'test/support/command.ts',
  'data/crds/flux.json',
  'vitest.config.ts',
])('a change of %s runs everything', (file) => {
  expect(affectedBy(['packages/cel/src/index.ts', file], dependencies).all).toBe(file);
});

test('the tests of faces exist, and their packages, too', () => {
  expect(Object.keys(FACE_TESTS).filter((name) => !dependencies.has(name))).toEqual([]);
  expect(
    Object.values(FACE_TESTS)
      .flat()
      .filter((path) => !existsSync(root + path)),
  ).toEqual([]);
});
