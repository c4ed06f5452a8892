import type { MutationRow } from './mutate.ts';

export const JAVASCRIPT: readonly MutationRow[] = [
  {
    name: 'the parameter of a catch is a name from outside',
    file: 'src/javascript/scope-analysis.ts',
    find: 'for (const name of boundNames(node.param)) declare(scope, name);',
    replace: 'void boundNames(node.param);',
    tests: ['src/javascript/free-names.test.ts'],
  },
];
