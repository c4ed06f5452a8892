import { expect, test } from 'vitest';
import { printableDocument, SPECIAL_IN_YAML } from '@typekro/kit/core';
import { columnWidth, outputText, printable, printableInColour, printableLine } from './output-text.ts';

test.each([
  ['a colour', 'a\u001b[31mred', 'a\\u001b[31mred'],
  ['a carriage return that would hide the text before it', 'bad\rgood', 'bad\\u000dgood'],
  ['an eight-bit control character', 'a\u009b2Jb', 'a\\u009b2Jb'],
  ['a character that changes the text direction', 'a\u202eb', 'a\\u202eb'],
  ['a character that changes the direction of an embedded part', '\u2066a\u2069\u061c', '\\u2066a\\u2069\\u061c'],
  ['characters without a width', 'gar\u200bba\u00adge\u2060\ufeff', 'gar\\u200bba\\u00adge\\u2060\\ufeff'],
  ['a joiner without neighbours', 'a\u200db\u200c', 'a\\u200db\\u200c'],
  ['joiners between letters and emoji', '👩\u200d🚀 می\u200cخواهم', '👩\u200d🚀 می\u200cخواهم'],
  ['tags', 'a\u{e0041}', 'a\\U000e0041'],
  ['variation selectors that carry bytes', '😀\ufe0f\ufe01\u{e0101}', '😀\ufe0f\\ufe01\\U000e0101'],
  ['fillers', '\u3164\uffa0\u115f', '\\u3164\\uffa0\\u115f'],
  ['lines, tabs and letters of all scripts', 'a\n\tä 漢 🚀', 'a\n\tä 漢 🚀'],
])('without colour: %s', (_what, text, shown) => {
  expect(printable(text)).toBe(shown);
});

test.each([
  ['bold', '\u001b[1mPlan\u001b[0m', '\u001b[1mPlan\u001b[0m'],
  ['hidden text', '\u001b[8mhidden', '\\u001b[8mhidden'],
  ['a moved cursor', '\u001b[2Jgone\u001b[1A', '\\u001b[2Jgone\\u001b[1A'],
  ['a control character in coloured text', '\u001b[31m\r\u001b[39m', '\u001b[31m\\u000d\u001b[39m'],
])('in colour: %s', (_what, text, shown) => {
  expect(printableInColour(text)).toBe(shown);
});

test('every character that is escaped on a terminal is also escaped in YAML', () => {
  const characters = Array.from({ length: 0x1_00_00 }, (_, code) => String.fromCharCode(code));
  const escaped = characters.filter((character) => printable(character) !== character);
  expect(escaped).toContain('\u200e');
  expect(escaped.filter((character) => !SPECIAL_IN_YAML.test(character))).toEqual([]);
});

// The exceptions are needed in words and emoji. Where they have no effect, they are escaped.
test('every character without a shape is escaped, in each form', () => {
  const hidden = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cc}\p{Zl}\p{Zp}]/u;
  const exceptions = new Set(Array.from('\n\t\u200c\u200d\u180b\u180c\u180d\u180f'));
  for (let code = 0xfe00; code <= 0xfe0f; code += 1) exceptions.add(String.fromCharCode(code));
  const characters = Array.from({ length: 0x11_00_00 }, (_, code) => code)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
    .filter((character) => hidden.test(character) && !exceptions.has(character));
  const kept = (escape: (text: string) => string) => characters.filter((each) => hidden.test(escape(`ä${each}`)));
  expect(characters.length).toBeGreaterThan(4000);
  expect([kept(printable), kept(printableDocument)]).toEqual([[], []]);
  const values = characters.map((each) => JSON.parse(printableDocument(JSON.stringify(each))) as string);
  expect(values).toEqual(characters);
});

test.each([
  ['a document in a file', 'a\tb\u200e\u{e0041}', { form: 'document', isTerminal: false }, 'a\tb\\u200e\\udb40\\udc41'],
  ['a document on a terminal', 'a\r\nb\u200e', { form: 'document', isTerminal: true }, 'a\\u000d\nb\\u200e'],
  ['a source in a file', 'a\r\nb\u200e', { form: 'source', isTerminal: false }, 'a\r\nb\u200e'],
  ['a source on a terminal', 'a\r\nb\u200e', { form: 'source', isTerminal: true }, 'a\\u000d\nb\\u200e'],
  ['other text in a file', 'a\r\u001b[31m', { isTerminal: false }, 'a\\u000d\\u001b[31m'],
  ['other text on a terminal', 'a\r\u001b[31m', { isTerminal: true }, 'a\\u000d\u001b[31m'],
] as const)('outputText of %s', (_what, text, options, shown) => {
  expect(outputText(text, options)).toBe(shown);
});

test('becomes one line', () => {
  expect(printableLine('\nERROR: <input>:1:3\n | a.b\n')).toBe('ERROR: <input>:1:3 | a.b');
});

test('is shortened on one line', () => {
  expect(printableLine('a'.repeat(4_000))).toBe('a'.repeat(4_000));
  expect(printableLine('\u001b'.repeat(1_000_000))).toBe(`${'\\u001b'.repeat(4_000)}… (1000000 characters)`);
});

test.each([
  ['a', 1],
  ['ä', 1],
  ['…', 1],
  ['漢', 2],
  ['가', 2],
  ['Ａ', 2],
  ['🚀', 2],
  ['\u0301', 0],
  ['\u200d', 0],
])('%s takes %i columns', (character, columns) => {
  expect(columnWidth(character)).toBe(columns);
});
