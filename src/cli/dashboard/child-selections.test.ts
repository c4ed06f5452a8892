import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../core/index.ts';
import type { Decision, NodeReport } from '../../runtime/index.ts';
import { childSelections } from './child-selections.ts';

const UID = 'u1';
const INSTANCE: KubeObject = {
  apiVersion: 'acme.dev/v1',
  kind: 'Shop',
  metadata: { name: 'web', namespace: 'default', uid: UID },
};
const GRAPH: KubeObject = { ...INSTANCE, apiVersion: 'kro.run/v1alpha1', kind: 'Graph' };
const LABELS = { 'kro.run/instance-id': UID };

const object = (apiVersion: string, kind: string, name: string, rest: JsonObject = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'default', resourceVersion: '7', ...(rest['metadata'] as JsonObject) },
  ...(rest['spec'] === undefined ? {} : { spec: rest['spec'] as JsonObject }),
});
const map = (name: string, labels: JsonObject = LABELS): KubeObject =>
  object('v1', 'ConfigMap', name, { metadata: { labels } });

function node(id: string, objects: readonly KubeObject[], state: NodeReport['state'] = 'ready'): NodeReport {
  return {
    id,
    state,
    because: { kind: 'ready' },
    objects: objects.map(({ apiVersion, kind, metadata }) => ({
      object: { apiVersion, kind, namespace: 'default', name: metadata.name ?? '' },
      state: 'present',
    })),
  };
}

/** The selections as `Kind labels|fields`, and the known versions of each. */
function selectionsOf(
  nodes: readonly NodeReport[],
  live: Readonly<Record<string, KubeObject | readonly KubeObject[]>>,
  { instance = INSTANCE, watch = [] }: { instance?: KubeObject; watch?: Decision['watch'] } = {},
) {
  const decision = { nodes, watch } as unknown as Decision;
  return childSelections({ instance, decision }, new Map(Object.entries(live)));
}

const text = ({ type, labelSelector, fieldSelector, only }: ReturnType<typeof childSelections>[number]): string =>
  `${type.kind} ${labelSelector ?? fieldSelector ?? [...(only ?? [])].join()}`;

test('labelled objects of a kind and namespace are one selection, with the versions that were read', () => {
  const [a, b] = [map('a'), map('b')];
  const found = selectionsOf([node('one', [a]), node('two', [b])], { one: a, two: b });
  expect(found.map(text)).toEqual([`ConfigMap kro.run/instance-id=${UID}`]);
  expect(found[0]).toMatchObject({ namespace: 'default' });
  expect([...(found[0]?.seen ?? [])]).toEqual([
    ['default/a', '7'],
    ['default/b', '7'],
  ]);
});

test('an object without the label of the instance is selected by name, and many by their kind', () => {
  const shared = ['a', 'b', 'c', 'd', 'e'].map((name) => map(name, {}));
  expect(selectionsOf([node('ext', shared.slice(0, 1))], { ext: shared[0]! }).map(text)).toEqual([
    'ConfigMap metadata.name=a',
  ]);
  expect(selectionsOf([node('ext', shared)], { ext: shared }).map(text)).toEqual([
    'ConfigMap default/a,default/b,default/c,default/d,default/e',
  ]);
});

test('an absent object of an instance is selected by the label that it gets, and one of a Graph by its name', () => {
  const absent = node('web', [map('a')]);
  expect(selectionsOf([absent], {}).map(text)).toEqual([`ConfigMap kro.run/instance-id=${UID}`]);
  expect(selectionsOf([absent], {}, { instance: GRAPH }).map(text)).toEqual(['ConfigMap metadata.name=a']);
});

test('an external collection is selected as the controller lists it', () => {
  const watch: Decision['watch'] = [
    {
      kind: 'list',
      nodeId: 'maps',
      target: {
        type: { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true },
        selector: 'app=web',
      },
    },
  ];
  const found = selectionsOf([node('maps', [])], { maps: [map('x', {})] }, { watch });
  expect(found.map(text)).toEqual(['ConfigMap app=web']);
  expect(found[0]?.namespace).toBeUndefined();
  expect([...(found[0]?.seen?.keys() ?? [])]).toEqual(['default/x']);
});

test('the pods of workloads are selected, those of nodes that are not ready first, and their number is bounded', () => {
  const workload = (name: string, kind = 'Deployment'): KubeObject =>
    object(kind === 'Job' ? 'batch/v1' : 'apps/v1', kind, name, {
      metadata: { labels: LABELS },
      spec: { selector: { matchLabels: { app: name } } },
    });
  const [ready, waiting] = [workload('ready'), workload('waiting', 'Job')];
  const found = selectionsOf([node('r', [ready]), node('w', [waiting], 'waiting')], { r: ready, w: waiting });
  expect(found.map(text).filter((each) => each.startsWith('Pod'))).toEqual(['Pod app=waiting', 'Pod app=ready']);
  expect(found.find(({ type }) => type.kind === 'Pod')?.seen).toBeUndefined();
  const many = Array.from({ length: 50 }, (_, index) => workload(`w${index}`));
  const pods = selectionsOf([node('m', many)], { m: many }).filter(({ type }) => type.kind === 'Pod');
  expect(pods).toHaveLength(16);
});

test('a kind of another group that is called as a workload, and a workload without a selector, select no pods', () => {
  const other = object('acme.dev/v1', 'Deployment', 'a', { spec: { selector: { matchLabels: { app: 'a' } } } });
  const bare = object('apps/v1', 'Deployment', 'b', { spec: {} });
  const found = selectionsOf([node('o', [other]), node('b', [bare])], { o: other, b: bare });
  expect(found.filter(({ type }) => type.kind === 'Pod')).toEqual([]);
});
