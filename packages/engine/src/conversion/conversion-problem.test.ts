import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { CONVERSIONS_ANNOTATION } from './conversion-program.ts';
import { conversionEffect } from './conversion-problem.ts';

const version = (name: string, properties: JsonObject): JsonObject => ({
  name,
  served: true,
  storage: name === 'v1',
  schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
});
const rule = (to: string, cel: string) => ({ fields: [{ to: ['spec', to], cel }], lossy: [] });
const crd: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'panels.acme.test',
    annotations: {
      [CONVERSIONS_ANNOTATION]: JSON.stringify({
        hub: 'v1',
        versions: {
          v1alpha1: {
            toHub: rule('count', 'int(self.spec.text)'),
            fromHub: rule('text', 'string(self.spec.count)'),
            lossy: [],
          },
          v1beta1: { toHub: rule('count', '1'), fromHub: rule('half', '10 / self.spec.count'), lossy: [] },
        },
      }),
    },
  },
  spec: {
    group: 'acme.test',
    names: { kind: 'Panel' },
    versions: [
      version('v1', { count: { type: 'integer', maximum: 9 } }),
      version('v1alpha1', { text: { type: 'string' } }),
      version('v1beta1', { half: { type: 'integer' } }),
    ],
  },
};

test.each<[what: string, version: string, spec: JsonObject, problem: string | undefined, at?: string]>([
  ['can be read in each version', 'v1alpha1', { text: '5' }, undefined],
  [
    'fails in a rule to the hub',
    'v1alpha1',
    { text: 'many' },
    "cannot be converted from acme.test/v1alpha1 to acme.test/v1: ${int(self.spec.text)}: type conversion error from 'string' to 'int'; it reads self.spec.text",
  ],
  [
    'is invalid in the hub',
    'v1alpha1',
    { text: '12' },
    'is invalid in acme.test/v1: spec.count: Invalid value: 12: spec.count in body should be less than or equal to 9',
  ],
  [
    'fails in a rule of another version',
    'v1',
    { count: 0 },
    'cannot be converted from acme.test/v1 to acme.test/v1beta1: ${10 / self.spec.count}: division by zero; it reads self.spec.count',
    'v1beta1',
  ],
  [
    'is not of the CRD',
    'v2',
    {},
    'cannot be converted from acme.test/v2 to acme.test/v1: Panel has no version v2 (it has v1, v1alpha1, v1beta1)',
  ],
])('an object that %s', (_what, from, spec, problem, at = from) => {
  const object = { apiVersion: `acme.test/${from}`, kind: 'Panel', metadata: { name: 'a' }, spec };
  expect(conversionEffect(crd, crd, object)).toEqual(
    problem === undefined ? { versions: [] } : { problem, versions: [at] },
  );
});
