import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type JsonObject, type JsonValue, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { simple } from '../../../packages/sdk/src/factories/simple/index.ts';
import { type TestCluster, createCluster } from '@typekro/testing';
import { type Subject, normalized, pathsIn, plainObject, steppedObjects, without } from './forms.ts';
import { REQUIRED, SAMPLES } from './samples.ts';

/*
 * Creates the objects of each simple factory as the controller sends them, with and without each optional argument, for
 * both targets. The API server must accept a dry run of each object.
 */

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await createCluster();
});
afterAll(() => cluster.close());

/** Maps the name of an argument or of a factory to the further arguments that the API server requires with it. */
const BESIDE: Readonly<Record<string, JsonObject>> = {
  volumeMounts: { volumes: [{ name: 'scratch', emptyDir: {} }] },
  loadBalancerClass: { type: 'LoadBalancer' },
  externalTrafficPolicy: { type: 'NodePort' },
  Ingress: { defaultBackend: { service: { name: 'a', port: { number: 80 } } } },
  PersistentVolume: { hostPath: '/x' },
  Hpa: { target: { kind: 'Deployment', name: 'x' } },
};

/**
 * Arguments that this test does not omit or vary: the API server requires them, or they conflict with the base
 * arguments.
 */
const LEFT_OUT = new Set([
  'Hpa target',
  'Ingress defaultBackend',
  'PersistentVolume hostPath',
  'PersistentVolume nfs',
  'Service externalName',
  'Service ipFamilies',
]);

/**
 * The object without the labels and annotations of its instance. An absent namespace becomes the default namespace
 * `ns`.
 */
function withoutMarks(object: JsonObject): JsonValue {
  const { namespace, labels, annotations, ...metadata } = object['metadata'] as JsonObject;
  const own = (texts: JsonValue | undefined) =>
    Object.fromEntries(Object.entries((texts ?? {}) as JsonObject).filter(([key]) => !MARKS.test(key)));
  const kept = { ...metadata, namespace: namespace ?? 'ns', labels: own(labels), annotations: own(annotations) };
  return normalized({ ...object, metadata: kept }) as JsonValue;
}

const MARKS = /^(?:internal\.)?kro\.run\/|^applyset\.|^app\.kubernetes\.io\/managed-by$/;

const CASES = (Object.keys(SAMPLES) as (keyof typeof SAMPLES)[]).flatMap((factory) => {
  const samples = SAMPLES[factory] as unknown as Readonly<Record<string, readonly [JsonValue, JsonValue]>>;
  const required = REQUIRED[factory];
  return Object.entries(samples)
    .filter(([key]) => !required.includes(key) && !LEFT_OUT.has(`${factory} ${key}`))
    .map(([key, [a, b]]) => {
      const base: JsonObject = {
        ...Object.fromEntries(required.map((name) => [name, samples[name]?.[0] as JsonValue])),
        ...BESIDE[factory],
        ...BESIDE[key],
      };
      const { [key]: _, ...rest } = base;
      const subject: Subject = { make: simple[factory], base: rest, key, a, b };
      return [factory, key, subject] as const;
    });
});

describe('an API server accepts the objects that a controller writes', () => {
  test.each(CASES)('%s with and without %s', async (factory, _key, subject) => {
    for (const { object, value } of steppedObjects(subject)) {
      expect(withoutMarks(object)).toEqual(withoutMarks(plainObject(subject, value)));
      const { metadata, ...rest } = object as KubeObject;
      const { namespace, ...named } = metadata;
      const place = factory === 'PersistentVolume' ? {} : { namespace: namespace === 'ns' ? 'default' : namespace };
      const sent = { ...rest, metadata: { ...named, ...place } } as KubeObject;
      await cluster.client.apply(sent, { fieldManager: 'test', dryRun: true });
    }
  });
});

/** What the API server stores for an object in a dry run; its refusal as a string. */
async function stored(object: JsonObject): Promise<JsonValue> {
  try {
    const made = await cluster.client.create(object as KubeObject, { dryRun: true });
    const { metadata: _, status: _status, ...rest } = made;
    return JSON.parse(JSON.stringify(rest), (key, value: unknown) => (CHOSEN.has(key) ? 'chosen' : value)) as JsonValue;
  } catch (error) {
    return `refused: ${String(error)}`;
  }
}

/** Fields for which the API server chooses another value for each object. */
const CHOSEN = new Set(['clusterIP', 'clusterIPs', 'nodePort', 'batch.kubernetes.io/controller-uid', 'controller-uid']);

test.each(Object.keys(SAMPLES) as (keyof typeof SAMPLES)[])(
  '%s writes no field whose value is the default of the API server',
  async (factory) => {
    const samples = SAMPLES[factory] as unknown as Readonly<Record<string, readonly [JsonValue, JsonValue]>>;
    const base: JsonObject = {
      ...Object.fromEntries(REQUIRED[factory].map((name) => [name, samples[name]?.[0] as JsonValue])),
      ...BESIDE[factory],
    };
    const made = plainObject({ make: simple[factory], base, key: '', a: 0, b: 0 }, undefined);
    const object: JsonObject = {
      ...made,
      metadata: {
        ...(made['metadata'] as JsonObject),
        ...(factory !== 'PersistentVolume' && { namespace: 'default' }),
      },
    };
    const whole = await stored(object);
    expect(whole).toMatchObject({ kind: object['kind'] });
    const needless: string[] = [];
    for (const path of pathsIn(object)) {
      const isGiven = path[0] === 'metadata' || path[0] === 'apiVersion' || path[0] === 'kind';
      if (!isGiven && jsonEquals(await stored(without(object, path)), whole)) needless.push(path.join('.'));
    }
    expect(needless).toEqual([]);
  },
);
