import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import { createCompositionApi, externalRef } from '@typekro/sdk/compose';
import type { JsonObject } from '@typekro/kit/core';
import { configMap, deployment } from '../../../packages/sdk/src/factories/kubernetes/index.ts';

const { graph, kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

const Spec = type({ name: 'string', on: 'boolean', batch: 'number.integer', regions: 'string[]' });
const composition = (build: (spec: typeof Spec.infer) => void) =>
  kubernetesComposition({ name: 'app', apiVersion: 'example.com/v1', kind: 'App', spec: Spec, status: type({}) }, (spec) => {
    build(spec);
    return {};
  });

/** The propagateWhen conditions of each resource, keyed by the id of the resource. */
function conditionsOf(build: (spec: typeof Spec.infer) => void): unknown {
  const { spec } = composition(build).toDefinition({ target: 'typekro' }) as { spec: { resources: JsonObject[] } };
  return Object.fromEntries(
    spec.resources.flatMap(({ id, propagateWhen }) => (propagateWhen === undefined ? [] : [[id, propagateWhen]])),
  );
}

/** Converts a composition to a definition. Returns the message of the refusal, or `accepted`. */
function refusalOf(build: (spec: typeof Spec.infer) => void, target: 'stock' | 'typekro' = 'typekro'): string {
  try {
    composition(build).toDefinition({ target });
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

const map = (id: string, name: string) => configMap({ id, name, data: {} });

describe('withPropagateWhen()', () => {
  test('reads the spec and the progress of resources, and accepts a CEL expression as a string', () => {
    expect(
      conditionsOf((spec) => {
        const db = deployment({ id: 'db', name: spec.name });
        map('web', `${spec.name}-web`)
          .withPropagateWhen(({ ready, updated }) => ready(db) && updated(db))
          .withPropagateWhen(() => spec.on);
        map('late', `${spec.name}-late`).withPropagateWhen(({ ready }) => !spec.on || ready(db));
        map('raw', `${spec.name}-raw`).withPropagateWhen('${db.updated()}');
      }),
    ).toMatchInlineSnapshot(`
      {
        "late": [
          "\${!schema.spec.on || db.ready()}",
        ],
        "raw": [
          "\${db.updated()}",
        ],
        "web": [
          "\${db.ready() && db.updated()}",
          "\${schema.spec.on}",
        ],
      }
    `);
  });

  test('updates the resources of a loop in batches, and reads the progress of a list as a whole', () => {
    expect(
      conditionsOf((spec) => {
        const maps = spec.regions.map((region) =>
          map('maps', `${spec.name}-${region}`).withPropagateWhen(({ exponentiallyReady }) => exponentiallyReady()),
        );
        for (const region of spec.regions) {
          map('others', `${spec.name}-${region}-other`).withPropagateWhen(({ linearlyReady }) => linearlyReady(spec.batch));
        }
        map('end', `${spec.name}-end`).withPropagateWhen(({ ready }) => ready(maps));
      }),
    ).toMatchInlineSnapshot(`
      {
        "end": [
          "\${maps.ready()}",
        ],
        "maps": [
          "\${exponentiallyReady(each, maps)}",
        ],
        "others": [
          "\${linearlyReady(each, others, schema.spec.batch)}",
        ],
      }
    `);
  });

  test('counts a resource that does not exist as ready, and reads each node of a resource that becomes several nodes', () => {
    expect(
      conditionsOf((spec) => {
        const optional = spec.on ? map('optional', `${spec.name}-optional`) : undefined;
        const reader = configMap({
          id: 'reader',
          name: `${spec.name}-reader`,
          data: { of: optional ? optional.metadata.uid : 'none' },
        });
        map('web', `${spec.name}-web`).withPropagateWhen(({ ready }) => ready(optional) && ready(reader));
      }),
    ).toMatchInlineSnapshot(`
      {
        "web": [
          "\${(!schema.spec.on || optional.ready()) && reader.ready() && readerWithoutOptional.ready()}",
        ],
      }
    `);
  });

  test('shows the condition in the explanation, and does not change the result of evaluate', () => {
    const app = composition((spec) => {
      const db = map('db', `${spec.name}-db`);
      map('web', `${spec.name}-web`).withPropagateWhen(({ ready }) => ready(db));
    });
    expect(app.explain()).toContain('propagate when db.ready()');
    const { resources } = app.evaluate({ name: 'a', on: true, batch: 1, regions: [] });
    expect(resources.map(({ id, included, objects }) => [id, included, objects.length])).toEqual([
      ['db', true, 1],
      ['web', true, 1],
    ]);
  });

  test.each<[string, string, (spec: typeof Spec.infer) => void]>([
    ['a missing condition', 'gets no condition', (spec) => void map('a', spec.name).withPropagateWhen(() => undefined)],
    [
      'a resource that is only read',
      'which makes no object',
      (spec) =>
        void externalRef({ id: 'other', apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: spec.name } })
          .withPropagateWhen(() => spec.on),
    ],
    [
      'batches outside a loop',
      'not made in a loop',
      (spec) => void map('a', spec.name).withPropagateWhen(({ exponentiallyReady }) => exponentiallyReady()),
    ],
    [
      'an empty batch',
      'a whole number of at least 1',
      (spec) => {
        for (const region of spec.regions) map('a', region).withPropagateWhen(({ linearlyReady }) => linearlyReady(0));
      },
    ],
    [
      'one object of a loop',
      'one object of a loop',
      (spec) => {
        for (const region of spec.regions) {
          const first = map('first', region);
          map('second', `${region}-2`).withPropagateWhen(({ ready }) => ready(first));
        }
      },
    ],
    [
      'an element of the list',
      'reads an element of its loop',
      (spec) => {
        for (const region of spec.regions) map('a', region).withPropagateWhen(() => region === 'eu');
      },
    ],
    [
      'a field of a resource that becomes several nodes',
      'but this resource is 2 nodes of the graph (reader, readerWithoutOptional)',
      (spec) => {
        const optional = spec.on ? map('optional', `${spec.name}-optional`) : undefined;
        const reader = configMap({
          id: 'reader',
          name: `${spec.name}-reader`,
          data: { of: optional ? optional.metadata.uid : 'none' },
        });
        map('web', `${spec.name}-web`).withPropagateWhen(() => reader.data['of'] === 'none');
      },
    ],
    [
      'the resource itself',
      'waits for itself',
      (spec) => {
        const own = map('a', spec.name);
        own.withPropagateWhen(({ ready }) => ready(own));
      },
    ],
    [
      'a value that is not a resource',
      'takes a resource or a list of resources',
      (spec) => void map('a', spec.name).withPropagateWhen(({ ready }) => ready(spec.name as never)),
    ],
  ])('refuses %s', (_what, message, build) => {
    expect(refusalOf(build)).toContain(message);
  });

  test('is refused for stock kro, and in a graph', () => {
    const waits = (spec: { readonly on: boolean }) => void map('a', 'a').withPropagateWhen(() => spec.on);
    expect(refusalOf(waits, 'stock')).toContain('needs the feature gate PropagateWhen, which stock kro does not have');
    expect(() => graph('g', () => void map('a', 'a').withPropagateWhen(() => true))).toThrow(
      'a node of a Graph has no field propagateWhen',
    );
  });
});

describe('withExternalFields()', () => {
  const scaled = (fields: unknown) => (spec: typeof Spec.infer) =>
    void deployment({ id: 'web', name: spec.name, spec: { replicas: spec.batch } as never }).withExternalFields(fields as string[]);

  test('writes each path once', () => {
    const { spec } = composition(scaled(['spec.replicas', 'spec.replicas'])).toDefinition({ target: 'typekro' });
    expect(spec).toMatchObject({ resources: [{ externalFields: ['spec.replicas'] }] });
  });

  test.each<[string, unknown, 'stock' | 'typekro', string]>([
    ['a text', 'spec.replicas', 'typekro', 'takes a list of paths'],
    ['a path without a value', ['spec.paused'], 'typekro', 'the template has no field "spec.paused"'],
    ['the name', ['metadata.name'], 'typekro', 'the template has no field "metadata.name" that another manager may own'],
    ['stock kro', ['spec.replicas'], 'stock', 'needs the feature gate ExternalFields'],
  ])('refuses %s', (_what, fields, target, message) => {
    expect(refusalOf(scaled(fields), target)).toContain(message);
  });
});
