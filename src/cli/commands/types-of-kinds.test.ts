import { expect, test } from 'vitest';
import { commandRunner } from '../../../test/support/run-command.ts';
import { types } from './types.ts';

const run = commandRunner([types], '.');

test.each([
  ['ResourceGraphDefinition', 'schema'],
  ['Graph', 'nodes'],
])('types --kind %s: the JSON Schema knows its fields, and no others', async (kind, field) => {
  const { code, out } = await run(`types --kind ${kind} -o jsonschema`);
  expect(code).toBe(0);
  const schema = JSON.parse(out) as { readonly properties: { readonly spec: object } };
  expect(schema).toMatchObject({
    title: kind,
    properties: { apiVersion: { const: 'kro.run/v1alpha1' }, kind: { const: kind } },
    additionalProperties: false,
  });
  expect(schema.properties.spec).toMatchObject({ properties: { [field]: {} }, additionalProperties: false });
});

test.each([
  ['types', 'no file is named'],
  ['types --kind Pod', '--kind takes no Pod'],
  ['types --kind Graph app.yaml', '--kind takes no file'],
])('%s is refused', async (line, message) => {
  const { code, err } = await run(line);
  expect(code).toBe(2);
  expect(err).toBe(
    `error: ${message} [cli/usage]\n  hint: name the files of definitions, or one of --kind ResourceGraphDefinition, --kind Graph`,
  );
});
