import type { MutationRow } from './mutate.ts';

export const JAVASCRIPT: readonly MutationRow[] = [
  {
    name: 'the parameter of a catch counts as an outer name',
    file: 'packages/kit/src/javascript/scope-analysis.ts',
    find: 'for (const name of boundNames(node.param)) declare(scope, name);',
    replace: 'void boundNames(node.param);',
    tests: ['packages/kit/src/javascript/free-names.test.ts'],
  },
  {
    name: 'a line without an entry in the source map has the position of an earlier line',
    file: 'packages/kit/src/javascript/source-map.ts',
    find: ' || entry.generatedLine !== line)',
    replace: ')',
    tests: ['packages/sdk/src/transform/input-map.test.ts'],
  },
  {
    name: 'the names of an export from another module are free variables',
    file: 'packages/kit/src/javascript/scope-analysis.ts',
    find: '        if (node.source) return;\n',
    replace: '',
    tests: ['packages/kit/src/javascript/free-names.test.ts'],
  },
  {
    name: 'a name that every object inherits counts as a global',
    file: 'packages/kit/src/javascript/free-names.ts',
    find: 'name in globalThis && !(name in Object.prototype);',
    replace: 'name in globalThis;',
    tests: ['packages/kit/src/javascript/free-names.test.ts'],
  },
  {
    name: 'a line separator in a string breaks its literal',
    file: 'packages/kit/src/javascript/quote-js.ts',
    find: '.replace(/[\\u2028\\u2029]/g, escaped)',
    replace: '',
    tests: ['packages/sdk/src/transform/attach.test.ts', 'packages/kit/src/javascript/quote-js.test.ts'],
  },
  {
    name: 'the sources of a source map are relative to the module, and not to the file of the map',
    file: 'packages/kit/src/javascript/source-map.ts',
    find: 'inputMap(payload, file, mapFile)',
    replace: 'inputMap(payload, file)',
    tests: ['packages/sdk/src/transform/input-map.test.ts'],
  },
];
