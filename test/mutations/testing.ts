import type { MutationRow } from './mutate.ts';

export const TESTING: readonly MutationRow[] = [
  {
    name: 'an expected null is a value',
    file: 'src/testing/graph-test/compare.ts',
    find: '  if (expected === null && received === undefined) return [];\n',
    replace: '',
    tests: ['src/testing/graph-test/compare.test.ts'],
  },
  {
    name: 'lists of different lengths are equal as far as they go',
    file: 'src/testing/graph-test/compare.ts',
    find: 'if (Array.isArray(expected) && Array.isArray(received) && expected.length === received.length) {\n    return expected.flatMap((value, index) =>\n      differences(',
    replace:
      'if (Array.isArray(expected) && Array.isArray(received)) {\n    return expected.flatMap((value, index) =>\n      differences(',
    tests: ['src/testing/graph-test/compare.test.ts'],
  },
];
