import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { Graph, GraphNode } from '@typekro/engine/graph';
import type { Decision, NodeReport } from '@typekro/engine/runtime';
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

/** Returns the selections for the reports `nodes`. `live` has the objects of each node that the reader may read. */
function selectionsOf(
  nodes: readonly NodeReport[],
  live: Readonly<Record<string, KubeObject | readonly KubeObject[]>>,
  options: {
    readonly instance?: KubeObject;
    readonly watch?: Decision['watch'];
    readonly types?: Readonly<Record<string, GraphNode['nodeType']>>;
  } = {},
) {
  const { instance = INSTANCE, watch = [], types = {} } = options;
  const decision = { nodes, watch } as Decision;
  const typed = nodes.map(({ id }) => [id, { id, nodeType: types[id] ?? 'resource' }] as const);
  const graph = { nodes: new Map(typed) } as unknown as Graph;
  return childSelections({ instance, decision, graph }, new Map(Object.entries(live)));
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

test('a few objects that the controller does not label are selected by name, and many by their kind', () => {
  const shared = ['a', 'b', 'c', 'd', 'e'].map((name) => map(name, {}));
  const types = { ext: 'external' } as const;
  expect(selectionsOf([node('ext', shared.slice(0, 1))], { ext: shared[0]! }, { types }).map(text)).toEqual([
    'ConfigMap metadata.name=a',
  ]);
  const [all] = selectionsOf([node('ext', shared)], { ext: shared }, { types });
  expect(text(all!)).toBe('ConfigMap default/a,default/b,default/c,default/d,default/e');
  const [fewer] = selectionsOf([node('ext', [...shared, map('f')])], { ext: shared }, { types });
  expect(fewer?.key).toBe(all?.key);
});

test('an object without the label of its controller is selected by the label and by its name', () => {
  const [a, b] = [map('a'), map('b', {})];
  const found = selectionsOf([node('one', [a]), node('two', [b])], { one: a, two: b });
  expect(found.map(text)).toEqual([`ConfigMap kro.run/instance-id=${UID}`, 'ConfigMap metadata.name=b']);
  // The list by the label does not contain the object `b`. This does not count as the removal of `b`.
  expect(found.map(({ seen }) => [...(seen?.keys() ?? [])])).toEqual([['default/a'], ['default/b']]);
  expect(found.every(({ unread }) => unread === undefined)).toBe(true);
});

test.each<[string, KubeObject, GraphNode['nodeType']]>([
  ['an instance', INSTANCE, 'resource'],
  ['a collection of a Graph', GRAPH, 'collection'],
  ['a node of a Graph', GRAPH, 'resource'],
  ['an external object', INSTANCE, 'external'],
])('the selection for %s has the same key for readers with different rights', (_title, instance, nodeType) => {
  const object = map('a', instance === GRAPH && nodeType === 'resource' ? {} : LABELS);
  const options = { instance, types: { one: nodeType } };
  const [mine] = selectionsOf([node('one', [object])], { one: object }, options);
  const [theirs] = selectionsOf([node('one', [object])], {}, options);
  expect(theirs?.key).toBe(mine?.key);
  expect([...(mine?.seen ?? [])]).toEqual([['default/a', '7']]);
  expect([...(theirs?.seen ?? [])]).toEqual([]);
  expect([mine?.unread, theirs?.unread]).toEqual([undefined, new Set(['default/a'])]);
});

test('a missing object is selected by the label that the controller sets, or by its name for a Graph', () => {
  const web = node('web', [map('a')]);
  const absent: NodeReport = { ...web, objects: web.objects.map((each) => ({ ...each, state: 'absent' })) };
  const [found] = selectionsOf([absent], {});
  expect(text(found!)).toBe(`ConfigMap kro.run/instance-id=${UID}`);
  // The creation of the missing object is a change.
  expect([found?.seen?.size, found?.unread]).toEqual([0, undefined]);
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
  // A reader that may not list the objects has seen none of them.
  const [unread] = selectionsOf([node('maps', [])], {}, { watch });
  expect([unread?.key, unread?.seen]).toEqual([found[0]?.key, undefined]);
});

test('selects the pods of a limited number of workloads, first those of nodes that are not ready', () => {
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

test('a Deployment of another API group, and a Deployment without a selector, select no pods', () => {
  const other = object('acme.dev/v1', 'Deployment', 'a', { spec: { selector: { matchLabels: { app: 'a' } } } });
  const bare = object('apps/v1', 'Deployment', 'b', { spec: {} });
  const found = selectionsOf([node('o', [other]), node('b', [bare])], { o: other, b: bare });
  expect(found.filter(({ type }) => type.kind === 'Pod')).toEqual([]);
});
