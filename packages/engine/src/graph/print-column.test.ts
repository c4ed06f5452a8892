import { describe, expect, test } from 'vitest';
import { builtinSource } from '../schema/index.ts';
import { compile } from './compile.ts';
import type { CompileResult, GraphFeatures } from './options.ts';
import { parseDefinitions } from './parse-definitions.ts';

function compileSchema(schema: string, features: GraphFeatures = { printColumn: true }): CompileResult {
  const text = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: x}
spec:
  schema:
    apiVersion: v1alpha1
    kind: App
${schema}
  resources: []`;
  const [document] = parseDefinitions(text, 'x.yaml').documents;
  if (document === undefined) throw new Error('the text holds no document');
  return compile(document, { sources: builtinSource(), features });
}

/** The columns of the CRD as `name type path`. */
function columnsOf({ graph, diagnostics }: CompileResult): string[] {
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const [version] = (graph?.instance.crd.spec?.['versions'] ?? []) as readonly Record<string, unknown>[];
  const columns = version?.['additionalPrinterColumns'] as readonly Record<string, string>[];
  return columns.map(({ name, type, jsonPath }) => `${name} ${type} ${jsonPath}`);
}

const DEFAULTS = [
  'State string .status.state',
  'Ready string .status.conditions[?(@.type=="Ready")].status',
  'Age date .metadata.creationTimestamp',
];

describe('the marker printColumn', () => {
  test.each([
    ['for a number', '    spec: {size: "integer | printColumn=SIZE"}', ['SIZE integer .spec.size']],
    [
      'for a name with spaces, between other markers',
      `    spec: {size: 'float | default=1 printColumn="DISK SIZE" minimum=0'}`,
      ['DISK SIZE number .spec.size'],
    ],
    [
      'for fields of an object',
      '    spec: {disk: {kind: string | printColumn=KIND, fast: boolean | printColumn=FAST}}',
      ['KIND string .spec.disk.kind', 'FAST boolean .spec.disk.fast'],
    ],
    [
      'for each use of a custom type',
      '    types: {Disk: {size: integer | printColumn=SIZE}}\n    spec: {data: Disk, logs: Disk}',
      ['SIZE integer .spec.data.size', 'SIZE integer .spec.logs.size'],
    ],
    [
      'for a custom numeric type, with another column name at one use',
      '    types: {Size: integer | printColumn=SIZE}\n    spec: {data: Size, logs: Size | printColumn=LOGS}',
      ['SIZE integer .spec.data', 'LOGS integer .spec.logs'],
    ],
    [
      'but not for fields inside lists',
      '    types: {Disk: {size: integer | printColumn=SIZE}}\n    spec: {disks: "[]Disk"}',
      [],
    ],
  ])('adds columns after the default columns: %s', (_case, schema, columns) => {
    expect(columnsOf(compileSchema(schema))).toEqual([...DEFAULTS, ...columns]);
  });

  test('adds a column after the columns of additionalPrinterColumns', () => {
    const schema = `    additionalPrinterColumns: [{name: A, type: string, jsonPath: .spec.a}]
    spec: {a: string, size: integer | printColumn=SIZE}`;
    expect(columnsOf(compileSchema(schema))).toEqual(['A string .spec.a', 'SIZE integer .spec.size']);
  });

  test.each([
    ['spec: {tags: "[]string | printColumn=TAGS"}', {}, 'simpleschema/marker-type', 'only valid for scalar types'],
    [`spec: {size: 'integer | printColumn=""'}`, {}, 'simpleschema/marker-value', 'cannot be empty'],
    ['spec: {disk-size: integer | printColumn=DISK}', {}, 'graph/print-column', '"disk-size"'],
    ['spec: {size: integer | printColumn=SIZE}', { features: {} }, 'simpleschema/unknown-marker', 'printColumn'],
  ])('is refused in %s', (spec, { features }: { features?: GraphFeatures }, code, message) => {
    const { graph, diagnostics } = compileSchema(`    ${spec}`, features);
    expect(graph).toBeUndefined();
    expect(diagnostics.map((each) => each.code)).toEqual([code]);
    expect(diagnostics[0]?.message).toContain(message);
    if (features !== undefined)
      expect(diagnostics[0]?.hint).toBe('printColumn needs the feature gate PrintColumn, which is off');
  });
});
