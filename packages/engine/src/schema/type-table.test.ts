import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { kubernetesTypesText } from '@typekro/kit/core';
import type { TypeFacts } from './builtin-types.ts';
import { tableOfText } from './type-table.ts';

const text = kubernetesTypesText();
const whole = (JSON.parse(text) as { types: Record<string, TypeFacts> }).types;

it.each([
  ['one line for each type', text],
  ['a single line', JSON.stringify(JSON.parse(text))],
  ['indented lines', JSON.stringify(JSON.parse(text), null, 2)],
  ['one line for each type, and no line break at the end', text.trimEnd()],
])('the table of a data file with %s has the same facts as the parsed JSON', (_title, form) => {
  const table = tableOfText(() => form);
  expect(Object.fromEntries([...table.names()].map((name) => [name, table.facts(name)]))).toEqual(whole);
});

it.each(['core.v1.Nothing', '', 'toString', '__proto__'])('a table has no facts of the unknown name %j', (name) => {
  const forms = [text, JSON.stringify(JSON.parse(text))];
  expect(forms.map((form) => tableOfText(() => form).facts(name))).toEqual([undefined, undefined]);
});

it('a table reads the file again after a garbage collection', async () => {
  let reads = 0;
  const table = tableOfText(() => {
    reads += 1;
    return text;
  });
  const names = [...table.names()];
  expect([table.facts(names[0] ?? ''), reads]).toEqual([whole[names[0] ?? ''], 1]);
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  // The target of a weak reference that was read stays alive until the current turn of the event loop ends.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect([table.facts(names[0] ?? ''), reads]).toEqual([whole[names[0] ?? ''], 2]);
});

it('a table parses only the lines of the types that a caller asks for', () => {
  const table = tableOfText(() => '{"types":{\n"a.v1.A":{"fields":{}},\n"a.v1.B":{"fields":}\n}}\n');
  expect(table.facts('a.v1.A')).toEqual({ fields: {} });
  expect(() => table.facts('a.v1.B')).toThrow(SyntaxError);
});
