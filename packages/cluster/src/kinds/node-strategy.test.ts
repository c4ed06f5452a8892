import { describe, expect, test } from 'vitest';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { nodeStrategy } from './node-strategy.ts';
import type { WriteContext } from './strategy.ts';
import { Problems } from '../errors/field-problems.ts';

const node = (spec: JsonObject = {}, status: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n' },
  spec,
  status,
});

function problems(object: KubeObject, old?: KubeObject, subresource = ''): string[] {
  const found = new Problems();
  const context = { subresource } as WriteContext;
  if (old === undefined) nodeStrategy.validate?.(object, found, context);
  else nodeStrategy.validateUpdate?.(object, old, found, context);
  return found.map(({ field, message }) => `${field}: ${message}`);
}

const taint = (key: string, effect = 'NoSchedule', more: JsonObject = {}): JsonObject => ({ key, effect, ...more });
const IS_LABEL =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

test.each<[string, KubeObject, string[]]>([
  [
    'taints, resources, features and ranges',
    node(
      { taints: [taint('a'), taint('a', 'NoExecute', { value: 'b' })], podCIDRs: ['10.0.0.0/24', 'fd00::/64'] },
      { capacity: { cpu: '1500m', pods: '110' }, declaredFeatures: ['A', 'A/b', 'B'] },
    ),
    [],
  ],
  [
    'a taint without a key and an effect',
    node({ taints: [{}] }),
    [
      'metadata.taints[0].key: Invalid value: "": name part must be non-empty',
      `metadata.taints[0].key: Invalid value: "": name part ${IS_LABEL}`,
      'metadata.taints[0].effect: Required value',
    ],
  ],
  [
    'an unknown effect',
    node({ taints: [taint('a', 'NoRun')] }),
    [
      'metadata.taints[0].effect: Unsupported value: "NoRun": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
  ],
  [
    'a repeated taint',
    node({ taints: [taint('a', 'NoSchedule', { value: 'x' }), taint('a', 'NoSchedule', { value: 'y' })] }),
    [
      'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"y","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
    ],
  ],
  [
    'negative or fractional resources',
    node({}, { capacity: { cpu: '-1' }, allocatable: { pods: '1500m' } }),
    [
      'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
      'status.allocatable.pods: Invalid value: "1500m": must be an integer',
    ],
  ],
  [
    'a swap capacity of zero',
    node({}, { nodeInfo: { swap: { capacity: 0 } } }),
    ['metadata.nodeSwapStatus.capacity: Invalid value: 0: must be greater than zero'],
  ],
  [
    'features that are unsorted, repeated or invalid',
    node({}, { declaredFeatures: ['B', 'A', 'A', 'c'] }),
    [
      'status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically',
      'status.declaredFeatures[2]: Duplicate value: "A"',
      `status.declaredFeatures[3]: Invalid value: "c": invalid feature name "c": must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`,
    ],
  ],
  [
    'an address instead of a range',
    node({ podCIDRs: ['10.0.0.0'] }),
    ['spec.podCIDRs[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
  ],
  [
    'two ranges of one family',
    node({ podCIDRs: ['10.0.0.0/24', '10.0.1.0/24'] }),
    [
      'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family',
    ],
  ],
])('a node with %s has the expected problems', (_title, object, expected) => {
  expect(problems(object)).toEqual(expected);
});

describe('an update of a node', () => {
  const PROVIDER = 'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid';
  const CIDRS = 'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid';

  test.each<[string, KubeObject, KubeObject, string[]]>([
    ['may set ranges and the provider ID', node({ podCIDRs: ['10.0.0.0/24'], providerID: 'x' }), node(), []],
    ['may change taints', node({ taints: [taint('b')], unschedulable: true }), node({ taints: [taint('a')] }), []],
    ['may not change the provider ID', node({ providerID: 'y' }), node({ providerID: 'x' }), [PROVIDER]],
    ['may not change the ranges', node({ podCIDRs: ['10.0.1.0/24'] }), node({ podCIDRs: ['10.0.0.0/24'] }), [CIDRS]],
    ['may not remove the ranges', node(), node({ podCIDRs: ['10.0.0.0/24', 'fd00::/64'] }), [CIDRS]],
    [
      'may not remove the external ID',
      node(),
      node({ externalID: 'x' }),
      ['spec.externalID: Forbidden: may not be updated'],
    ],
  ])('%s', (_title, object, old, expected) => {
    expect(problems(object, old)).toEqual(expected);
  });

  test('reports a problem twice when the checks of new nodes and of updates both find it', () => {
    const object = node({ taints: [taint('a', '')] });
    expect(problems(object, node())).toEqual(
      Array.from({ length: 2 }, () => 'metadata.taints[0].effect: Required value'),
    );
  });

  test('refuses repeated addresses and negative resources in the status', () => {
    const addresses = [
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'ExternalIP', address: '10.0.0.1' },
      { type: 'InternalIP', address: '10.0.0.1' },
    ];
    expect(problems(node({}, { addresses, capacity: { pods: '-1' } }), node(), 'status')).toEqual([
      'status.capacity.pods: Invalid value: "-1": must be greater than or equal to 0',
      'status.addresses[2]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.1"}',
    ]);
  });
});

describe('a new node in a cluster without controllers', () => {
  test('has the not-ready taint', async () => {
    await using story = await startClusterStory({ controllers: false });
    const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
    expect((await story.client.create(node({ taints: [taint('a')] }))).spec).toEqual({
      taints: [taint('a'), notReady],
    });
    const second = { ...node({ taints: [notReady] }), metadata: { name: 'second' } };
    expect((await story.client.create(second)).spec).toEqual({ taints: [notReady] });
    const ref = { apiVersion: 'v1', kind: 'Node', name: 'n' };
    expect((await story.client.patch(ref, { spec: { taints: null } })).spec).toEqual({});
  });

  test('has its range in podCIDR and podCIDRs, and loses the fields for kubelet configuration', async () => {
    await using story = await startClusterStory({ controllers: false });
    const created = await story.client.create(
      node({ podCIDR: '10.0.0.0/24', configSource: { configMap: { name: 'c' } } }, { config: { error: 'e' } }),
    );
    expect([created.spec?.['podCIDRs'], created.spec?.['configSource'], created.status?.['config']]).toEqual([
      ['10.0.0.0/24'],
      undefined,
      undefined,
    ]);
    const other = { ...node({ podCIDRs: ['10.0.1.0/24', 'fd00::/64'] }), metadata: { name: 'other' } };
    expect((await story.client.create(other)).spec).toMatchObject({ podCIDR: '10.0.1.0/24' });
  });
});
