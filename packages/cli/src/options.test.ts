import { expect, test } from 'vitest';
import { wordsFromName, unknownForm, optionWords } from './options.ts';
import type { CommandInput } from './command.ts';

test.each([
  ['apply a.yaml', 'apply a.yaml'],
  ['--debug apply a.yaml', 'apply a.yaml'],
  ['--debug --debug apply a.yaml --debug', 'apply a.yaml --debug'],
  ['--debug --debug', ''],
])('the words of "%s" from the command name on are "%s"', (line, rest) => {
  expect(wordsFromName(line.split(' ')).join(' ')).toBe(rest);
});

test.each([
  ['yaml', ['typescript', 'jsonschema', 'crd'], 'choose one: --output typescript, jsonschema or crd'],
  ['xml', ['text', 'json', 'sarif'], 'choose one: --output text, json or sarif'],
  ['jsno', ['text', 'json', 'yaml'], 'did you mean --output json?'],
  ['JSON', ['text', 'json', 'yaml'], 'did you mean --output json?'],
])('the error for --output %s has a remedy that names formats of %j', (given, forms, remedy) => {
  expect(unknownForm(given, forms)).toMatchObject({
    code: 'cli/usage',
    message: `--output ${given} is not one of ${forms.join(', ')}`,
    remedy,
  });
});

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
