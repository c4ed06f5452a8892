import { expect, test } from 'vitest';
import { outputText } from '../printable.ts';
import { linesTo } from './lines-to.ts';

test('a message stays JSON, also with characters that are hidden in other output', () => {
  const lines: string[] = [];
  const stream = linesTo({ print: (text, form) => void lines.push(outputText(text, { form, isTerminal: false })) });
  const messages = [{ text: 'a\u{e0067}b' }, { text: '\u200e' }];
  const [first = '', second = ''] = messages.map((each) => `${JSON.stringify(each)}\n`);
  stream.write(first.slice(0, 5));
  stream.write(first.slice(5) + second);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(messages);
});
