import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BuiltinDescriptions, builtinSource } from './index.ts';

const descriptions = JSON.parse(
  readFileSync(new URL('../../../../data/kubernetes-1.36/descriptions.json', import.meta.url), 'utf8'),
) as BuiltinDescriptions;

const source = builtinSource();
const fieldsOf = (type: string): readonly string[] => Object.keys(source.typeNamed(type).properties ?? {});

test('every field of every built-in type has a description', () => {
  const silent = [...source.typeNames()].flatMap((type) =>
    fieldsOf(type)
      .filter((field) => BuiltinDescriptions.ofField(descriptions, type, field) === undefined)
      .map((field) => `${type}.${field}`),
  );
  expect(silent).toEqual([]);
});

test('every description belongs to an existing type and field', () => {
  const types = new Set(source.typeNames());
  const fields = new Set([...types].flatMap((type) => fieldsOf(type)));
  const stray = [
    ...Object.keys(descriptions.fields).filter((field) => !fields.has(field)),
    ...Object.entries(descriptions.types).flatMap(([type, entries]) =>
      Object.keys(entries)
        .filter((field) => !types.has(type) || (field !== '' && !fieldsOf(type).includes(field)))
        .map((field) => `${type}.${field}`),
    ),
  ];
  expect(stray).toEqual([]);
});

test('the description for a field of a type takes precedence over the description of the field name', () => {
  expect(BuiltinDescriptions.ofField(descriptions, 'core.v1.Container', 'name')).toMatch(/unique in its pod/);
  expect(BuiltinDescriptions.ofField(descriptions, 'core.v1.Secret', 'type')).toMatch(/`Opaque`/);
  expect(BuiltinDescriptions.ofField(descriptions, 'core.v1.Container', 'constructor')).toBeUndefined();
});

test('a type without a description has the description of its kind', () => {
  const gvk = [['apps', 'v1', 'Deployment']] as const;
  expect(BuiltinDescriptions.ofType(descriptions, 'apps.v1.Deployment', gvk)).toBe(
    BuiltinDescriptions.ofKind(descriptions, 'Deployment', 'apps'),
  );
  expect(BuiltinDescriptions.ofType(descriptions, 'apps.v1.Deployment')).toBeUndefined();
});
