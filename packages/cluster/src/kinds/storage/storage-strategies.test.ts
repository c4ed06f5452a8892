import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { startClusterStory } from '../../../test-support/cluster-story.ts';
import type { WriteContext } from '../strategy.ts';
import { Problems } from '../../errors/field-problems.ts';
import { deviceSliceStrategy } from './devices.ts';

const DEFAULT = { 'ingressclass.kubernetes.io/is-default-class': 'true' };

const ingress = (spec: JsonObject = {}, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'i', annotations },
  spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } }, ...spec },
});

test.each<[string, KubeObject, unknown]>([
  ['gets the newest default class', ingress(), 'newer'],
  ['keeps its class', ingress({ ingressClassName: 'x' }), 'x'],
  ['with the class annotation gets no default class', ingress({}, { 'kubernetes.io/ingress.class': 'x' }), undefined],
])('a new Ingress %s', async (_title, object, expected) => {
  await using story = await startClusterStory({ controllers: false });
  for (const [name, annotations] of [
    ['older', DEFAULT],
    ['newer', DEFAULT],
    ['newest', {}],
  ] as const) {
    await story.client.create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name, annotations },
      spec: { controller: 'example.com/c' },
    });
    await story.advance(1);
  }
  expect((await story.create(object)).spec?.['ingressClassName']).toBe(expected);
});

test('an update does not set the default class of an Ingress', async () => {
  await using story = await startClusterStory({ controllers: false });
  await story.create(ingress());
  await story.client.create({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'c', annotations: DEFAULT },
    spec: { controller: 'example.com/c' },
  });
  const changed = await story.patch('networking.k8s.io/v1 Ingress', 'i', { metadata: { labels: { a: 'b' } } });
  expect(changed.spec?.['ingressClassName']).toBeUndefined();
});

/** The field and reason of each problem of a ResourceSlice with these device names. */
function problemsOf(names: readonly string[]) {
  const spec = {
    driver: 'gpu.example.com',
    pool: { name: 'pool', resourceSliceCount: 1, generation: 1 },
    nodeName: 'node',
    devices: names.map((name) => ({ name })),
  };
  const slice: KubeObject = { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata: { name: 's' }, spec };
  const problems = new Problems();
  deviceSliceStrategy.validate?.(slice, problems, {} as WriteContext);
  return problems.map(({ field, reason }) => `${field} ${reason}`);
}

test('each device that repeats the name of an earlier device is reported', () => {
  expect(problemsOf(['a', 'b', 'a', 'c', 'b', 'a'])).toEqual(
    [2, 4, 5].map((index) => `spec.devices[${index}].name FieldValueDuplicate`),
  );
});

test('the names of many devices are compared in linear time', { timeout: 10_000 }, () => {
  const names = Array.from({ length: 300_000 }, (_, index) => `d${index}`);
  expect(problemsOf(names)).toEqual(['spec.devices FieldValueTooMany']);
});
