import { describe, expect, test } from 'vitest';
import { crdOf } from '@typekro/kit/test-support/crd';
import { graphOf } from '../../../test-support/compile-graph.ts';
import { putInstance, settle } from '../../../test-support/direct-loop.ts';
import { FakeCluster } from '../../../test-support/fake-cluster.ts';
import { builtinSource, combineSources, crdSource } from '../../schema/index.ts';
import { compile } from '../compile.ts';
import type { CompileResult, GraphFeatures } from '../options.ts';
import { parseDefinitions } from '../parse-definitions.ts';

const GAUGE = crdOf('Gauge', {
  properties: { status: { type: 'object', properties: { level: { type: 'integer' }, text: { type: 'string' } } } },
});

function compileSchema(spec: string, status: string, features: GraphFeatures = { scale: true }): CompileResult {
  const text = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: x}
spec:
  schema:
    apiVersion: v1alpha1
    kind: App
    spec: ${spec}
    status: ${status}
  resources:
    - id: gauge
      template: {apiVersion: ${GAUGE.spec?.['group'] as string}/v1, kind: Gauge, metadata: {name: a}}`;
  const [document] = parseDefinitions(text, 'x.yaml').documents;
  if (document === undefined) throw new Error('the text holds no document');
  return compile(document, { sources: combineSources(builtinSource(), crdSource([GAUGE])), features });
}

function scaleOf({ graph, diagnostics }: CompileResult): unknown {
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const [version] = (graph?.instance.crd.spec?.['versions'] ?? []) as readonly { subresources?: { scale?: unknown } }[];
  return version?.subresources?.scale;
}

const LEVEL = '"${gauge.status.level} | scale"';

describe('the markers scale and scaleSelector', () => {
  test.each([
    [
      '{replicas: integer | scale}',
      `{replicas: ${LEVEL}}`,
      { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
    ],
    [
      '{web: {size: integer | default=1 scale minimum=0}}',
      `{web: {size: ${LEVEL}, pods: "\${gauge.status.text} | scaleSelector"}}`,
      {
        specReplicasPath: '.spec.web.size',
        statusReplicasPath: '.status.web.size',
        labelSelectorPath: '.status.web.pods',
      },
    ],
    [
      '{replicas: integer | scale default=2}',
      `{replicas: "\${1 + gauge.status.level}  |  scale"}`,
      { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
    ],
    ['{replicas: integer}', '{replicas: "${gauge.status.level}"}', undefined],
  ])('are accepted in spec %s and status %s', (spec, status, scale) => {
    expect(scaleOf(compileSchema(spec, status))).toEqual(scale);
  });

  test.each([
    ['{replicas: integer | scale}', '{}', 'graph/scale', 'a field of status needs the marker scale'],
    ['{replicas: integer}', `{replicas: ${LEVEL}}`, 'graph/scale', 'a field of spec needs the marker scale'],
    ['{replicas: integer}', '{pods: "${gauge.status.text} | scaleSelector"}', 'graph/scale', 'a field of spec needs'],
    ['{a: integer | scale, b: integer | scale}', `{replicas: ${LEVEL}}`, 'graph/scale', 'is on spec.a and on spec.b'],
    [
      '{replicas: integer | scale}',
      '{replicas: "${gauge.status.text} | scale"}',
      'graph/scale',
      'needs a whole number',
    ],
    [
      '{replicas: integer | scale}',
      '{replicas: "${gauge.status.text}${gauge.status.text} | scale"}',
      'graph/scale',
      'needs a whole number',
    ],
    [
      '{replicas: integer | scale}',
      `{some: {odd-name: ${LEVEL}}}`,
      'graph/scale',
      'a path of the scale subresource cannot name',
    ],
    ['{replicas: string | scale}', `{replicas: ${LEVEL}}`, 'simpleschema/marker-type', 'only valid for integer types'],
    ['{replicas: "integer | scale=true"}', `{replicas: ${LEVEL}}`, 'simpleschema/marker-value', 'takes no value'],
  ])('are refused in spec %s and status %s', (spec, status, code, message) => {
    const { graph, diagnostics } = compileSchema(spec, status);
    expect(graph).toBeUndefined();
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    expect(errors.map((each) => each.code)).toContain(code);
    expect(errors.map((each) => each.message).join('\n')).toContain(message);
  });

  test('are not recognised without the gate, as in kro', () => {
    const { diagnostics } = compileSchema('{replicas: integer | scale}', '{}', {});
    expect(diagnostics[0]?.kroMessage).toContain("marker key 'scale' without a value");
    expect(diagnostics[0]?.hint).toContain('feature gate ScaleSubresource');
    const { graph } = compileSchema('{a: string}', '{text: "${gauge.status.text} | scale"}', {});
    expect(graph?.status.holes[0]?.expression.template).toBe('${gauge.status.text} | scale');
  });

  test('do not turn a number of the status into a string', () => {
    const graph = graphOf(`
schema: {spec: {replicas: integer | scale}, status: {replicas: "\${size(map.data)} | scale"}}
resources:
  - id: map
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: b, c: d}}
`);
    const cluster = new FakeCluster();
    const { instance } = settle(graph, putInstance(graph, cluster, 'a', { replicas: 1 }), cluster);
    expect(instance?.status).toMatchObject({ replicas: 2 });
  });
});
