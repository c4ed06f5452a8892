import { expect, test } from 'vitest';
import { Document, parse } from 'yaml';
import { YAML_OUTPUT, yamlOutput } from './yaml-output.ts';

const ALPHABET = [' ', '\n', '\t', 'a', '#'];

function* textsUpTo(length: number): Generator<string> {
  if (length === 0) return;
  for (const first of ALPHABET) {
    yield first;
    for (const rest of textsUpTo(length - 1)) yield first + rest;
  }
}

test('every short string of spaces, line feeds, tabs, "a" and "#" is the same after printing and parsing, as a value, an item and a key', () => {
  for (const text of textsUpTo(4)) {
    const value = { text, items: [text, 'end'], keys: { [text]: 1 }, last: text };
    expect(parse(yamlOutput(new Document(value, YAML_OUTPUT)))).toEqual(value);
  }
});
