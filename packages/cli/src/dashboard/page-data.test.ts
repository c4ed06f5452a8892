import { expect, test } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { type InstanceObject, ownViewer } from '@typekro/controller/inspect';
import type { KubernetesApi } from '@typekro/kube';
import { compileGraphObject } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { pot, potDefinition } from '@typekro/testing/test-support/virtual-world';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { Reports } from '@typekro/engine/runtime';
import type { InstanceObservation } from '@typekro/app/instance';
import { type ClusterDetailsOptions, ClusterDetails } from './cluster-details.ts';
import { maskedOutline } from './graph-edges.ts';
import { definitionHead, instanceFacts, rowOf } from './index-rows.ts';
import { knownReadiness, withCounts } from './object-readiness.ts';
import { readPodLog } from './read-pod-log.ts';

test('if the API server does not respond, the facts arrive after two seconds, without the version of the cluster', async () => {
  const clock = new TestClock();
  const raw: KubernetesApi['raw'] = ({ signal }) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
  const viewer = ownViewer({ raw } as KubernetesApi);
  const details = new ClusterDetails({ clock, cluster: 'test', version: '1' } as unknown as ClusterDetailsOptions);
  const answer = details.meta({ viewer, signal: new AbortController().signal });
  await clock.advance(2000);
  expect((await answer).cluster).toEqual({ name: 'test' });
  expect(clock.timers).toBe(0);
});

test('the version of the API server is read again after ten minutes', async () => {
  const clock = new TestClock();
  let reads = 0;
  const raw = () => {
    reads += 1;
    return Promise.resolve({ status: 200, headers: {}, text: JSON.stringify({ gitVersion: `v1.${reads}` }) });
  };
  const viewer = ownViewer({ raw } as unknown as KubernetesApi);
  const details = new ClusterDetails({ clock, cluster: 'test', version: '1' } as unknown as ClusterDetailsOptions);
  const version = async () => (await details.meta({ viewer, signal: new AbortController().signal })).cluster.version;
  expect([await version(), await version()]).toEqual(['v1.1', 'v1.1']);
  await clock.advance(10 * 60_000);
  expect(await version()).toBe('v1.2');
});

/** Returns the outline of a Graph with a node of this kind. An expression in the node contains a literal. */
function outlineOf(kind: string): string {
  const annotations = { v: "${'hunter2' + env.text}" };
  const nodes = [
    { id: 'env', def: { kind: 'Secret', text: 'x' } },
    { id: 'node', template: { apiVersion: 'v1', kind, metadata: { name: 'd', annotations } } },
  ];
  const { graph, diagnostics } = compileGraphObject(
    { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', metadata: { name: 'g', namespace: 'n' }, spec: { nodes } },
    { sources: builtinSource() },
  );
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  return JSON.stringify(maskedOutline(graph).nodes);
}

test.each([
  ['a ConfigMap', 'ConfigMap', true],
  ['a Secret', 'Secret', false],
  ['a computed kind, which can be a Secret', '${env.kind}', false],
])('the literals in the expressions of %s (%s) are shown: %s', (_title, kind, isShown) => {
  expect(outlineOf(kind).includes('hunter2')).toBe(isShown);
});

test.each([
  ['a ConfigMap', 'ConfigMap', true],
  ['a Secret', 'Secret', false],
])('the literals in the conditions and lists of %s (%s) are shown: %s', (_title, kind, isShown) => {
  const nodes = [
    { id: 'env', def: { text: 'x' } },
    {
      id: 'node',
      template: { apiVersion: 'v1', kind, metadata: { name: '${zone}' } },
      includeWhen: ["${env.text != 'hunter1'}"],
      forEach: [{ zone: "${[env.text, 'hunter2']}" }],
      readyWhen: ["${each.metadata.name != 'hunter3'}"],
    },
  ];
  const { graph, diagnostics } = compileGraphObject(
    { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', metadata: { name: 'g', namespace: 'n' }, spec: { nodes } },
    { sources: builtinSource() },
  );
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  const [, node] = maskedOutline(graph).nodes;
  const texts = [
    ...(node?.includeWhen ?? []),
    ...(node?.readyWhen ?? []),
    ...(node?.forEach.map(({ expression }) => expression) ?? []),
  ];
  expect(texts.map((text) => text.includes('hunter'))).toEqual([isShown, isShown, isShown]);
});

const head = (conditions: readonly JsonObject[] = []) =>
  definitionHead({
    ...potDefinition([]),
    status: { state: 'Active', lastIssuedRevision: 3, conditions: [...conditions] },
  });
const rolledOut = (status: string): JsonObject => ({ type: 'RolledOut', status, reason: 'x', message: 'y' });
const instance = (annotations: Record<string, string>, conditions: readonly JsonObject[] = []): KubeObject => {
  const made = pot('a');
  return {
    ...made,
    metadata: { ...made.metadata, annotations },
    status: { state: 'ACTIVE', conditions: [...conditions] },
  };
};
const recorded = { type: 'RevisionReconciled', status: 'True', reason: '1', message: 'x' };
const pin = { 'typekro.dev/revision': '2' };

test.each<[string, KubeObject, ReturnType<typeof head> | undefined, number | undefined, number | undefined]>([
  ['the newest revision of its definition', instance({}), head(), undefined, 3],
  ['the newest revision after a rollout', instance({}), head([rolledOut('True')]), undefined, 3],
  [
    'no revision during a rollout, because the instance may not follow the newest revision',
    instance({}),
    head([rolledOut('Unknown')]),
    undefined,
    undefined,
  ],
  ['no revision while a canary is held', instance({}), head([rolledOut('False')]), undefined, undefined],
  ['the revision that the controller reports during a rollout', instance({}), head([rolledOut('False')]), 2, 2],
  ['the revision that the controller reports rather than the newest revision', instance({}), head(), 2, 2],
  ['the revision in its status rather than the newest revision', instance({}, [recorded]), head(), undefined, 1],
  ['the revision to which it is pinned rather than any other revision', instance(pin, [recorded]), head(), 3, 2],
  ['no revision when the pin is not a number', instance({ 'typekro.dev/revision': 'x' }), head(), undefined, undefined],
  ['no revision when there is no definition', instance({}), undefined, 1, undefined],
])('the row of an instance has %s', (_title, object, serving, reported, expected) => {
  expect(rowOf(instanceFacts(object), serving, reported === undefined ? {} : { revision: reported }).revision).toBe(
    expected,
  );
});

test.each<[string, Record<string, string>, true | undefined]>([
  ['is pinned by its annotation', pin, true],
  ['is not pinned by a pin that is not a number', { 'typekro.dev/revision': 'x' }, undefined],
  ['is not pinned without the annotation', {}, undefined],
])('an instance %s', (_title, annotations, expected) => {
  expect(rowOf(instanceFacts(instance(annotations)), head()).pinned).toBe(expected);
});

test.each<[string, boolean | undefined, Reports.Because['kind'], boolean, boolean | undefined]>([
  ['an object of a ready node', true, 'ready', false, true],
  ['an object of a node that waits for another object', true, 'not-ready', false, true],
  ['an object of a node with another, missing object', true, 'items-missing', false, true],
  ['an object without a pending write, of a node with another write', true, 'write', false, true],
  ['an object with a pending write', true, 'write', true, undefined],
  ['an object whose write waits', true, 'held', false, undefined],
  ['an object whose write fails', true, 'write-failed', false, undefined],
  ['an object whose write is a conflict', true, 'field-conflict', false, undefined],
  ['an object of a node that waits for another node', true, 'dependency', false, undefined],
  ['an object that is read as not ready', false, 'write', true, false],
  ['an object that was not read', undefined, 'ready', false, undefined],
])('the readiness of %s (%s, reason %s, pending write: %s) is %s', (_title, ready, kind, isPending, expected) => {
  expect(knownReadiness(ready, { kind } as Reports.Because, isPending)).toBe(expected);
});

const object = (state: InstanceObject['state'], ready?: boolean): InstanceObject => ({
  object: { apiVersion: 'v1', kind: 'ConfigMap', name: 'a' },
  state,
  ...(ready === undefined ? {} : { ready }),
});
const NODE = { id: 'maps', state: 'waiting', reason: '', waitsFor: [], objects: [] } as const;

test.each<[string, readonly InstanceObject[], { readonly unready?: number; readonly unchecked?: number }]>([
  ['ready objects', [object('present', true)], {}],
  ['an object that is not ready', [object('present', true), object('present', false)], { unready: 1 }],
  ['an object that is being deleted', [object('deleting', false), object('present', true)], {}],
  ['an object with unknown readiness', [object('present'), object('present', true)], { unchecked: 1 }],
  ['objects that do not exist', [object('absent'), object('failed'), object('unknown')], {}],
  [
    'more objects than the limit of a response',
    Array.from({ length: 2001 }, () => object('present', false)),
    { unready: 2001 },
  ],
])('objects that are not ready or not checked are counted: %s', (_title, objects, { unready, unchecked }) => {
  const found = withCounts(NODE, objects);
  expect([found.unready, found.unchecked]).toEqual([unready, unchecked]);
  expect(found.objects.length + (found.omitted ?? 0)).toBe(objects.length);
});

const pod = { apiVersion: 'v1', kind: 'Pod', namespace: 'a', name: 'web-1' };

/**
 * Reads the last lines of a log through a fake kubelet. Like a kubelet, it selects the last `tailLines` lines, and
 * returns the first `limitBytes` bytes of these lines.
 */
function read(lines: readonly string[], tail: number) {
  const api = {
    find: () =>
      Promise.resolve({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'a', name: 'web-1' },
        spec: { containers: [{ name: 'main' }] },
      }),
    raw({ path }: { path: string }) {
      const query = new URL(path, 'http://host').searchParams;
      const bytes = Buffer.from(lines.slice(-Number(query.get('tailLines'))).join(''));
      const text = bytes.subarray(0, Number(query.get('limitBytes'))).toString();
      return Promise.resolve({ status: 200, headers: {}, text });
    },
  } as unknown as KubernetesApi;
  const decision = { nodes: [{ id: 'web', objects: [{ object: pod, state: 'present' }] }] };
  const observation = { decision } as unknown as InstanceObservation;
  const request = { pod, container: 'main', previous: false, tail };
  return readPodLog({ api, observation }, request, AbortSignal.timeout(1000));
}

const numbered = (count: number, size: number): string[] =>
  Array.from({ length: count }, (_, index) => `${`${index + 1} `.padEnd(size - 1, 'ü')}\n`);

test.each([
  ['short lines', numbered(10, 20), 500, { length: 10, truncated: false }],
  ['more lines than requested', numbered(10, 20), 4, { length: 4, truncated: true }],
  ['long lines', numbered(500, 1000), 500, { length: 250, truncated: true }],
  ['very long lines', numbered(8, 200_000), 500, { length: 1, truncated: true }],
])('reads the newest lines of a log with %s', async (_title, lines, tail, { length, truncated }) => {
  const log = await read(lines, tail);
  expect(log.lines.at(-1)?.split(' ')[0]).toBe(String(lines.length));
  expect(log).toMatchObject({ lines: { length }, truncated });
});
