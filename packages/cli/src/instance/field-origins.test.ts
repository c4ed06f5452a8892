import { expect, test } from 'vitest';
import { compile } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { fieldOrigins } from './field-origins.ts';

const { graph } = compile(
  {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'pier' },
    spec: {
      schema: { apiVersion: 'v1', kind: 'Pier', spec: { port: 'integer', labels: 'map[string]string' } },
      resources: [
        {
          id: 'service',
          template: {
            apiVersion: 'v1',
            kind: 'Service',
            metadata: { name: 'pier-${schema.metadata.name}', labels: '${schema.spec.labels}' },
            spec: { ports: [{ port: '${schema.spec.port}', targetPort: '${schema.spec.port + 1}' }, { port: 81 }] },
          },
        },
      ],
    },
  },
  { sources: builtinSource(), target: 'typekro' },
);

test.each([
  ['spec.ports[0].port', 'spec.ports[0].port is ${schema.spec.port}', 'correct spec.port of the instance'],
  [
    'spec.ports[0].targetPort',
    'spec.ports[0].targetPort is ${schema.spec.port + 1}',
    'correct the expression of spec.ports[0].targetPort, or the data that it reads',
  ],
  [
    'metadata.name',
    'metadata.name is pier-${schema.metadata.name}',
    'correct the expression of metadata.name, or the data that it reads',
  ],
  ['metadata.labels.a', 'metadata.labels is ${schema.spec.labels}', 'correct spec.labels of the instance'],
])('for the field %s, the expression and a remedy are returned', (path, text, remedy) => {
  expect(fieldOrigins(graph?.nodes.get('service'), [path])).toEqual([{ text, remedy }]);
});

test.each(['spec.ports[1].port', 'spec.port', 'spec.ports[0].portal', ''])('%j has no expression', (path) => {
  expect(fieldOrigins(graph?.nodes.get('service'), [path])).toEqual([]);
});

test('each expression is listed once, and at most three expressions are listed', () => {
  const paths = [
    'metadata.labels.a',
    'metadata.labels.b',
    'spec.ports[0].port',
    'spec.ports[0].targetPort',
    'metadata.name',
  ];
  expect(fieldOrigins(graph?.nodes.get('service'), paths).map(({ text }) => text.split(' ')[0])).toEqual([
    'metadata.labels',
    'spec.ports[0].port',
    'spec.ports[0].targetPort',
  ]);
});
