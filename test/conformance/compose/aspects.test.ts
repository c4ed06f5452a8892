import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import type { AnyAspect } from '@typekro/sdk';
import * as sdk from '@typekro/sdk';
import { ConfigMap, DaemonSet, Deployment } from '../../../packages/sdk/src/factories/simple/index.ts';

const schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    on: { type: 'boolean' },
    env: { type: 'object', additionalProperties: { type: 'string' } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
  },
  required: ['name', 'on', 'env', 'labels'],
};

interface Spec {
  readonly name: string;
  readonly on: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

const app = sdk.kubernetesComposition({ name: 'app', spec: schema }, ((spec: Spec) => {
  const env = [{ name: 'A', value: spec.name }];
  if (spec.on) env.push({ name: 'B', value: 'b' });
  sdk.slot('front', Deployment({ id: 'web', name: 'web', image: 'web:1', env: { A: spec.name }, labels: spec.labels }));
  Deployment({ id: 'api', name: spec.name, image: 'api:1', env: spec.env });
  Deployment({ id: 'job', name: 'job', image: 'job:1', env });
  DaemonSet({ id: 'agent', name: 'agent', image: 'agent:1' });
  ConfigMap({ id: 'config', name: 'config', data: { k: spec.name } });
}) as never);

/** The template of a resource with aspects applied. */
function template(id: string, ...aspects: readonly AnyAspect[]): JsonObject {
  const { resources } = app.toDefinition({ aspects })['spec'] as { resources: { id: string; template: JsonObject }[] };
  return resources.find((entry) => entry.id === id)?.template as JsonObject;
}

const container = (id: string, ...aspects: readonly AnyAspect[]) => {
  const { spec } = template(id, ...aspects) as { spec: { template: { spec: { containers: JsonObject[] } } } };
  return spec.template.spec.containers[0];
};

describe('aspects', () => {
  test('of metadata are merged into the existing metadata', () => {
    const { metadata } = template('config', sdk.withLabels({ team: 'a' }), sdk.withAnnotations({ owner: 'b' }));
    expect(metadata).toEqual({ name: 'config', labels: { app: 'config', team: 'a' }, annotations: { owner: 'b' } });
    const merged = (template('web', sdk.withMetadata({ labels: { team: 'a' } }))['metadata'] as JsonObject)['labels'];
    expect(merged).toMatch(/merge\(.*"team": "a"/);
  });

  test('of workloads change every matching container', () => {
    const only = { id: 'web' };
    expect(template('web', sdk.withReplicas(5).where(only))['spec']).toMatchObject({ replicas: 5 });
    expect(container('web', sdk.withEnvVars({ A: 'x', C: 'c' }).where(only))?.['env']).toEqual([
      { name: 'A', value: 'x' },
      { name: 'C', value: 'c' },
    ]);
    expect(container('agent', sdk.withImagePullPolicy('Always'))).toMatchObject({ imagePullPolicy: 'Always' });
    expect(container('agent', sdk.withResourceDefaults({ requests: { cpu: '1' } }))).toMatchObject({
      resources: { requests: { cpu: '1' } },
    });
    expect(container('agent', sdk.withEnvFrom([{ secretRef: { name: 's' } }]))).toMatchObject({
      envFrom: [{ secretRef: { name: 's' } }],
    });
    expect(template('agent', sdk.withServiceAccount('runner'))).toMatchObject({
      spec: { template: { spec: { serviceAccountName: 'runner' } } },
    });
    const workspace = template('agent', sdk.withLocalWorkspace({ workspacePath: '/src' }));
    expect(workspace).toMatchObject({
      spec: {
        template: {
          spec: {
            containers: [{ volumeMounts: [{ name: 'workspace', mountPath: '/workspace' }] }],
            volumes: [{ name: 'workspace', hostPath: { path: '/src', type: 'Directory' } }],
          },
        },
      },
    });
    const reload = sdk.withHotReload({ containers: [{ name: 'dev', image: 'node' }], labels: { dev: 'yes' } });
    expect(template('agent', reload.where({ kind: 'DaemonSet' }))).toMatchObject({
      spec: { template: { metadata: { labels: { dev: 'yes' } }, spec: { containers: [{ name: 'dev' }] } } },
    });
  });

  test('of metadata are merged with the existing metadata, or replace it', () => {
    const merged = sdk.aspect.on(sdk.allResources, sdk.metadata({ labels: sdk.merge({ team: 'a' }) }));
    expect(template('config', merged)['metadata']).toMatchObject({ labels: { app: 'config', team: 'a' } });
    const replaced = sdk.aspect.on(sdk.allResources, sdk.metadata({ labels: sdk.replace({ team: 'a' }) }));
    expect((template('config', replaced)['metadata'] as JsonObject)['labels']).toEqual({ team: 'a' });
  });

  test('find a slot, an id and a factory after an earlier aspect has changed the resource', () => {
    const first = sdk.withAnnotations({ a: 'b' });
    const second = sdk.withLabels({ x: 'y' });
    for (const selector of [{ slot: 'front' }, { id: 'web' }, { name: 'web' }]) {
      const labels = (template('web', first, second.where(selector).expectOne())['metadata'] as JsonObject)['labels'];
      expect(labels).toContain('"x": "y"');
    }
    const onKind = sdk.aspect.on(Deployment, sdk.metadata({ labels: { x: 'y' } }));
    expect(JSON.stringify(template('job', first, onKind))).toContain('"x":"y"');
  });

  test('of metadata are refused for metadata that depends on a condition of the spec', () => {
    const made = sdk.kubernetesComposition({ name: 'made', spec: schema }, ((spec: Spec) => {
      const metadata = spec.on ? { name: 'a' } : { name: 'b', namespace: 'c' };
      sdk.createResource({ id: 'config', apiVersion: 'v1', kind: 'ConfigMap', metadata });
    }) as never);
    expect(() => made.toDefinition({ aspects: [sdk.withLabels({ x: 'y' })] })).toThrow(/metadata is known only when the graph runs/);
  });

  test('refuse a known value that is not an object', () => {
    const inside = sdk.aspect.on(DaemonSet, sdk.override({ spec: { template: { spec: { containers: { x: sdk.replace(1) } } } } }));
    expect(() => app.toDefinition({ aspects: [inside] })).toThrow(/spec\.template\.spec\.containers is not an object/);
  });

  test('may have a list of targets, which must not be empty', () => {
    const both = sdk.aspect.on([DaemonSet, ConfigMap], sdk.metadata({ labels: { x: 'y' } }));
    const { resources } = app.toDefinition({ aspects: [both] })['spec'] as { resources: JsonObject[] };
    const changedIds = resources.filter((entry) => JSON.stringify(entry).includes('"x":"y"')).map(({ id }) => id);
    expect(changedIds).toEqual(['agent', 'config']);
    expect(() => sdk.aspect.on([], sdk.metadata({ labels: {} }))).toThrow(/a group .*, a factory, or a list of these/);
  });

  test('do not change resources of other owners', () => {
    const reader = sdk.kubernetesComposition({ name: 'reader', spec: schema }, (() => {
      const store = sdk.externalRef('v1', 'ConfigMap', 'store') as unknown as { readonly data: { readonly k: string } };
      ConfigMap({ id: 'copy', name: 'copy', data: { k: store.data.k } });
    }) as never);
    const { resources } = reader.toDefinition({ aspects: [sdk.withLabels({ x: 'y' })] })['spec'] as { resources: JsonObject[] };
    expect(resources.map((entry) => [Object.hasOwn(entry, 'externalRef'), JSON.stringify(entry).includes('"x":"y"')])).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  test('apply operations, such as merge and append, to the fields of their targets', () => {
    const patch = sdk.override({ spec: { template: { spec: { nodeSelector: sdk.merge({ disk: 'ssd' }) } } } });
    const changed = ['web', 'api', 'agent'].map((id) => template(id, sdk.aspect.on(Deployment, patch)));
    expect(changed.map((each) => JSON.stringify(each).includes('ssd'))).toEqual([true, true, false]);
    const tolerations = sdk.append([{ key: 'x' }]);
    const appended = sdk.aspect.on(sdk.workloads, sdk.override({ spec: { template: { spec: { tolerations } } } }));
    expect(JSON.stringify(template('web', appended, appended))).toContain('"tolerations":[{"key":"x"},{"key":"x"}]');
  });

  test.each<[string, AnyAspect, string[]]>([
    ['slot', sdk.withLabels({ x: 'y' }).where({ slot: 'front' }), ['web']],
    ['name', sdk.withLabels({ x: 'y' }).where({ name: 'job' }), ['job']],
    ['kind', sdk.withLabels({ x: 'y' }).where({ kind: 'DaemonSet' }).expectOne(), ['agent']],
    ['labels', sdk.withLabels({ x: 'y' }).where({ labels: { app: 'config' } }), ['config']],
    ['several selectors', sdk.withLabels({ x: 'y' }).where({ kind: 'Deployment' }).where({ id: 'api' }), ['api']],
    ['an unknown id, when the aspect is optional', sdk.withLabels({ x: 'y' }).where({ id: 'nobody' }).optional(), []],
    ['the group of all resources with a spec', sdk.aspect.on(sdk.resources, sdk.metadata({ labels: { x: 'y' } })), ['agent', 'api', 'job', 'web']],
  ])('select by %s', (_name, aspect, expected) => {
    const { resources } = app.toDefinition({ aspects: [aspect] })['spec'] as { resources: JsonObject[] };
    expect(resources.filter((entry) => /"x":"y"|"x": "y"/.test(JSON.stringify(entry).replaceAll('\\"', '"'))).map(({ id }) => id)).toEqual(expected);
  });

  test.each<[string, AnyAspect, RegExp]>([
    ['a selector that no resource matches', sdk.withReplicas(1).where({ id: 'nobody' }), /aspect 1 on workloads: no resource fits/],
    ['several resources where one is expected', sdk.withReplicas(1).expectOne(), /several resources match: web, api, job, agent/],
    ['one resource of each of two targets where one is expected', sdk.aspect.on([DaemonSet, ConfigMap], sdk.metadata({ labels: {} })).expectOne(), /several resources match: agent, config/],
    ['a list whose elements are known only when the graph runs', sdk.withEnvVars({ A: 'x' }).where({ id: 'api' }), /containers\[0\]\.env has elements whose names are known only when the graph runs/],
    ['elements whose names are known only when the graph runs', sdk.withEnvVars({ A: 'x' }).where({ id: 'job' }), /env has elements whose names are known only/],
    ['a field that the kind does not have', sdk.withReplicas(2).where({ id: 'agent' }), /replicas/],
  ])('refuse %s', (_name, aspect, message) => {
    expect(() => app.toDefinition({ aspects: [aspect] })).toThrow(message);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['an invalid target', () => sdk.aspect.on('x' as never, sdk.metadata({})), /aspect\.on\(\): the target must be a group/],
    ['an invalid second argument of aspect.on()', () => sdk.aspect.on(sdk.workloads, {} as never), /must be the result of metadata\(\) or override\(\)/],
    ['metadata other than labels and annotations', () => sdk.metadata({ name: 'x' } as never), /"name" cannot be changed/],
    ['fields other than those of the spec', () => sdk.override({ spec: {}, status: {} } as never), /"status" cannot be changed/],
    ['values without an operation', () => sdk.override({ spec: { replicas: 1 } } as never), /spec\.replicas must be replace/],
    ['an unknown selector', () => sdk.withReplicas(1).where({ ids: 'x' } as never), /there is no selector "ids"/],
    ['a hot reload without containers', () => sdk.withHotReload({ containers: [] }), /at least one container/],
  ])('are refused with %s', (_name, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(sdk.AspectDefinitionError);
  });

  test('do not change the composition, and apply to factories', () => {
    const before = app.toYaml();
    const given = { name: 'x', on: true, env: {}, labels: {} } as never;
    const yaml = app.factory('direct', { aspects: [sdk.withLabels({ team: 'a' })] }).toYaml(given);
    expect(yaml.match(/team: a/g)?.length).toBeGreaterThanOrEqual(5);
    expect(app.toYaml({ aspects: [sdk.withLabels({ team: 'a' })] })).toContain('team');
    expect(app.toYaml()).toBe(before);
  });
});
