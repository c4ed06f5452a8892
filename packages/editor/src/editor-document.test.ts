import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseDefinitions } from '@typekro/engine/graph';
import { chunksOf } from './chunks.ts';
import { openDocument } from './editor-document.ts';
import { EditorText } from './editor-text.ts';

const corpus = fileURLToPath(new URL('../../../test/conformance/graph/realistic/', import.meta.url));
const files = readdirSync(corpus).filter((name) => name.endsWith('.yaml'));
const open = (text: string) => openDocument('file:///a.yaml', 'a.yaml', 1, text);

test.each<readonly [title: string, text: string]>([
  ...files.map((name) => [name, readFileSync(corpus + name, 'utf8')] as const),
  ['several documents', 'a: 1\n---\nb: 2\n--- # third\nc: [\n---\nd: x: y\n'],
  ['a first line of dashes', '---\na: 1\n---\nb: 2\n'],
  ['line breaks of Windows', 'a: 1\r\n---\r\nb: [\r\n---\r\nc: yes\r\n'],
  ['a byte order mark', '\uFEFFa: 1\n---\nb: yes\n'],
  ['a directive', '%YAML 1.2\n---\na: 1\n...\n---\nb: 2\n'],
  ['no text', ''],
  ['a tab', 'a:\n\tb: 1\n'],
])('%s: the model has the same documents and problems as the parser of the whole text', (_title, text) => {
  const whole = parseDefinitions(text, 'a.yaml');
  const parts = open(text).parsed();
  expect(parts.diagnostics).toEqual(whole.diagnostics);
  expect(parts.documents.map(({ value }) => value)).toEqual(whole.documents.map(({ value }) => value));
  expect(parts.documents.map((document) => document.position([]))).toEqual(
    whole.documents.map((document) => document.position([])),
  );
});

test('an edit keeps the parsed form of the other documents', () => {
  const before = open('a: 1\n---\nb: 2\n---\nc: 3\n');
  const at = { line: 2, character: 3 };
  const after = before.changed(2, [{ range: { start: at, end: at }, text: '2' }]);
  expect(after.text.text).toBe('a: 1\n---\nb: 22\n---\nc: 3\n');
  expect(after.parts.map(({ part }, index) => part === before.parts[index]?.part)).toEqual([true, false, true]);
});

test('each change applies to the result of the earlier changes', () => {
  const range = (from: number, to: number) => ({
    start: { line: 0, character: from },
    end: { line: 0, character: to },
  });
  const text = new EditorText('abcdef').changed([
    { range: range(0, 2), text: '' },
    { range: range(1, 1), text: 'X' },
    { range: range(4, 2), text: '-' },
  ]);
  expect(text.text).toBe('cX-f');
});

test.each([
  ['before the text', { line: -1, character: 5 }, 0],
  ['behind a line', { line: 0, character: 99 }, 2],
  ['behind the text', { line: 9, character: 0 }, 6],
])('a position %s is moved into the text', (_title, position, offset) => {
  expect(new EditorText('ab\r\nçd').offsetAt(position)).toBe(offset);
});

test('a position of a diagnostic counts code points and does not count a byte order mark', () => {
  const text = new EditorText('\uFEFF😀a\n😀b');
  expect(text.offsetOf({ line: 1, column: 2 })).toBe(3);
  expect(text.offsetOf({ line: 2, column: 2 })).toBe(7);
});

test('the chunks cover the whole text without gaps', () => {
  const text = '---\na\n---\nb\n--- c\n----\n';
  const chunks = chunksOf(text);
  expect(chunks.map((chunk) => chunk.text).join('')).toBe(text);
  expect(chunks.map(({ line }) => line)).toEqual([0, 2, 4]);
});
