import { expect, test } from 'vitest';
import { wordsFromName } from './debug-option.ts';

test.each([
  ['apply a.yaml', 'apply a.yaml'],
  ['--debug apply a.yaml', 'apply a.yaml'],
  ['--debug --debug apply a.yaml --debug', 'apply a.yaml --debug'],
  ['--debug --debug', ''],
])('the name of the command in "%s" begins "%s"', (line, rest) => {
  expect(wordsFromName(line.split(' ')).join(' ')).toBe(rest);
});
