import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { ConfigSource } from './config-source.ts';
import { containerCommand, containerEnvironment, inheritedVariables } from './container-environment.ts';
import { innerPath, mountLinks, volumeFiles } from './volume-files.ts';
import { expandVariables, missingVariables } from './container-settings.ts';

test.each([
  ['$(A) and $(B)', 'one and two'],
  ['$$(A) $$ $', '$(A) $ $'],
  ['$(UNKNOWN) $(A', '$(UNKNOWN) $(A'],
  ['$$$(A)', '$one'],
  ['${A} $A', '${A} $A'],
])('the references in %j are expanded', (text, expected) => {
  const variables = new Map([
    ['A', 'one'],
    ['B', 'two'],
  ]);
  expect(expandVariables(text, variables)).toBe(expected);
});

test('references to unknown and empty variables are reported as missing', () => {
  const variables = new Map([
    ['A', 'one'],
    ['EMPTY', ''],
  ]);
  expect(missingVariables('$(A)/$(NO)/$(EMPTY)/$$(B)/$(NO)', variables)).toEqual(['EMPTY', 'NO']);
});

const OBJECTS: Readonly<Record<string, JsonObject>> = {
  'configmap conf': { data: { COLOR: 'red', other: 'x' } },
  'configmap raw': { binaryData: { raw: 'AAE=' } },
  'secret key': { data: { TOKEN: Buffer.from('abc').toString('base64') } },
};

const config: ConfigSource = { find: (kind, name) => OBJECTS[`${kind} ${name}`] as KubeObject | undefined };

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', uid: 'u', labels: { app: 'web' } },
  spec: { nodeName: 'node', serviceAccountName: 'sa' },
};

const facts = { address: '127.64.0.1', hostAddress: '10.0.0.1' };

const environment = (container: JsonObject, fixed: Readonly<Record<string, string>> = {}) => {
  const found = containerEnvironment({
    pod,
    container: { name: 'c', ...container },
    config,
    facts,
    inherited: new Map([['PATH', '/bin']]),
    fixed: new Map(Object.entries(fixed)),
  });
  return 'problem' in found ? found : Object.fromEntries(found);
};

describe('the variables of a container', () => {
  test.each<[string, JsonObject, unknown]>([
    ['no variables of its own', {}, { PATH: '/bin' }],
    [
      'a variable of its own that replaces an inherited variable',
      { env: [{ name: 'PATH', value: '/own:$(PATH)' }] },
      { PATH: '/own:/bin' },
    ],
    [
      'the prefixed entries of a ConfigMap, and a reference to an entry',
      { envFrom: [{ prefix: 'P_', configMapRef: { name: 'conf' } }], env: [{ name: 'X', value: '$(P_COLOR)' }] },
      { PATH: '/bin', P_COLOR: 'red', P_other: 'x', X: 'red' },
    ],
    [
      'a ConfigMap with binary data',
      { envFrom: [{ configMapRef: { name: 'raw' } }] },
      { problem: 'the variable "raw" has a NUL character' },
    ],
    ['the entries of a Secret', { envFrom: [{ secretRef: { name: 'key' } }] }, { PATH: '/bin', TOKEN: 'abc' }],
    ['a missing optional Secret', { envFrom: [{ secretRef: { name: 'no', optional: true } }] }, { PATH: '/bin' }],
    ['a missing ConfigMap', { envFrom: [{ configMapRef: { name: 'no' } }] }, { problem: 'configmap "no" not found' }],
    [
      'a key of a ConfigMap',
      { env: [{ name: 'C', valueFrom: { configMapKeyRef: { name: 'conf', key: 'COLOR' } } }] },
      { PATH: '/bin', C: 'red' },
    ],
    [
      'a missing key',
      { env: [{ name: 'C', valueFrom: { secretKeyRef: { name: 'key', key: 'no' } } }] },
      { problem: "couldn't find key no in Secret ns/key" },
    ],
    [
      'an optional missing key',
      { env: [{ name: 'C', valueFrom: { secretKeyRef: { name: 'key', key: 'no', optional: true } } }] },
      { PATH: '/bin' },
    ],
    [
      'fields of the pod',
      {
        env: [
          'metadata.name',
          'metadata.namespace',
          "metadata.labels['app']",
          'status.podIP',
          'spec.nodeName',
          'spec.host',
        ].map((fieldPath, index) => ({ name: `F${index}`, valueFrom: { fieldRef: { fieldPath } } })),
      },
      { PATH: '/bin', F0: 'p', F1: 'ns', F2: 'web', F3: '127.64.0.1', F4: 'node', F5: 'node' },
    ],
    [
      'resources in units',
      {
        resources: { limits: { cpu: '1500m', memory: '64Mi' } },
        env: [
          { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
          { name: 'MILLI', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
          { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
          { name: 'REQUEST', valueFrom: { resourceFieldRef: { resource: 'requests.memory' } } },
        ],
      },
      { PATH: '/bin', CPU: '2', MILLI: '1500', MEMORY: '64', REQUEST: '0' },
    ],
    ['a NUL character', { env: [{ name: 'A', value: 'a\0b' }] }, { problem: 'the variable "A" has a NUL character' }],
    [
      'a variable name with an equals sign',
      { env: [{ name: 'A=B', value: '' }] },
      { problem: '"A=B" cannot be the name of a variable' },
    ],
  ])('with %s', (_title, container, expected) => {
    expect(environment(container)).toEqual(expected);
  });

  test('env cannot replace fixed variables, and references use the fixed values', () => {
    const container = {
      env: [
        { name: 'ROOT', value: '' },
        { name: 'FILE', value: '$(ROOT)/a' },
      ],
    };
    expect(environment(container, { ROOT: '/tmp/x' })).toEqual({ PATH: '/bin', ROOT: '/tmp/x', FILE: '/tmp/x/a' });
  });

  test('a ConfigMap cannot replace fixed variables, and references use the fixed values', () => {
    const container = {
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'conf' } }],
      env: [{ name: 'FILE', value: '$(P_COLOR)/$(P_other)' }],
    };
    expect(environment(container, { P_COLOR: '/tmp/x' })).toEqual({
      PATH: '/bin',
      P_COLOR: '/tmp/x',
      P_other: 'x',
      FILE: '/tmp/x/x',
    });
  });

  test('a container inherits only the variables in INHERITED from the process of the cluster', () => {
    const env = { PATH: '/bin', HOME: '/h', AWS_SECRET_ACCESS_KEY: 'x', KUBECONFIG: '/k', NODE_OPTIONS: '-r x' };
    expect(Object.fromEntries(inheritedVariables(env))).toEqual({ PATH: '/bin', HOME: '/h' });
  });
});

test.each<[JsonObject, unknown]>([
  [{ command: ['run', '--name=$(A)'], args: ['$(A)'] }, ['run', '--name=one', 'one']],
  [{ args: ['x'] }, { problem: expect.stringContaining('has no command') }],
  [{ command: ['a\0b'] }, { problem: 'the command has a NUL character' }],
])('the container %j has the command or the problem %j', (container, expected) => {
  expect(containerCommand(container, new Map([['A', 'one']]))).toEqual(expected);
});

test.each([
  ['a/b', 'a/b'],
  ['./a//b/', 'a/b'],
  ['', ''],
  ['/a', undefined],
  ['../a', undefined],
  ['a/../../b', undefined],
  ['a\0b', undefined],
])('the path %j is normalized to %j inside a volume', (path, expected) => {
  expect(innerPath(path)).toBe(expected);
});

const files = (volume: JsonObject) => {
  const found = volumeFiles(
    { pod, config, facts, token: ({ audience, expirationSeconds }) => `${expirationSeconds} s for ${audience}` },
    volume,
  );
  return 'problem' in found ? found : Object.fromEntries(found.map(({ path, content }) => [path, content.toString()]));
};

test.each<[string, JsonObject, unknown]>([
  ['an empty folder', { emptyDir: {} }, {}],
  ['a ConfigMap', { configMap: { name: 'conf' } }, { COLOR: 'red', other: 'x' }],
  ['binary data', { configMap: { name: 'raw' } }, { raw: '\0\u0001' }],
  ['a key of a Secret', { secret: { secretName: 'key', items: [{ key: 'TOKEN', path: 'a/t' }] } }, { 'a/t': 'abc' }],
  ['a missing Secret', { secret: { secretName: 'no' } }, { problem: 'secret "no" not found' }],
  ['an optional missing Secret', { secret: { secretName: 'no', optional: true } }, {}],
  [
    'a path that leaves the volume',
    { name: 'v', secret: { secretName: 'key', items: [{ key: 'TOKEN', path: '../../t' }] } },
    { problem: 'the path "../../t" does not name a file inside the volume "v"' },
  ],
  [
    'an unsupported source',
    { name: 'v', projected: { sources: [{ clusterTrustBundle: { name: 'ca', path: 'ca.pem' } }] } },
    { problem: 'the source clusterTrustBundle of the volume "v" is not supported' },
  ],
  [
    'several sources',
    {
      projected: {
        sources: [
          { serviceAccountToken: { path: 'token', audience: 'a', expirationSeconds: 600 } },
          { serviceAccountToken: { path: 'default' } },
          { configMap: { name: 'conf', items: [{ key: 'COLOR', path: 'color' }] } },
          { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    },
    { token: '600 s for a', default: '3600 s for ', color: 'red', labels: 'app="web"' },
  ],
])('a volume with %s has the expected files or problem', (_title, volume, expected) => {
  expect(files(volume)).toEqual(expected);
});

test.each<[JsonObject[], unknown]>([
  [
    [
      { name: 'b', mountPath: '/etc/app/certs' },
      { name: 'a', mountPath: '/etc/app', subPath: 'x' },
    ],
    [
      { place: 'etc/app', volume: 'a', path: 'x' },
      { place: 'etc/app/certs', volume: 'b', path: '' },
    ],
  ],
  [[{ name: 'a', mountPath: '/etc/../..' }], { problem: 'the mount path "/etc/../.." is not possible' }],
  [[{ name: 'a', mountPath: '/etc/../var' }], [{ place: 'var', volume: 'a', path: '' }]],
  [[{ name: 'a', mountPath: 'srv//./data/' }], [{ place: 'srv/data', volume: 'a', path: '' }]],
  [[{ name: 'a', mountPath: '/a', subPathExpr: '$(NO)/$(UP)' }], { problem: 'missing value for "NO"' }],
  [[{ name: 'a', mountPath: '/' }], { problem: 'the mount path "/" is not possible' }],
  [[{ name: 'a', mountPath: '/a', subPath: '../b' }], { problem: 'the sub-path "../b" leaves its volume' }],
  [[{ name: 'a', mountPath: '/a', subPathExpr: '$(UP)' }], { problem: 'the sub-path "../b" leaves its volume' }],
])('mountLinks finds the expected links for %j', (volumeMounts, expected) => {
  expect(mountLinks({ volumeMounts }, new Map([['UP', '../b']]))).toEqual(expected);
});
