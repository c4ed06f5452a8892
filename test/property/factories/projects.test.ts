import { describe, expect, test } from 'vitest';
import { type JsonObject, type JsonValue, jsonEquals, parseApiVersion } from '@typekro/kit/core';
import { type Schema, crdSource, StructuralSchema } from '@typekro/engine/schema';
import { gitRepository, kustomization } from '../../../packages/sdk/src/factories/flux/index.ts';
import { chartFactory, helmRelease, helmRepository } from '../../../packages/sdk/src/factories/helm/index.ts';
import { configMap } from '../../../packages/sdk/src/factories/kubernetes/index.ts';
import { type Make, differences, FLUX, FORMS, pathsIn, plainObject, without } from './forms.ts';

/* Checks factories that set defaults or branch on their arguments: they accept these arguments in every form. */

type Samples = Readonly<Record<string, readonly [JsonValue, JsonValue]>>;

const source = { kind: 'GitRepository', name: 'app' };
const chart = { name: 'redis', repository: 'https://charts.example.com/stable' };
const redis = chartFactory({ chart: 'redis', repository: 'https://charts.example.com/stable', version: '1.0.0' });

/** A factory, its required arguments, and two values of each optional argument. */
const FACTORIES: Readonly<Record<string, readonly [make: Make, base: JsonObject, samples: Samples]>> = {
  helmRelease: [
    helmRelease,
    { name: 'cache', chart },
    {
      namespace: ['default', 'kube-public'],
      interval: ['1m', '2m'],
      targetNamespace: ['a', 'b'],
      sourceRef: [{ name: 'own' }, { kind: 'GitRepository', name: 'own', namespace: 'flux' }],
      install: [{ timeout: '1m' }, { timeout: '2m', remediation: { retries: 1 } }],
      values: [{ replicas: 1 }, { replicas: 2, image: 'redis:8' }],
    },
  ],
  helmRepository: [
    helmRepository,
    { name: 'stable', url: 'https://charts.example.com/stable' },
    { namespace: ['default', 'kube-public'], interval: ['1m', '2m'], suspend: [true, false] },
  ],
  kustomization: [
    kustomization,
    { name: 'app', source },
    {
      path: ['./a', './b'],
      interval: ['1m', '2m'],
      prune: [false, true],
      wait: [false, true],
      timeout: ['1m', '2m'],
      targetNamespace: ['a', 'b'],
    },
  ],
  gitRepository: [
    gitRepository,
    { name: 'app', url: 'https://git.example.com/app' },
    { interval: ['1m', '2m'], ref: [{ branch: 'main' }, { branch: 'next', commit: 'abc' }] },
  ],
  'a chart factory': [
    redis,
    { name: 'cache', sourceRef: { name: 'own' } },
    { version: ['2.0.0', '3.0.0'], values: [{ replicas: 1 }, { replicas: 2 }] },
  ],
  configMap: [
    configMap,
    { name: 'settings' },
    {
      namespace: ['default', 'kube-public'],
      labels: [{ a: 'x' }, { a: 'y', b: 'z' }],
      data: [{ a: 'x' }, { b: 'y' }],
      immutable: [true, false],
    },
  ],
};

const CASES = Object.entries(FACTORIES).flatMap(([name, [make, base, samples]]) =>
  Object.entries(samples).flatMap(([key, [a, b]]) =>
    Object.keys(FORMS)
      // `configMap` takes the object in its YAML form, and therefore keeps `null`.
      .filter((form) => name !== 'configMap' || !form.includes('null'))
      .map((form) => [name, key, form, { make, base, key, a, b }] as const),
  ),
);

describe('a project factory in a graph makes the same object as a call with the plain value', () => {
  test.each(CASES)('%s, %s: %s', (_name, _key, form, subject) => {
    const found = differences(subject, FORMS[form] as (typeof FORMS)[string]);
    expect(found, JSON.stringify(found, undefined, 1)).toEqual([]);
  });
});

test.each(Object.entries(FACTORIES).filter(([name]) => name !== 'configMap'))(
  '%s writes no field whose value is the default of the CRD',
  (_name, [make, base]) => {
    const object = plainObject({ make, base, key: '', a: 0, b: 0 }, undefined);
    const { group, version } = parseApiVersion(object['apiVersion'] as string);
    const schema = crdSource(FLUX as never).schemaOf({ group, version, kind: object['kind'] as string });
    const needless = [...pathsIn(object)].filter((path) =>
      jsonEquals(StructuralSchema.applyDefaults(schema as Schema, without(object, path)), object),
    );
    expect(needless).toEqual([]);
  },
);
