import { expect, test } from 'vitest';
import type { Diagnostic } from '@typekro/kit/core';
import { placedInCall } from './place-in-call.ts';

const IN_TEMPLATE = 'spec.resources[0].template';

/** Code in which `@` marks the position of the call, and `⟦` the expected position. */
const CALLS: readonly (readonly [title: string, path: string, text: string, code?: string])[] = [
  ['a field of an object', `${IN_TEMPLATE}.spec.suspend`, '@job({ name: "a", spec: { suspend: ⟦1 } })'],
  [
    'the name of a field that the kind does not have',
    `${IN_TEMPLATE}.spec.backofLimit`,
    '@job({ name: "a", spec: { ⟦backofLimit: 1 } })',
    'graph/unknown-field',
  ],
  [
    'metadata.name, which a factory takes as name',
    `${IN_TEMPLATE}.metadata.name`,
    '@ConfigMap({ id: "x", name: ⟦"A B" })',
  ],
  ['an element of a list', `${IN_TEMPLATE}.spec.ports[1].port`, '@Service({ ports: [{ port: 80 }, { port: ⟦-1 }] })'],
  ['an element that lacks the field', `${IN_TEMPLATE}.spec.ports[0].name`, '@Service({ ports: [⟦80] })'],
  [
    'a field of an object in a variable',
    `${IN_TEMPLATE}.data.b`,
    'const data: D = { b: ⟦1 }; @ConfigMap({ name, data })',
  ],
  ['a field of a schema in a variable', 'spec.b', 'const Spec = type({ b: ⟦1 }); @f({ spec: Spec }, g)'],
  [
    'the use of a variable that is declared twice',
    `${IN_TEMPLATE}.data.b`,
    'const data = { b: 1 }; { const data = { b: 1 }; @f({ data: ⟦data }); }',
  ],
  ['a field in shorthand notation', `${IN_TEMPLATE}.data`, 'const data = {}; @ConfigMap({ name, ⟦data })'],
  ['a key in quotes', `${IN_TEMPLATE}.metadata.labels["a.b/c"]`, "@ConfigMap({ labels: { 'a.b/c': ⟦'-' } })"],
  ['a field of a spec', 'spec.replicas', '@shop.toInstance({ name: "a", replicas: ⟦-1 })'],
  [
    'a field of the schema of a spec',
    'spec.schema.spec.kind',
    '@kubernetesComposition({ name, spec: type({ kind: ⟦"x" }) }, f)',
  ],
  ['a member of the definition', 'spec.schema.apiVersion', '@toResourceGraph({ name: "a", apiVersion: ⟦"v" }, f)'],
  ['a field of the returned object', 'spec.schema.status.url', 'return @{ ready: true, url: ⟦`${x}` };'],
  [
    'a field after strings, comments and templates',
    'spec.b',
    "@f({ a: '}', /* { */ t: `}${g({ b: 1 }, [2])}`, // }\n r: /[/}]/, b: ⟦2 })",
  ],
  ['a field after a regular expression', 'spec.b', "@f({ a: (x) => { return /'/.test(x); }, b: ⟦2 })"],
  ['a field after a division', 'spec.b', "@f({ a: returns / 2 + x.of / 3, c: '/', b: ⟦2 })"],
  ['a field after a function', 'spec.b', '@f({ a: (x) => { return { b: 1 }; }, b: ⟦2 })'],
  ['the call, if its arguments contain no part of the path', 'spec.c', '⟦@f({ b: 2 })'],
  ['the call, if its argument is a variable', 'spec.c', '⟦@f(options)'],
  ['the call, if the object literal is not closed', 'spec.c', '⟦@f({ b: [ '],
];

const EACH = CALLS.map(([title, path, text, code]) => [title, path, text, code ?? 'input/invalid-field'] as const);

test.each(EACH)('finds the position of %s', (_, path, text, code) => {
  const clean = text.replace('⟦', '');
  const call = place(clean, '@');
  const source = clean.replace('@', '');
  const diagnostic: Diagnostic = { code, severity: 'error', message: '', path, source: { file: 'app.ts', ...call } };
  const placed = placedInCall(diagnostic, source).source;
  expect({ line: placed?.line, column: placed?.column }).toEqual(place(text.replace('@', ''), '⟦'));
});

test('a problem in a YAML file, or at a line that the text does not have, keeps its position', () => {
  const source = { file: 'app.yaml', line: 1, column: 1 };
  const diagnostic: Diagnostic = { code: 'graph/x', severity: 'error', message: '', path: 'a', source };
  expect(placedInCall(diagnostic, '{ a: 1 }')).toBe(diagnostic);
  expect(placedInCall({ ...diagnostic, source: { ...source, file: 'app.ts', line: 9 } }, '{ a: 1 }').source?.line).toBe(
    9,
  );
});

function place(text: string, mark: string): { readonly line: number; readonly column: number } {
  const before = text.slice(0, text.indexOf(mark)).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
