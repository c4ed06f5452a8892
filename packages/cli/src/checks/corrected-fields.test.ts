import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import { fieldPath } from '@typekro/engine/schema';
import type { Schema } from '@typekro/engine/schema';
import { checkInputs } from './check-inputs.ts';
import { correctFields } from './corrected-fields.ts';
import { parseManifest } from '../inputs/read-manifest.ts';

const text: Schema = { type: 'string' };
const SCHEMA: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        resources: {
          type: 'array',
          items: {
            type: 'object',
            properties: { id: text, template: { type: 'object', properties: { replicas: text } } },
          },
        },
      },
    },
  },
};

test.each<[title: string, spec: JsonValue, corrected: JsonValue, unknown: string[]]>([
  ['no misspelt field', { resources: [{ id: 'a' }] }, { resources: [{ id: 'a' }] }, []],
  [
    'a misspelt field inside a misspelt field, at each depth',
    { resourcs: [{ id: 'a', templat: { replica: '1' } }] },
    { resources: [{ id: 'a', template: { replicas: '1' } }] },
    ['spec.resourcs', 'spec.resourcs[0].templat', 'spec.resourcs[0].templat.replica'],
  ],
  [
    'a field that resembles no other field, inside a misspelt field',
    { resourcs: [{ id: 'a', colour: 'red' }] },
    { resources: [{ id: 'a', colour: 'red' }] },
    ['spec.resourcs', 'spec.resourcs[0].colour'],
  ],
  [
    'a misspelt field next to the correct field',
    { resourcs: [], resources: [] },
    { resourcs: [], resources: [] },
    ['spec.resourcs'],
  ],
])(
  'misspelt fields get their likely names, and all unknown fields are reported: %s',
  (_title, spec, corrected, unknown) => {
    const found = correctFields(SCHEMA, { spec });
    expect(found.value).toEqual({ spec: corrected });
    expect(found.unknown.map(({ steps }) => fieldPath(steps))).toEqual(unknown);
    // Each unknown field has its path in the given value and its path in the corrected value.
    expect(found.unknown.map(({ meant }) => found.asWritten(meant))).toEqual(found.unknown.map(({ steps }) => steps));
  },
);

test('each misspelt field gets a hint, even inside another one, and errors that follow from the misspelling are not reported', async () => {
  const manifest = `\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: web}
spec:
  schema: {apiVersion: v1alpha1, kind: Web, spec: {name: string}}
  resourcs:
    - id: map
      templat: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.spec.name}"}}
`;
  const { objects, diagnostics } = parseManifest(manifest, 'web.yaml');
  const inputs = { objects: objects.map((each) => ({ ...each, file: 'web.yaml' })), diagnostics, texts: new Map() };
  expect((await checkInputs(inputs)).diagnostics).toMatchObject([
    { code: 'input/unknown-field', hint: 'did you mean "resources"?', source: { line: 6 } },
    { code: 'input/unknown-field', hint: 'did you mean "template"?', source: { line: 8 } },
  ]);
});
