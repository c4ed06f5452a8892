import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { rejectionOf } from './kubelet-rejection.ts';
import { misfitOf } from './node-fit.ts';
import { demandOf, NodeUsage } from './node-usage.ts';
import { allocatableOf, requestsOf } from './requested-resources.ts';
import { tolerationOf, untoleratedTaint } from './taints.ts';

const pod = (spec: JsonObject): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
const container = (requests: JsonObject, more: JsonObject = {}): JsonObject => ({
  name: 'c',
  image: 'i',
  resources: { requests },
  ...more,
});
const node = (spec: JsonObject = {}, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n', labels },
  spec,
  status: { allocatable: { cpu: '2', memory: '1Gi', pods: '3', 'ephemeral-storage': '10Gi', 'example.com/gpu': '1' } },
});
const usageOf = (...pods: readonly KubeObject[]): NodeUsage => {
  const usage = new NodeUsage();
  for (const each of pods) usage.add(demandOf(each));
  return usage;
};

describe('the requests are computed as in Kubernetes: a pod', () => {
  test.each<[string, JsonObject, Record<string, bigint>]>([
    ['of several containers', { containers: [container({ cpu: '1' }), container({ cpu: '250m' })] }, { cpu: 1250n }],
    [
      'with fractions of a millicpu and of a byte',
      { containers: [container({ cpu: '0.0001', memory: '1500m' })] },
      { cpu: 1n, memory: 2n },
    ],
    [
      'with a large init container',
      { initContainers: [container({ cpu: '3' })], containers: [container({ cpu: '1' })] },
      { cpu: 3000n },
    ],
    [
      'with a sidecar',
      {
        initContainers: [container({ cpu: '500m' }, { restartPolicy: 'Always' })],
        containers: [container({ cpu: '1' })],
      },
      { cpu: 1500n },
    ],
    ['with an overhead', { overhead: { cpu: '10m' }, containers: [container({ cpu: '1' })] }, { cpu: 1010n }],
    ['with requests beyond int64', { containers: [container({ cpu: '9.2E' })] }, { cpu: 9200n * 10n ** 18n }],
    ['without requests', {}, {}],
  ])('%s', (_, spec, expected) => {
    expect(Object.fromEntries(requestsOf(pod(spec)))).toEqual(expected);
  });
});

test('a node without allocatable resources has the capacity of a simulated node', () => {
  const bare: KubeObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } };
  expect(allocatableOf(bare).get('cpu')).toBe(20_000_000n);
});

const requesting = (requests: JsonObject) => pod({ containers: [container(requests)] });
const onPort = (hostPort: number, more: JsonObject = {}) =>
  pod({ containers: [container({}, { ports: [{ containerPort: 80, hostPort, ...more }] })] });
const affinityTo = (...terms: readonly JsonObject[]): JsonObject => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [...terms] } } },
});
const label = (operator: string, ...values: readonly string[]): JsonObject => ({
  matchExpressions: [{ key: 'size', operator, ...(values.length === 0 ? {} : { values: [...values] }) }],
});
const field = (operator: string, name: string): JsonObject => ({
  matchFields: [{ key: 'metadata.name', operator, values: [name] }],
});
const TAINT = { key: 'a', value: 'b', effect: 'NoSchedule' };
const tainted = (effect: string): JsonObject => ({ taints: [{ ...TAINT, effect }] });
const PORTS = "node(s) didn't have free ports for the requested pod ports";
const AFFINITY = "node(s) didn't match Pod's node affinity/selector";
const CORDONED = 'node(s) were unschedulable';
const TAINTED = 'node(s) had untolerated taint(s)';

describe('the scheduler accepts or refuses a node', () => {
  test.each<[string, KubeObject, KubeObject, readonly KubeObject[], readonly string[], boolean?]>([
    ['that has room', requesting({ cpu: '2', memory: '1Gi' }), node(), [], []],
    ['that is full', requesting({ cpu: '1001m' }), node(), [requesting({ cpu: '1' })], ['Insufficient cpu'], true],
    ['that becomes exactly full', requesting({ cpu: '1' }), node(), [requesting({ cpu: '1' })], []],
    ['that is too small', requesting({ cpu: '3' }), node(), [], ['Insufficient cpu'], false],
    [
      'that lacks several resources',
      requesting({ 'example.com/gpu': '1', 'ephemeral-storage': '8Gi', memory: '600Mi', cpu: '2' }),
      node(),
      [requesting({ 'example.com/gpu': '1', 'ephemeral-storage': '8Gi', memory: '600Mi', cpu: '2' })],
      ['Insufficient cpu', 'Insufficient memory', 'Insufficient ephemeral-storage', 'Insufficient example.com/gpu'],
      true,
    ],
    [
      'without the requested resource',
      requesting({ 'example.com/tpu': '1' }),
      node(),
      [],
      ['Insufficient example.com/tpu'],
      false,
    ],
    ['that lacks a resource of which the pod requests 0', requesting({ 'example.com/tpu': '0' }), node(), [], []],
    ['with the maximum number of pods', pod({}), node(), [pod({}), pod({}), pod({})], ['Too many pods'], true],
    ['whose port is in use', onPort(80), node(), [onPort(80)], [PORTS], true],
    [
      'whose port is in use by a sidecar',
      onPort(80),
      node(),
      [
        pod({
          initContainers: [container({}, { restartPolicy: 'Always', ports: [{ containerPort: 1, hostPort: 80 }] })],
        }),
      ],
      [PORTS],
      true,
    ],
    ['whose port is in use with another protocol', onPort(80), node(), [onPort(80, { protocol: 'UDP' })], []],
    [
      'whose port is in use at one address, for a pod that needs all addresses',
      onPort(80),
      node(),
      [onPort(80, { hostIP: '10.0.0.1' })],
      [PORTS],
      true,
    ],
    [
      'whose port is in use at another address',
      onPort(80, { hostIP: '10.0.0.2' }),
      node(),
      [onPort(80, { hostIP: '10.0.0.1' })],
      [],
    ],
    ['that is cordoned', pod({}), node({ unschedulable: true }), [], [CORDONED], false],
    [
      'that is cordoned, for a pod that tolerates this',
      pod({ tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }] }),
      node({ unschedulable: true }),
      [],
      [],
    ],
    ['with a taint', pod({}), node(tainted('NoSchedule')), [], [TAINTED], false],
    ['with a NoExecute taint', pod({}), node(tainted('NoExecute')), [], [TAINTED], false],
    ['with a PreferNoSchedule taint', pod({}), node(tainted('PreferNoSchedule')), [], []],
    ['with a taint that the pod tolerates', pod({ tolerations: [TAINT] }), node(tainted('NoSchedule')), [], []],
    ['without the labels of the node selector', pod({ nodeSelector: { size: 'l' } }), node(), [], [AFFINITY], false],
    ['with the labels of the node selector', pod({ nodeSelector: { size: 'l' } }), node({}, { size: 'l' }), [], []],
    ['with a label of the affinity', pod(affinityTo(label('In', 's', 'l'))), node({}, { size: 'l' }), [], []],
    [
      'without a label of the affinity',
      pod(affinityTo(label('In', 's'))),
      node({}, { size: 'l' }),
      [],
      [AFFINITY],
      false,
    ],
    [
      'with a label that the affinity excludes',
      pod(affinityTo(label('NotIn', 'l'))),
      node({}, { size: 'l' }),
      [],
      [AFFINITY],
      false,
    ],
    ['without a label that must exist', pod(affinityTo(label('Exists'))), node(), [], [AFFINITY], false],
    ['without a label that must not exist', pod(affinityTo(label('DoesNotExist'))), node(), [], []],
    [
      'with a label value that is greater than the number in the affinity',
      pod(affinityTo(label('Gt', '9'))),
      node({}, { size: '10' }),
      [],
      [],
    ],
    [
      'with a label value that is not an int64',
      pod(affinityTo(label('Gt', '9'))),
      node({}, { size: '9223372036854775808' }),
      [],
      [AFFINITY],
      false,
    ],
    [
      'with a label value that is not less than the number in the affinity',
      pod(affinityTo(label('Lt', '9'))),
      node({}, { size: '10' }),
      [],
      [AFFINITY],
      false,
    ],
    ['that the second affinity term names', pod(affinityTo(label('In', 'x'), field('In', 'n'))), node(), [], []],
    ['that an affinity term excludes by name', pod(affinityTo(field('NotIn', 'n'))), node(), [], [AFFINITY], false],
    ['for a pod whose affinity has only an empty term', pod(affinityTo({})), node(), [], [AFFINITY], false],
    // The next rows test the order of the checks: only the first failed check is reported.
    [
      'that is cordoned and tainted',
      pod({}),
      node({ unschedulable: true, ...tainted('NoSchedule') }),
      [],
      [CORDONED],
      false,
    ],
    [
      'whose port is in use and whose CPUs do not suffice',
      pod({ containers: [container({ cpu: '9' }, { ports: [{ containerPort: 1, hostPort: 1 }] })] }),
      node(),
      [onPort(1)],
      [PORTS],
      true,
    ],
  ])('%s', (_, candidate, place, present, reasons, isCurable) => {
    const misfit = misfitOf(demandOf(candidate), place, usageOf(...present));
    expect(misfit).toEqual(reasons.length === 0 ? undefined : { reasons, isCurable });
  });
});

test('the removal of a pod releases all its resources and ports', () => {
  const usage = usageOf(onPort(80), onPort(80, { hostIP: '10.0.0.1' }));
  const large = demandOf(requesting({ cpu: '1', memory: '1Gi' }));
  usage.add(large);
  const copy = usage.copy();
  usage.remove(large);
  usage.remove(demandOf(onPort(80)));
  expect([usage.pods, [...usage.requested]]).toEqual([1, []]);
  expect(usage.hasPortsFor(demandOf(onPort(80, { hostIP: '10.0.0.2' })))).toBe(true);
  expect(usage.hasPortsFor(demandOf(onPort(80)))).toBe(false);
  expect([copy.pods, [...copy.requested.keys()]]).toEqual([3, ['cpu', 'memory']]);
  expect(copy.hasPortsFor(demandOf(onPort(80, { hostIP: '10.0.0.2' })))).toBe(false);
});

test.each([{ memory: '1e30' }, { cpu: '9.2E' }, { memory: '9223372036854775807' }])(
  'the removal of a pod that requests %o leaves exactly the requests of the other pods',
  (requests) => {
    const other = requesting({ cpu: '1', memory: '8Gi' });
    const usage = usageOf(other, requesting(requests));
    usage.remove(demandOf(requesting(requests)));
    expect([...usage.requested]).toEqual([...requestsOf(other)]);
    expect(misfitOf(demandOf(requesting(requests)), node(), usageOf())?.isCurable).toBe(false);
  },
);

describe('the kubelet refuses a pod', () => {
  test.each<[string, KubeObject, KubeObject, readonly KubeObject[], string, string]>([
    [
      'for its CPU',
      requesting({ cpu: '1500m', memory: '2Gi' }),
      node(),
      [requesting({ cpu: '1' })],
      'OutOfcpu',
      "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000",
    ],
    [
      'for its memory',
      requesting({ memory: '2Gi' }),
      node(),
      [],
      'OutOfmemory',
      "Node didn't have enough resource: memory, requested: 2147483648, used: 0, capacity: 1073741824",
    ],
    [
      'as one too many',
      pod({}),
      node(),
      [pod({}), pod({}), pod({})],
      'OutOfpods',
      "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3",
    ],
    [
      'for a device',
      requesting({ 'example.com/gpu': '2' }),
      node(),
      [],
      'OutOfexample.com/gpu',
      "Node didn't have enough resource: example.com/gpu, requested: 2, used: 0, capacity: 1",
    ],
    ['for its port', onPort(80), node(), [onPort(80)], 'NodePorts', `Predicate NodePorts failed: ${PORTS}`],
    [
      'for its node selector',
      pod({ nodeSelector: { size: 'l' } }),
      node(),
      [],
      'NodeAffinity',
      `Predicate NodeAffinity failed: ${AFFINITY}`,
    ],
    [
      'for a taint',
      pod({}),
      node(tainted('NoExecute')),
      [],
      'TaintToleration',
      "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate",
    ],
  ])('%s', (_, candidate, place, present, reason, message) => {
    expect(rejectionOf(demandOf(candidate), place, usageOf(...present))).toEqual({ reason, message });
  });

  test.each<[string, KubeObject, KubeObject]>([
    ['on a cordoned node', pod({}), node({ unschedulable: true })],
    ['on a node with a taint that only concerns the scheduler', pod({}), node(tainted('NoSchedule'))],
    ['with an extended resource that the node does not have', requesting({ 'example.com/tpu': '1' }), node()],
  ])('but accepts one %s', (_, candidate, place) => {
    expect(rejectionOf(demandOf(candidate), place, usageOf())).toBeUndefined();
  });
});

test.each<[string, JsonObject, readonly JsonObject[], number]>([
  ['an equal key, value and effect', TAINT, [{ ...TAINT, operator: 'Equal' }], 0],
  ['the operator Equal by default', TAINT, [{ ...TAINT, operator: '' }], 0],
  ['another value', TAINT, [{ ...TAINT, value: 'c' }], -1],
  ['no value, of a taint with a value', TAINT, [{ key: 'a' }], -1],
  ['no value, of a taint without a value', { key: 'a', effect: 'NoExecute' }, [{ key: 'a' }], 0],
  [
    'another key',
    TAINT,
    [
      { ...TAINT, key: 'c' },
      { key: 'c', operator: 'Exists' },
    ],
    -1,
  ],
  ['another effect', TAINT, [{ ...TAINT, effect: 'NoExecute' }], -1],
  ['all effects', TAINT, [{ key: 'a', value: 'b' }], 0],
  ['all values', TAINT, [{ key: 'a', operator: 'Exists' }], 0],
  ['all keys', TAINT, [{ operator: 'Exists' }], 0],
  ['all keys of one effect', TAINT, [{ operator: 'Exists', effect: 'NoSchedule' }], 0],
  ['all keys of another effect', TAINT, [{ operator: 'Exists', effect: 'NoExecute' }], -1],
  ['an unknown operator', { ...TAINT, value: '5' }, [{ key: 'a', operator: 'Gt', value: '5' }], -1],
  ['several, of which the first counts', TAINT, [{ key: 'c' }, { operator: 'Exists' }, TAINT, TAINT], 1],
  ['several, of which the first is the most exact', TAINT, [TAINT, { key: 'a', operator: 'Exists' }], 0],
])('a pod tolerates a taint with %s', (_, taint, list, place) => {
  expect(tolerationOf(taint, { tolerations: [...list] })).toBe(list[place]);
});

test('a toleration is read once, not once for each taint of each node', () => {
  const keys = Array.from({ length: 500 }, (_, place) => `k${place}`);
  let reads = 0;
  const counted = (key: string): JsonObject => ({
    operator: 'Exists',
    get key() {
      reads += 1;
      return key;
    },
  });
  const spec = { tolerations: keys.toReversed().map(counted) };
  const taints = keys.map((key) => ({ key, effect: 'NoSchedule' }));
  for (let node = 0; node < 3; node += 1) expect(untoleratedTaint(taints, spec, ['NoSchedule'])).toBeUndefined();
  expect(reads).toBe(keys.length);
});
