import { expect, test } from 'vitest';
import type { Schema } from '@typekro/engine/schema';
import { checkTyped } from '../fields/check.ts';
import { type TypeNode, memberNode } from '../types/type-node.ts';
import { rootNode } from './root-node.ts';

const OPEN = { 'x-kubernetes-preserve-unknown-fields': true } as const;
const RESOURCE: Schema = { type: 'object', 'x-kubernetes-embedded-resource': true };
const inSpec = (spec: Schema): Schema => ({ type: 'object', properties: { spec } });

function nodeAt(schema: Schema, path: string): TypeNode | undefined {
  let node: TypeNode | undefined = rootNode('Gear', schema);
  for (const name of path.split('.')) {
    node = node?.kind === 'object' || node?.kind === 'map' ? memberNode(node, name) : undefined;
  }
  return node;
}

test.each<[text: string, schema: Schema]>([
  ['the schema declares it as an object', { ...RESOURCE, properties: { metadata: { type: 'object' } } }],
  ['its name is declared', { ...RESOURCE, properties: { metadata: { type: 'object', properties: { name: {} } } } }],
  [
    'the schema declares other members, but not the metadata',
    { ...RESOURCE, properties: { spec: { type: 'object' } } },
  ],
  ['the schema declares no members at all', { ...RESOURCE, ...OPEN }],
])('the metadata of an embedded resource has the type ObjectMeta: %s', (_text, schema) => {
  const own = nodeAt({ type: 'object' }, 'metadata');
  expect(own).toMatchObject({ kind: 'object' });
  expect(nodeAt(inSpec(schema), 'spec.metadata')).toBe(own);
});

test.each(['apiVersion', 'kind'])(
  'the field %s of an embedded resource is a string, even if the schema declares another type',
  (name) => {
    const schema = { ...RESOURCE, properties: { [name]: { type: 'object' } } };
    expect(nodeAt(inSpec(schema), `spec.${name}`)).toEqual({ kind: 'scalar', type: 'string' });
  },
);

const NESTED: Schema = { type: 'object', properties: { known: { type: 'string' } } };

test.each<[text: string, schema: Schema, value: object, path: string | undefined]>([
  ['an object', inSpec(NESTED), { spec: { other: 1 } }, '.spec.other'],
  ['an object without properties', inSpec({ type: 'object' }), { spec: { other: 1 } }, undefined],
  ['an open object', inSpec({ ...NESTED, ...OPEN }), { spec: { other: 1 } }, undefined],
  [
    'an object below an open object',
    inSpec({ type: 'object', properties: { a: NESTED }, ...OPEN }),
    { spec: { a: { other: 1 } } },
    undefined,
  ],
  [
    'an object in a list below an open object',
    inSpec({ type: 'object', properties: { a: { type: 'array', items: NESTED } }, ...OPEN }),
    { spec: { a: [{ other: 1 }] } },
    undefined,
  ],
  [
    'an object in a map below an open object',
    { ...inSpec({ type: 'object', additionalProperties: NESTED }), ...OPEN },
    { spec: { a: { other: 1 } } },
    undefined,
  ],
  ['a resource without properties', { type: 'object' }, { spec: {} }, '.spec'],
  ['an open resource', { type: 'object', ...OPEN }, { spec: {} }, undefined],
])('an undeclared member of %s is refused if and only if an API server refuses it', (_text, schema, value, path) => {
  const check = () => checkTyped(rootNode('Gear', schema), JSON.parse(JSON.stringify(value)));
  if (path === undefined) expect(check).not.toThrow();
  else expect(check).toThrow(`${path}: field not declared in schema`);
});
