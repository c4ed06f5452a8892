import { expect, test } from 'vitest';
import { wordsFromName } from './debug-option.ts';

test.each([
  ['apply a.yaml', 'apply a.yaml'],
  ['--debug apply a.yaml', 'apply a.yaml'],
  ['--debug --debug apply a.yaml --debug', 'apply a.yaml --debug'],
  ['--debug --debug', ''],
])('the words of "%s" from the command name on are "%s"', (line, rest) => {
  expect(wordsFromName(line.split(' ')).join(' ')).toBe(rest);
});
