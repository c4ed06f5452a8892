import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyMergePatch, type JsonObject, type JsonValue } from '@typekro/kit/core';
import { builtinType } from '../types/builtin.ts';
import { applyJsonPatch, JsonPatchError } from './json-patch.ts';
import { applyStrategicPatch, StrategicPatchError } from './strategic.ts';

test.each<[JsonValue, JsonValue, JsonValue]>([
  [{ a: 1 }, { a: null, b: null }, {}],
  [{}, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
  [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
])('%j with the merge patch %j results in %j', (document, patch, expected) => {
  expect(applyMergePatch(document, patch)).toEqual(expected);
});

describe('JSON patch', () => {
  const rows: [string, JsonValue, JsonValue[], JsonValue][] = [
    ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['replaces a missing member', {}, [{ op: 'replace', path: '/a', value: 1 }], { a: 1 }],
    ['inserts before an index', [1, 2], [{ op: 'add', path: '/1', value: 9 }], [1, 9, 2]],
    ['appends with a dash', [1], [{ op: 'add', path: '/-', value: 2 }], [1, 2]],
    ['unescapes pointers', {}, [{ op: 'add', path: '/a~1b~0c', value: 1 }], { 'a/b~c': 1 }],
    ['unescapes ~01 to ~1', {}, [{ op: 'add', path: '/~01', value: 1 }], { '~1': 1 }],
    ['moves a member', { a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/c' }], { a: {}, c: 1 }],
    ['replaces the whole document', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
  ];
  test.each(rows)('%s', (_name, document, patch, expected) => {
    expect(applyJsonPatch(document, patch)).toEqual(expected);
  });

  const failing: [string, JsonValue[]][] = [
    ['the operation test with another value', [{ op: 'test', path: '/a', value: 2 }]],
    ['the operation test on a missing member', [{ op: 'test', path: '/x', value: 2 }]],
    ['the removal of a missing member', [{ op: 'remove', path: '/x' }]],
    ['a missing parent', [{ op: 'add', path: '/x/y', value: 1 }]],
    ['an index beyond the end', [{ op: 'add', path: '/l/9', value: 1 }]],
    ['an unknown operation', [{ op: 'frob', path: '/a' }]],
  ];
  test.each(failing)('refuses %s', (_name, patch) => {
    expect(() => applyJsonPatch({ a: 1, l: [] }, patch)).toThrow(JsonPatchError);
  });

  test('__proto__ is an ordinary member', () => {
    const patched = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }]) as JsonObject;
    expect(Object.hasOwn(patched, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

test('a merge patch that equals its target results in the target', () => {
  const noNulls = (value: unknown): boolean =>
    value !== null && (typeof value !== 'object' || Object.values(value).every(noNulls));
  const objects = fc.dictionary(fc.string(), fc.jsonValue()).filter(noNulls);
  fc.assert(
    fc.property(objects, (value) => {
      const target = JSON.parse(JSON.stringify(value)) as JsonObject;
      expect(applyMergePatch(target, target)).toEqual(target);
      expect(applyMergePatch({}, target)).toEqual(target);
    }),
    { numRuns: 200 },
  );
});

test('$retainKeys keeps its members, and a member of the patch that it does not name may only be null', () => {
  const key = fc.constantFrom<string>('a', 'b', 'c', 'd');
  const values = fc.dictionary(key, fc.integer(), { noNullPrototype: true });
  const patches = fc.dictionary(key, fc.option(fc.integer()), { noNullPrototype: true });
  fc.assert(
    fc.property(values, patches, fc.uniqueArray(key), (before, patch, kept) => {
      const result = () => applyStrategicPatch({ kind: 'any' }, before, { ...patch, $retainKeys: kept });
      const isNamed = ([name, value]: [string, unknown]) => value === null || kept.includes(name);
      if (Object.entries(patch).every(isNamed)) {
        const after = Object.entries({ ...before, ...patch });
        expect(result()).toEqual(
          Object.fromEntries(after.filter(([name, value]) => value !== null && kept.includes(name))),
        );
      } else expect(result).toThrow('invalid patch format of retainKeys');
    }),
  );
});

describe('strategic merge patch', () => {
  const pod = builtinType('core.v1.Pod');
  const containers = (...list: JsonObject[]): JsonObject => ({ spec: { containers: list } });
  const merged = (before: JsonObject, patch: JsonObject) =>
    (applyStrategicPatch(pod, before, patch)['spec'] as JsonObject)['containers'];
  const before = containers({ name: 'a', image: '1' }, { name: 'b', image: '1' });

  const rows: [string, JsonObject, JsonValue][] = [
    [
      'merges elements by their key',
      containers({ name: 'b', image: '2' }),
      [
        { name: 'a', image: '1' },
        { name: 'b', image: '2' },
      ],
    ],
    [
      'inserts new elements before the elements that are not in the patch',
      containers({ name: 'c' }),
      [{ name: 'c' }, { name: 'a', image: '1' }, { name: 'b', image: '1' }],
    ],
    ['deletes elements', containers({ name: 'a', $patch: 'delete' }), [{ name: 'b', image: '1' }]],
    ['replaces lists', containers({ $patch: 'replace' }, { name: 'z' }), [{ name: 'z' }]],
    ['does not add the element that has the replace directive', containers({ $patch: 'replace', name: 'a' }), []],
    [
      'adds a new element without its directives',
      containers({
        name: 'c',
        ports: [{ containerPort: 1 }, { containerPort: 1 }],
        env: [{ name: 'x', $patch: 'delete' }],
      }),
      [
        { name: 'c', ports: [{ containerPort: 1 }, { containerPort: 1 }], env: [] },
        { name: 'a', image: '1' },
        { name: 'b', image: '1' },
      ],
    ],
    [
      'orders elements',
      { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] } },
      [
        { name: 'b', image: '1' },
        { name: 'a', image: '1' },
      ],
    ],
  ];
  test.each(rows)('%s', (_name, patch, expected) => {
    expect(merged(before, patch)).toEqual(expected);
  });

  test.each<[string, JsonObject, string]>([
    [
      'merging directive',
      containers({ name: 'a', $patch: 'merge' }),
      'merging lists cannot yet be specified in the patch',
    ],
    [
      'order that is not a list',
      { spec: { '$setElementOrder/containers': 'x' } },
      'expected a []interface {}, but received a string',
    ],
    [
      'element of another type',
      containers('x' as unknown as JsonObject),
      'list element types are not identical: [[map[image:1 name:a] map[image:1 name:b]] [x]]',
    ],
    ...[null, 'a', 1, {}].map((retained): [string, JsonObject, string] => [
      `$retainKeys: ${JSON.stringify(retained)}`,
      { spec: { $retainKeys: retained } },
      'invalid patch format of retainKeys',
    ]),
    ['member that is not in $retainKeys', { spec: { $retainKeys: ['a'], b: 1 } }, 'invalid patch format of retainKeys'],
  ])('refuses a patch with the mistake: %s', (_name, patch, text) => {
    expect(() => merged(before, patch)).toThrow(text);
  });

  test('the error for an element without its merge key names the key', () => {
    expect(() => merged(before, containers({ image: 'x' }))).toThrow(
      new StrategicPatchError('map: map[image:x] does not contain declared merge key: name'),
    );
  });
});

test.each<[string, JsonValue[], JsonValue]>([
  ['adds at a negative index', [{ op: 'add', path: '/a/-1', value: 9 }], { a: [1, 2, 9] }],
  ['copies a missing member as null', [{ op: 'copy', from: '/b', path: '/c' }], { a: [1, 2], c: null }],
  ['adds null when no value is given', [{ op: 'add', path: '/c' }], { a: [1, 2], c: null }],
  ['ignores everything in a path before the first slash', [{ op: 'add', path: 'x/c', value: 1 }], { a: [1, 2], c: 1 }],
])('a JSON patch %s', (_name, operations, expected) => {
  expect(applyJsonPatch({ a: [1, 2] }, operations)).toEqual(expected);
});

test('a JSON patch that shifts the items of a long list many times is refused', () => {
  const list = Array.from({ length: 700_000 }, () => 1);
  const operations = (path: string) => Array.from({ length: 9990 }, () => ({ op: 'remove', path }));
  expect(() => applyJsonPatch({ list }, operations('/list/0'))).toThrow('replace the list in one operation');
  expect(applyJsonPatch({ list }, operations('/list/-1'))).toHaveProperty('list.length', 690_010);
});

test.each(['add', 'remove', 'copy'])('a JSON patch cannot %s the whole document', (op) => {
  expect(() => applyJsonPatch({}, [{ op, path: '', from: '/a', value: {} }])).toThrow(JsonPatchError);
});
