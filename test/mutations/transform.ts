import type { MutationRow } from './mutate.ts';

export const TRANSFORM: readonly MutationRow[] = [
  {
    name: 'insertions at the same position are in the wrong order',
    file: 'packages/sdk/src/transform/edited-text.ts',
    find: 'a.at - b.at || ORDER[a.kind] - ORDER[b.kind]);',
    replace: 'a.at - b.at || ORDER[b.kind] - ORDER[a.kind]);',
    tests: ['packages/sdk/src/transform/edited-text.test.ts', 'packages/sdk/src/transform/attach.test.ts'],
  },
  {
    name: 'a carriage return and a line feed are two lines',
    file: 'packages/sdk/src/transform/edited-text.ts',
    find: 'code.matchAll(/\\r\\n|[\\n\\r\\u2028\\u2029]/g)',
    replace: 'code.matchAll(/[\\n\\r\\u2028\\u2029]/g)',
    tests: ['packages/sdk/src/transform/edited-text.test.ts', 'packages/sdk/src/transform/attach.test.ts'],
  },
  {
    name: 'the columns of a source map ignore earlier insertions',
    file: 'packages/sdk/src/transform/edited-text.ts',
    find: 'const column = place.column + shift;',
    replace: 'const column = place.column;',
    tests: ['packages/sdk/src/transform/edited-text.test.ts', 'packages/sdk/src/transform/attach.test.ts'],
  },
  {
    name: 'a column of a source map is relative to the previous line',
    file: 'packages/sdk/src/transform/edited-text.ts',
    find: '      last.column = 0;',
    replace: '',
    tests: ['packages/sdk/src/transform/edited-text.test.ts', 'packages/sdk/src/transform/attach.test.ts'],
  },
  {
    name: 'a callback that is passed to a method is traced',
    file: 'packages/sdk/src/transform/targets.ts',
    find: "(node.callee.type === 'Identifier' || callee.from !== undefined) &&",
    replace: "(node.callee.type !== 'Super' || callee.from !== undefined) &&",
    tests: ['packages/sdk/src/transform/attach.test.ts'],
  },
  {
    name: 'functions that a function captures are not traced',
    file: 'packages/sdk/src/transform/targets.ts',
    find: 'for (const binding of this.analysis.capturesOf(node).bindings) this.follow(binding, false);',
    replace: 'for (const binding of this.analysis.capturesOf(node).bindings) this.followed.add(binding);',
    tests: ['packages/sdk/src/transform/attach.test.ts'],
  },
  {
    name: 'an async helper is traced',
    file: 'packages/sdk/src/transform/targets.ts',
    find: 'if ((value.async || value.generator) && passedIn === undefined) return;',
    replace: 'if (value.generator && passedIn === undefined) return;',
    tests: ['packages/sdk/src/transform/attach.test.ts'],
  },
  {
    name: 'a function at a computed key has the name of the variable in the key',
    file: 'packages/sdk/src/transform/targets.ts',
    find: 'if (!property.computed) this.addValue(property.value, keyName(property.key), passedIn);',
    replace: 'this.addValue(property.value, keyName(property.key), passedIn);',
    tests: ['packages/sdk/src/transform/attach.test.ts'],
  },
  {
    name: 'a negative number in a source map loses its sign',
    file: 'packages/sdk/src/transform/edited-text.ts',
    find: 'let rest = value < 0 ? (-value << 1) | 1 : value << 1;',
    replace: 'let rest = Math.abs(value) << 1;',
    tests: ['packages/sdk/src/transform/edited-text.test.ts', 'packages/sdk/src/transform/attach.test.ts'],
  },
  {
    name: 'the first source map comment of a file is used instead of the last one',
    file: 'packages/sdk/src/transform/input-map.ts',
    find: '.at(-1)?.[1];',
    replace: '.at(0)?.[1];',
    tests: ['packages/sdk/src/transform/input-map.test.ts'],
  },
];
