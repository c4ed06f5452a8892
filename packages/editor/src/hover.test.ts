import { expect, test } from 'vitest';
import { CURSOR, editorAt, SHOP } from '../test-support/editor.ts';
import { hoverAt } from './hover.ts';

/** Hovers over `word` within the first occurrence of `around`, and returns the explanation. */
function explained(text: string, around: string, word: string, others: Readonly<Record<string, string>> = {}): string {
  const at = text.indexOf(around) + around.indexOf(word) + 1;
  const { workspace, document, position } = editorAt(text.slice(0, at) + CURSOR + text.slice(at), others);
  const found = hoverAt(document, position, workspace.source);
  return (found?.contents as { readonly value: string } | undefined)?.value ?? '';
}

test.each([
  ['a node', '${web.metadata.name}-front', 'web', /\*\*web\*\*: apps\/v1 Deployment/],
  ['the instance', '${schema.spec.replicas > 1}', 'schema', /the instance/],
  [
    'a field of the spec',
    '${schema.spec.replicas > 1}',
    'replicas',
    /\*\*replicas\*\* `integer`.*default `2`, `at least 1`/s,
  ],
  ['a field of a status', '${web.status.readyReplicas}', 'readyReplicas', /\*\*readyReplicas\*\* `integer`/],
  ['a field of a template', 'image: nginx', 'image', /\*\*image\*\* `string`[^]*of apps\/v1 Deployment/],
  ['a field of a definition', 'includeWhen:', 'includeWhen', /\*\*includeWhen\*\* `\[\]string`/],
  ['a kind', 'kind: Deployment', 'Deployment', /\*\*apps\/v1 Deployment\*\*\n\n\S/],
  ['a marker', 'minimum=1', 'minimum', /The smallest number that is allowed/],
  ['a type of SimpleSchema', 'tier: string', 'string', /A text\./],
])('explains %s', (_title, around, word, expected) => {
  expect(explained(SHOP, around, word)).toMatch(expected);
});

test.each(['constructor', '__proto__'])(
  'a name in an object of the kind %s of the group kro.run has no explanation',
  (kind) => {
    const text = `apiVersion: kro.run/v1alpha1\nkind: ${kind}\nmetadata: {name: a}\n`;
    expect(explained(text, 'name: a', 'name')).toBe('');
  },
);

test.each([
  ['a function', '${schema.spec.name.startsWith("a")}', 'startsWith', /string\.startsWith\(string\) -> bool/],
  ['a macro', '${schema.spec.ports.exists(p, p.number > 1)}', 'exists', /list\.exists\(x, condition\) -> bool/],
  ['a variable of a macro', '${schema.spec.ports.exists(p, p.number > 1)}', 'p.number', /variable of the macro/],
  ['a field of an item', '${schema.spec.ports.exists(p, p.number > 1)}', 'number', /\*\*number\*\* `integer`/],
])('explains %s in an expression', (_title, expression, word, expected) => {
  const text = SHOP.replace('${schema.spec.replicas > 1}', expression);
  expect(explained(text, expression, word)).toMatch(expected);
});

test('a field of an instance is explained by the definition in the workspace', () => {
  const instance = 'apiVersion: kro.run/v1alpha1\nkind: Shop\nmetadata: {name: a}\nspec:\n  replicas: 3\n';
  expect(explained(instance, 'replicas: 3', 'replicas', { 'shop.yaml': SHOP })).toMatch(/default `2`, `at least 1`/);
});

test.each([
  ['white space', '  resources:', ' '],
  ['a text without an expression', 'image: nginx', 'nginx'],
])('the explanation of %s does not contain "undefined"', (_title, around, word) => {
  expect(explained(SHOP, around, word)).not.toContain('undefined');
});

test.each([
  ['a field of an object', 'image: nginx', 'image', /\*\*image\*\* `string`[^]*of apps\/v1 Deployment/],
  ['a field of a definition', 'includeWhen:', 'includeWhen', /\*\*includeWhen\*\* `\[\]string`/],
  [
    'a field of a template of a definition',
    'replicas: 9',
    'replicas',
    /\*\*replicas\*\* `integer`[^]*of apps\/v1 Deployment/,
  ],
  ['a kind', 'kind: ReplicaSet', 'ReplicaSet', /\*\*apps\/v1 ReplicaSet\*\*/],
])('%s in a List is explained', (_title, around, word, expected) => {
  const text = `apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: Deployment
    spec: {template: {spec: {containers: [{name: a, image: nginx}]}}}
  - apiVersion: kro.run/v1alpha1
    kind: ResourceGraphDefinition
    spec:
      resources:
        - id: web
          includeWhen: []
          template: {apiVersion: apps/v1, kind: Deployment, spec: {replicas: 9}}
  - apiVersion: apps/v1
    kind: ReplicaSet
`;
  expect(explained(text, around, word)).toMatch(expected);
});
