import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { assumedSettings, publishFlags, silentLogger } from '@typekro/controller/controller';
import { controllerSettings, recordOf, settingsOfRecord } from './controller-settings.ts';

const NEVER = new AbortController().signal;

const apiWith = (answer: () => readonly KubeObject[], crd?: KubeObject): KubernetesApi =>
  ({ list: async () => ({ items: answer() }), find: async () => crd }) as unknown as KubernetesApi;

function deployment(labels: Record<string, string>, container: object, replicas = 1, more: object[] = []): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kro', namespace: 'kro-system', labels },
    spec: { replicas, template: { spec: { containers: [...more, container] } } } as never,
  };
}
const named = (name: string, version = '') => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/version': version,
});

test.each<[string, KubeObject[], string, string]>([
  ['no Deployment', [], '0.10', 'engine'],
  ['flags of typekro', [deployment(named('typekro'), { args: ['--kro-compatibility=0.10'] })], '0.10', 'engine'],
  ['a flag in two words', [deployment(named('kro'), { args: ['--kro-compatibility', '0.10'] })], '0.10', 'engine'],
  ['typekro without the flag', [deployment(named('typekro', '0.9.0'), { image: 'typekro:0.9.0' })], '0.10', 'engine'],
  [
    'a feature gate',
    [deployment(named('typekro'), { args: ['--feature-gates=ConservativeCRDComparison=true'] })],
    '0.10',
    'conservative',
  ],
  ['an image of kro 0.10', [deployment(named('kro'), { image: 'registry.k8s.io/kro/kro:v0.10.2' })], '0.10', 'engine'],
  [
    'an image of kro 0.9',
    [deployment(named('kro', '0.9.1'), { image: 'registry.k8s.io/kro/kro:0.9.1' })],
    '0.9',
    'none',
  ],
  ['a version label of kro', [deployment(named('kro', '0.11.0'), { image: 'kro@sha256:0' })], '0.10', 'engine'],
  ['a Deployment without replicas', [deployment(named('kro', '0.9.0'), { image: 'kro:0.9.0' }, 0)], '0.10', 'engine'],
  [
    'the container of the controller after another container',
    [
      deployment(named('typekro'), { image: 'typekro:1', args: ['--kro-compatibility=0.10'] }, 1, [
        { name: 'proxy', image: 'proxy:2', args: ['--v=1'] },
      ]),
    ],
    '0.10',
    'engine',
  ],
  [
    'the image of kro after another image',
    [deployment(named('kro'), { image: 'a/kro:v0.10.1' }, 1, [{ image: 'proxy:0.1.0' }])],
    '0.10',
    'engine',
  ],
  [
    'flags after a container of another image',
    [
      deployment(named('kro'), { image: 'a/mirror:v0.10.1', args: ['--leader-elect=true'] }, 1, [
        { image: 'proxy:0.1.0' },
      ]),
    ],
    '0.10',
    'engine',
  ],
  ['an image of kro 1.0', [deployment(named('kro'), { image: 'registry.k8s.io/kro/kro:v1.0.0' })], '0.10', 'engine'],
  ['a version label of kro 1.0', [deployment(named('kro', '1.0.0'), { image: 'kro@sha256:0' })], '0.10', 'engine'],
  [
    'a tag before a digest, in a registry with a port',
    [deployment(named('kro'), { image: 'a.test:5000/kro:v0.10.0@sha256:0' })],
    '0.10',
    'engine',
  ],
  [
    'the image of the first releases',
    [deployment(named('kro', '0.10.0'), { image: 'a/kro/controller:dev' })],
    '0.10',
    'engine',
  ],
  [
    'a Deployment that only has the label, before the controller',
    [
      deployment(named('kro'), { name: 'ui', image: 'a/kro-ui:v0.3.0' }),
      deployment(named('kro'), { image: 'a/kro:v0.10.0' }),
    ],
    '0.10',
    'engine',
  ],
  ['a damaged Deployment', [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: {} }], '0.10', 'engine'],
])(
  'reads the level of kro, and which schema keywords of CRDs are compared, from %s',
  async (_what, items, level, facets) => {
    const api = apiWith(() => items);
    expect(await controllerSettings(api, NEVER)).toMatchObject({ level, facets });
  },
);

test.each([
  ['the gate', ['--feature-gates=GraphKind=true'], true],
  ['no gate', [], false],
])('the feature gate decides whether a controller serves Graphs: %s', async (_what, args, graphKind) => {
  const api = apiWith(() => [deployment(named('typekro'), { image: 'a/typekro:1', args })]);
  expect(await controllerSettings(api, NEVER)).toMatchObject({ graphKind });
});

test.each<[what: string, args: string[], on: string[], limits: object]>([
  ['no flag', [], [], {}],
  ['gates', ['--feature-gates=PartialDependencies=true,Variables=true'], ['partialDependencies', 'variables'], {}],
  [
    'the gate that also turns on the field optional',
    ['--feature-gates=DeferredSchemaResolution=true'],
    ['deferredSchemas', 'optionalResources'],
    {},
  ],
  [
    'limits and policies',
    [
      '--rgd-max-collection-size=7',
      '--rgd-max-collection-dimension-size=2',
      '--cel-cost-limit=9',
      '--template-namespaces=instance',
    ],
    [],
    { maxCollectionSize: 7, maxCollectionDimensions: 2, budget: 9, namespaces: 'instance' },
  ],
])(
  'the settings are those of the flags of the Deployment, and a record keeps them: %s',
  async (_what, args, on, limits) => {
    const api = apiWith(() => [deployment(named('typekro'), { image: 'a/typekro:1', args })]);
    const settings = await controllerSettings(api, NEVER);
    const isOn = ({ features }: typeof settings) =>
      Object.entries(features).flatMap(([name, value]) => (value ? [name] : []));
    expect({ on: isOn(settings).sort(), limits: settings.limits }).toEqual({ on, limits });
    const kept = settingsOfRecord(recordOf(settings));
    expect({ on: isOn(kept).sort(), limits: kept.limits, level: kept.level }).toEqual({
      on,
      limits,
      level: settings.level,
    });
  },
);

test('the level of the command line has precedence', async () => {
  const none = apiWith(() => []);
  const expected = { ...assumedSettings('--kro-compatibility', '0.9'), facets: 'none' };
  expect(await controllerSettings(none, NEVER, '0.9')).toEqual(expected);
});

test('a level on the command line does not change the gates of the controller', async () => {
  const args = ['--feature-gates=PartialDependencies=true,CELOmitFunction=true,ConservativeCRDComparison=true'];
  const api = apiWith(() => [deployment(named('typekro'), { image: 'a/typekro:1', args })]);
  expect(await controllerSettings(api, NEVER, '0.9')).toMatchObject({
    level: '0.9',
    facets: 'conservative',
    graphKind: false,
    features: { partialDependencies: true, omit: true, dynamicKeys: false },
    from: '--kro-compatibility',
  });
});

const FORBIDDEN = new KubeError('deployments is forbidden', { status: 403, reason: 'Forbidden' });
const refuse = (): never => {
  throw FORBIDDEN;
};
const published = async (flags: readonly string[]): Promise<KubeObject> => {
  let body: unknown;
  const patch = async (...call: readonly unknown[]) => ((body = call[1]), {});
  const find = async () => body ?? { metadata: {} };
  await publishFlags({ find, patch } as never, flags, silentLogger, NEVER);
  const first = body;
  await publishFlags({ find, patch } as never, flags, silentLogger, NEVER);
  expect(body, 'the same flags are not written again').toBe(first);
  return body as KubeObject;
};

test.each<[string, () => readonly KubeObject[], string[] | undefined, object]>([
  ['nothing', refuse, undefined, { level: '0.10', from: `Deployments could not be read: ${FORBIDDEN.message}` }],
  [
    'what the controller has published, without the right to read Deployments',
    refuse,
    ['--kro-compatibility', '0.9', '--feature-gates=GraphKind=true'],
    { level: '0.9', graphKind: true, from: 'published by its controller' },
  ],
  ['what a controller outside the cluster has published', () => [], ['--kro-compatibility=0.9'], { level: '0.9' }],
  ['a controller without flags', () => [], [], { level: '0.10', graphKind: false }],
  [
    'the Deployment, which may be newer',
    () => [deployment(named('kro'), { image: 'a/kro:v0.10.0' })],
    ['--kro-compatibility=0.9'],
    { level: '0.10' },
  ],
])('the settings come from %s', async (_what, answer, flags, expected) => {
  const api = apiWith(answer, flags === undefined ? undefined : await published(flags));
  expect(await controllerSettings(api, NEVER)).toMatchObject(expected);
});
