import { expect, test } from 'vitest';
import type { CommandInput } from './command.ts';
import { optionWords } from './option-words.ts';

const SPECS = [
  { name: 'namespace', summary: '', value: 'name', defaultValue: 'kro-system' },
  { name: 'remove', summary: '' },
  { name: 'context', summary: '', value: 'name' },
];

test.each<[options: CommandInput['options'], words: string[]]>([
  [{}, []],
  [{ namespace: 'kro-system', remove: undefined }, []],
  [
    { context: 'a b', remove: true, namespace: 'platform', other: 'x' },
    ['--namespace', 'platform', '--remove', '--context', "'a b'"],
  ],
])('the options %j are repeated as %j', (options, words) => {
  expect(optionWords(SPECS, { options })).toEqual(words);
});
