import { expect, test } from 'vitest';
import type { ObjectMeta } from '@typekro/kit/core';
import { withNamespace } from '@typekro/app/instance';
import { chooseDefinitions } from './choose-definitions.ts';
import type { CommandInput } from './command.ts';

const object = (metadata: ObjectMeta) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata });

test.each([
  ['an object without a namespace gets the given one', { name: 'a' }, 'b', { name: 'a', namespace: 'b' }],
  [
    'an object with an empty namespace gets the given one',
    { name: 'a', namespace: '' },
    'b',
    { name: 'a', namespace: 'b' },
  ],
  ['an object keeps its own namespace', { name: 'a', namespace: 'c' }, 'b', { name: 'a', namespace: 'c' }],
  ['without a given namespace, an object does not change', { name: 'a' }, undefined, { name: 'a' }],
])('%s', (_title, metadata, namespace, expected) => {
  expect(withNamespace(object(metadata), namespace)).toEqual(object(expected));
});

test.each([
  ['zzzzzz', ['web'], 'known definitions: web'],
  ['zzzzzz', ['web', 'database'], 'known definitions: web, database'],
  ['wep', ['web', 'database'], 'did you mean web?'],
])('the remedy for the unknown definition %s among %j', (name, names, remedy) => {
  const input: CommandInput = { positionals: [], options: { definition: name } };
  const choose = () =>
    chooseDefinitions(
      names.map((each) => ({ name: each })),
      input,
    );
  expect(choose).toThrow(expect.objectContaining({ code: 'cli/usage', remedy }));
});
