import { type } from 'arktype';
import { expect, test } from 'vitest';
import { createCompositionApi } from '../../compose/index.ts';
import type { JsonObject } from '@typekro/kit/core';
import { builtinSource } from '@typekro/engine/schema';
import type { CoreV1 } from './index.ts';
import * as kubernetes from './index.ts';
import * as moved from './generated/moved.ts';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('these tests deploy nothing')),
});
const spec = type({ name: 'string', count: 'number' });

/** Maps the id of each resource of a composition to its first object, for a fixed spec. */
function objectsOf(compose: (spec: { name: string; count: number }) => void): Record<string, JsonObject | undefined> {
  const composition = kubernetesComposition({ name: 'all', kind: 'All', spec }, (input) => {
    compose(input);
    return {};
  });
  const { resources } = composition.evaluate({ name: 'x', count: 2 });
  return Object.fromEntries(resources.map(({ id, objects }) => [id, objects[0]]));
}

const others = new Set(['customResource', ...Object.keys(moved)]);
const factories = Object.entries(kubernetes).filter(([name]) => !others.has(name));

test('there is a factory for every built-in kind of Kubernetes', () => {
  expect(factories).toHaveLength([...builtinSource().kinds()].length);
});

test.each(factories)('%s makes an object of a built-in kind with only the given fields', (_name, factory) => {
  const make = factory as (input: object) => unknown;
  const { it } = objectsOf(({ name }) => {
    make({ id: 'it', name, labels: { a: 'b' } });
  });
  const { apiVersion, kind } = it as { apiVersion: string; kind: string };
  expect(it).toEqual({ apiVersion, kind, metadata: { name: 'x', labels: { a: 'b' } } });
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  expect(builtinSource().resourceOf({ group: group ?? '', version: version ?? '', kind })).toBeDefined();
});

test('an argument with metadata and an argument with name at the top level make the same object', () => {
  const container: CoreV1.Container = { name: 'web', image: 'nginx' };
  const selector = { matchLabels: { app: 'web' } };
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } };
  const { whole, flat } = objectsOf(({ name, count }) => {
    kubernetes.deployment({
      id: 'whole',
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: { replicas: count, selector, template },
    });
    kubernetes.deployment({ id: 'flat', name, spec: { replicas: count, selector, template } });
  });
  expect(flat).toEqual(whole);
  expect(flat).toMatchObject({ spec: { replicas: 2, template: { spec: { containers: [{ image: 'nginx' }] } } } });
});

test('a resource can read the typed status of another resource', () => {
  const composition = kubernetesComposition({ name: 'pair', spec, status: type({ ready: 'number' }) }, ({ name }) => {
    const claim = kubernetes.persistentVolumeClaim({ id: 'claim', name, waitForReady: true, spec: {} });
    kubernetes.configMap({ id: 'config', name, data: { volume: claim.spec.volumeName } });
    const job = kubernetes.job({ id: 'job', name, spec: { template: { spec: { containers: [] } } } });
    const ready: number = job.status.succeeded;
    return { ready };
  });
  const yaml = composition.toYaml();
  expect(yaml).toContain('volume: ${claim.spec.volumeName}');
  expect(yaml).toContain('- ${claim.?status.?phase.orValue("") == "Bound"}');
});

test('an argument with the kind of another factory is refused', () => {
  expect(() =>
    objectsOf(({ name }) => {
      kubernetes.configMap({ id: 'it', kind: 'Secret', metadata: { name } });
    }),
  ).toThrow('the factory of ConfigMap makes kind ConfigMap, not Secret');
});

test('waitForReady is refused for a kind whose objects are ready when they exist', () => {
  expect(() =>
    objectsOf(({ name }) => {
      kubernetes.configMap({ id: 'it', name, waitForReady: true });
    }),
  ).toThrow('ConfigMap has no rule for when it is ready');
});

test('customResource makes an object of any kind', () => {
  const { it } = objectsOf(({ name, count }) => {
    const object = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec: { size: count } };
    kubernetes.customResource({ id: 'it', ...object });
  });
  expect(it).toEqual({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'x' }, spec: { size: 2 } });
});
