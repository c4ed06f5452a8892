import { expect, it } from 'vitest';
import { kubernetesTypesText } from '../core/index.ts';
import type { TypeFacts } from './builtin-types.ts';
import { tableOfText } from './type-table.ts';

const text = kubernetesTypesText();
const whole = (JSON.parse(text) as { types: Record<string, TypeFacts> }).types;

it.each([
  ['one line for each type', text],
  ['a single line', JSON.stringify(JSON.parse(text))],
  ['indented lines', JSON.stringify(JSON.parse(text), null, 2)],
  ['one line for each type, and no end of the last line', text.trimEnd()],
])('a data file with %s has the facts of its JSON', (_title, form) => {
  const table = tableOfText(form);
  expect(Object.fromEntries([...table.names()].map((name) => [name, table.facts(name)]))).toEqual(whole);
});

it.each(['core.v1.Nothing', '', 'toString', '__proto__'])('no form of a data file has facts of %j', (name) => {
  const forms = [text, JSON.stringify(JSON.parse(text))];
  expect(forms.map((form) => tableOfText(form).facts(name))).toEqual([undefined, undefined]);
});

it('parses only the lines of the types that a caller asks for', () => {
  const table = tableOfText('{"types":{\n"a.v1.A":{"fields":{}},\n"a.v1.B":{"fields":}\n}}\n');
  expect(table.facts('a.v1.A')).toEqual({ fields: {} });
  expect(() => table.facts('a.v1.B')).toThrow(SyntaxError);
});
