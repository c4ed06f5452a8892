import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChildChanges } from '../../packages/cli/src/dashboard/child-changes.ts';
import { type ClusterDetailsOptions, ClusterDetails } from '../../packages/cli/src/dashboard/cluster-details.ts';
import { ClusterIndex } from '../../packages/cli/src/dashboard/cluster-index.ts';
import { assumedSettings } from '@typekro/controller/controller';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { InspectCall, InspectEvent, InstanceRow, ObjectDetail } from '@typekro/controller/inspect';
import { instanceRef, ownViewer } from '@typekro/controller/inspect';
import { systemClock } from '@typekro/kube';
import { mapRef, mapResource, pot, potDefinition, potRef, potsRef } from '@typekro/testing/test-support/virtual-world';
import { type ControllerWorld, controllerWorld } from './controller-world.ts';

const metadata = { name: 'shared', namespace: 'default' };
const SHARED: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: 'hello' } };
const SHARED_REF = mapRef('shared');
const EXTERNAL: JsonObject = {
  id: 'ext',
  externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' } },
};
const CREDS: JsonObject = {
  id: 'creds',
  template: {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: '${schema.metadata.name}-creds' },
    stringData: { password: 'hunter2hunter2', derived: '${schema.metadata.name + "-3f1c9d"}' },
  },
};
const NODES = [
  EXTERNAL,
  CREDS,
  mapResource('web', { text: '${ext.data.text}', key: '${base64.encode(creds.data.password)}' }),
];
const ref = (name: string): string => instanceRef({ ...potRef(name) });

let world: ControllerWorld;
let index: ClusterIndex;
let children: ChildChanges;
let options: ClusterDetailsOptions;
let details: ClusterDetails;
let call: InspectCall;
/** The id of the last event that a test has awaited. */
let lastObjectChange: number;
beforeEach(async () => {
  world = await controllerWorld();
  await world.apply(potDefinition(NODES));
  await world.until(potsRef, (object) => object?.status?.['state'] === 'Active');
  await world.apply(pot('a'), pot('b'));
  for (const name of ['a', 'b']) await world.until(potRef(name), ({ status } = {} as KubeObject) => status?.['state']);
  const { reports } = world.controller;
  lastObjectChange = 0;
  index = new ClusterIndex({ api: world.user, clock: systemClock, reports });
  await index.start();
  const context = { cwd: '/', env: {}, print: () => {}, printError: () => {}, readInput: () => Promise.resolve('') };
  call = { viewer: ownViewer(world.user), signal: new AbortController().signal };
  children = new ChildChanges({ api: world.user, clock: systemClock, log: index.log });
  options = {
    index,
    children,
    clock: systemClock,
    version: '1',
    cluster: 'test',
    source: 'controller',
    actions: [],
    settings: () => Promise.resolve(assumedSettings('this test', '0.10')),
    context: { ...context, signal: call.signal },
    namespace: 'default',
  };
  details = new ClusterDetails(options);
});
afterEach(async () => {
  await Promise.all([index.close(), children.close()]);
  await world.close();
});

/** Resolves when `holds` returns true for the row of this instance. */
const until = (name: string, holds: (row: InstanceRow | undefined) => boolean): Promise<void> =>
  new Promise((resolve) => {
    const check = () => {
      if (!holds(index.instance(ref(name)))) return;
      unsubscribe();
      resolve();
    };
    const unsubscribe = index.log.subscribe(check);
    check();
  });

/** The next event about a change of an object. */
const nextObjectChange = (): Promise<InspectEvent> =>
  new Promise((resolve) => {
    const check = (): void => {
      const found = index.log
        .after(lastObjectChange)
        .events.find(({ id, type }) => id > lastObjectChange && type === 'object-changed');
      if (found === undefined) return;
      lastObjectChange = found.id;
      unsubscribe();
      resolve(found);
    };
    const unsubscribe = index.log.subscribe(check);
    check();
  });

async function makeReady(): Promise<void> {
  await world.apply(SHARED);
  for (const name of ['a', 'b']) await until(name, (row) => row?.state === 'ACTIVE');
}

describe('the index', () => {
  it('has one row per definition and per instance, and the row of a waiting instance has the reason', () => {
    expect(index.definitions()).toMatchObject([
      { name: 'pots', kind: 'Pot', state: 'Active', instances: 2, counts: { IN_PROGRESS: 2, ACTIVE: 0 }, revision: 1 },
    ]);
    expect(index.instance(ref('a'))).toMatchObject({ definition: 'pots', state: 'IN_PROGRESS', revision: 1 });
    expect(index.instance(ref('a'))?.waitingFor).toContain('shared');
  });

  it.each([
    ['with the reports of the controller', true],
    ['without the reports of the controller', false],
  ])('shows a new revision of an instance even if the revision changes no object, %s', async (_what, hasReports) => {
    await makeReady();
    const { reports } = world.controller;
    const own = new ClusterIndex({ api: world.user, clock: systemClock, ...(hasReports ? { reports } : {}) });
    await own.start();
    const { resourceVersion } = (await world.user.get(potRef('a'))).metadata;
    const idle = { ...mapResource('idle', { text: 'x' }), includeWhen: ['${schema.spec.text == "never"}'] };
    await world.apply(potDefinition([...NODES, idle]));
    const revisions = () => own.instances().map(({ name, revision }) => [name, revision]);
    await expect.poll(revisions).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
    expect((await world.user.get(potRef('a'))).metadata.resourceVersion).toBe(resourceVersion);
    // The instances are in the order of their passes. The test ignores a late event about readiness, because it does
    // not change the revision.
    const changes = own.log.after(0).events.filter(({ message }) => message.startsWith('revision'));
    expect(changes.map(({ type, subject, message }) => `${type} ${subject} ${message}`).toSorted()).toEqual([
      `instance-changed ${ref('a')} revision 2`,
      `instance-changed ${ref('b')} revision 2`,
    ]);
    await own.close();
  });

  it('follows changes, and keeps the last row of a deleted instance', async () => {
    await makeReady();
    expect(index.instance(ref('a'))).not.toHaveProperty('waitingFor');
    await world.user.delete(potRef('a'));
    await until('a', (row) => row === undefined);
    expect(index.removed(ref('a'))).toMatchObject({ name: 'a', definition: 'pots' });
    expect(await details.instance(ref('a'), call)).toBeUndefined();
    const types = index.log.after(0).events.map(({ type }) => type);
    expect(types).toContain('instance-removed');
    expect(types).toContain('wrote');
  });

  it('removes the kind of a deleted definition', async () => {
    await world.user.delete(potRef('a'));
    await world.user.delete(potRef('b'));
    await world.user.delete(potsRef);
    await world.until(potsRef, (object) => object === undefined);
    await expect.poll(() => [index.definitions(), index.instances(), index.limits()]).toEqual([[], [], []]);
  });
});

describe('an instance', () => {
  it('that waits has nodes with reasons, and values that are known, unknown or secret', async () => {
    const found = await details.instance(ref('a'), call);
    expect(found?.nodes.map(({ id, state }) => [id, state])).toEqual([
      ['ext', 'waiting'],
      ['creds', 'ready'],
      ['web', 'pending'],
    ]);
    const values = found?.edges.flatMap(({ from, to, reads }) =>
      reads.flatMap((read) => read.values.map((value) => [from, to, read.place, value.is])),
    );
    expect(values).toContainEqual(['ext', 'web', 'data.text', 'unknown']);
    expect(values).toContainEqual(['creds', 'web', 'data.key', 'secret']);
    // A value of the spec is shown in the name of an object, and hidden in the data of a Secret.
    expect(values).toContainEqual(['schema', 'creds', 'metadata.name', 'known']);
    expect(values).toContainEqual(['schema', 'creds', 'stringData.derived', 'secret']);
    expect(values).toContainEqual(['schema', 'web', 'metadata.name', 'known']);
  });

  it('shows why it waits, and the other instances that wait for the same object', async () => {
    const found = await details.why(ref('a'), undefined, call);
    expect(found?.chains).toMatchObject([
      { nodes: ['ext', 'web'], object: { kind: 'ConfigMap', name: 'shared' }, others: [{ name: 'b' }], othersTotal: 1 },
    ]);
    expect(found?.causes[0]?.remedy).toContain('create it');
    expect(found).toMatchObject({ othersWaiting: 1, othersCompared: 1 });
  });

  it('is compared with all other waiting instances if the controller sends reports; otherwise, with 25 of them, and the response says so', async () => {
    const names = Array.from({ length: 27 }, (_, number) => `more-${number}`);
    await world.apply(...names.map((name) => pot(name)));
    for (const name of names) await until(name, (row) => (row?.waitingFor ?? '').includes('shared'));
    const read = await details.why(ref('a'), undefined, call);
    expect(read).toMatchObject({ chains: [{ othersTotal: 25 }], othersWaiting: 28, othersCompared: 25 });
    const own = new ClusterDetails({ ...options, reports: world.controller.reports });
    const reported = await own.why(ref('a'), undefined, call);
    expect(reported).toMatchObject({ chains: [{ othersTotal: 28 }], othersWaiting: 28, othersCompared: 28 });
    expect(reported?.chains[0]?.others.map(({ name }) => name)).toContain('more-26');
  });

  it('that is ready shows its values, but no response contains a value of a Secret', async () => {
    await makeReady();
    const node = await details.node(ref('a'), 'web', undefined, call);
    const field = (place: string) => node?.expressions.find((each) => each.place === place)?.value;
    expect(field('data.text')).toEqual({ is: 'known', value: 'hello' });
    expect(field('data.key')).toEqual({ is: 'secret' });
    const secret = { apiVersion: 'v1', kind: 'Secret', namespace: 'default', name: 'a-creds' };
    const creds = await details.node(ref('a'), 'creds', undefined, call);
    expect(creds?.expressions.map(({ place, value }) => [place, value.is])).toEqual([
      ['metadata.name', 'known'],
      ['stringData.derived', 'secret'],
    ]);
    const answers = [
      node,
      await details.instance(ref('a'), call),
      await details.object(ref('a'), mapRef('a-web'), call),
      await details.object(ref('a'), secret, call),
      await details.why(ref('a'), undefined, call),
      await details.definition('pots', call),
      await details.revision('pots', 1, call),
    ];
    const password = 'hunter2hunter2';
    const base64 = Buffer.from(password).toString('base64');
    for (const hidden of [password, base64, Buffer.from(base64).toString('base64'), 'a-3f1c9d'])
      expect(JSON.stringify([...answers, creds])).not.toContain(hidden);
    // The API server stores `stringData` in `data`.
    const data = { password: '(secret)', derived: '(secret)' };
    expect(answers[3]).toMatchObject({ node: 'creds', desired: { data }, live: { data } });
    expect(answers[3]).not.toHaveProperty('desired.stringData');
    expect(Object.keys((answers[3] as ObjectDetail).live ?? {}).slice(0, 3)).toEqual([
      'apiVersion',
      'kind',
      'metadata',
    ]);
  });

  it('that is suspended shows the drift of its object, with the desired value and the manager that changed the field', async () => {
    await makeReady();
    const patch = { metadata: { annotations: { 'kro.run/reconcile': 'suspended' } } };
    await world.user.patch(potRef('a'), patch);
    await until('a', (row) => row?.suspended === true);
    await world.user.patch(mapRef('a-web'), { data: { text: 'by hand' } }, { fieldManager: 'jane' });
    const found = await details.object(ref('a'), mapRef('a-web'), call);
    expect(found).toMatchObject({
      node: 'web',
      desired: { data: { text: 'hello' } },
      live: { data: { text: 'by hand', key: '(secret)' } },
      differences: [{ path: 'data.text', kind: 'differs', wanted: 'hello', found: 'by hand', managers: ['jane'] }],
    });
    expect(found?.differences[0]?.at).toBeDefined();
    expect(found?.managers.map(({ manager }) => manager)).toContain('jane');
  });

  it('has the event of reverted drift, and reports it to a page that shows the instance', async () => {
    await makeReady();
    await details.instance(ref('a'), call);
    await world.user.patch(mapRef('a-web'), { data: { text: 'by hand' } }, { fieldManager: 'jane' });
    const recorded = () => index.log.after(0).events.filter(({ type }) => type === 'event-recorded');
    await expect.poll(() => recorded().map(({ subject }) => subject)).toContain(ref('a'));
    await expect
      .poll(async () => (await details.events(ref('a'), undefined, call))?.items[0])
      .toMatchObject({
        type: 'Warning',
        reason: 'DriftCorrected',
        object: { kind: 'Pot', name: 'a' },
        message: expect.stringContaining('data.text changed by jane') as string,
      });
    // The events of a node are the events of its objects.
    expect((await details.events(ref('a'), 'web', call))?.items.map(({ reason }) => reason)).not.toContain(
      'DriftCorrected',
    );
  });

  it('reports a change of its objects even if its status stays the same', async () => {
    await makeReady();
    const patch = { metadata: { annotations: { 'kro.run/reconcile': 'suspended' } } };
    for (const name of ['a', 'b']) await world.user.patch(potRef(name), patch);
    for (const name of ['a', 'b']) await until(name, (row) => row?.suspended === true);
    await world.settled();
    expect((await details.instance(ref('a'), call))?.notes).toEqual([]);
    // No client reads the instance `b`, so its objects are not watched.
    await world.user.patch(mapRef('b-web'), { data: { text: 'by hand' } });
    await world.user.patch(mapRef('a-web'), { data: { text: 'by hand' } });
    expect(await nextObjectChange()).toMatchObject({ subject: ref('a'), message: 'ConfigMap changed' });
    await world.user.delete(SHARED_REF);
    expect(await nextObjectChange()).toMatchObject({ subject: ref('a'), message: 'ConfigMap was removed' });
  });

  it('refuses an unknown node, and an object that does not belong to the instance', async () => {
    await makeReady();
    await expect(details.node(ref('a'), 'none', undefined, call)).rejects.toMatchObject({ status: 404 });
    await expect(details.object(ref('a'), mapRef('b-web'), call)).rejects.toMatchObject({ status: 404 });
    await expect(details.object(ref('a'), mapRef('kube-root-ca.crt'), call)).rejects.toMatchObject({ status: 404 });
  });

  it('is suspended and resumed by actions', async () => {
    expect(await details.act(ref('a'), { action: 'suspend' }, call)).toMatchObject({ changed: true });
    await until('a', (row) => row?.suspended === true);
    expect(await details.act(ref('a'), { action: 'suspend' }, call)).toMatchObject({ changed: false });
    expect(await details.act(ref('a'), { action: 'resume' }, call)).toMatchObject({ changed: true });
    expect(await details.act(ref('none'), { action: 'resume' }, call)).toBeUndefined();
    // The interface neither shows nor changes objects of other kinds, including children of instances.
    await world.user.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bystander', namespace: 'default' },
    });
    for (const name of ['bystander', 'a-creds']) {
      const other = instanceRef({ apiVersion: 'v1', kind: 'Secret', namespace: 'default', name });
      expect(await details.instance(other, call)).toBeUndefined();
      expect(await details.act(other, { action: 'suspend' }, call)).toBeUndefined();
    }
  });
});

describe('the objects of a collection', () => {
  const maps: JsonObject = {
    ...mapResource('maps', { text: '${zone}' }),
    forEach: [{ zone: '${["x", "y", "z"]}' }],
    readyWhen: ['${each.data.text == "x"}'],
  };
  const named = { ...(maps['template'] as JsonObject), metadata: { name: '${schema.metadata.name}-${zone}' } };
  const shared: JsonObject = {
    id: 'shared',
    externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { selector: { matchLabels: { app: 'shared' } } } },
  };
  const sharedMap = (name: string): KubeObject => ({
    ...SHARED,
    metadata: { name, namespace: 'default', labels: { app: 'shared' } },
  });

  it('show their readiness, and details.why leads to the first unready object; an external collection also shows its objects', async () => {
    await world.apply(sharedMap('one'), sharedMap('two'));
    await world.apply(potDefinition([shared, { ...maps, template: named }]));
    await until('a', (row) => row?.revision === 2 && (row.waitingFor ?? '').includes('maps'));
    const found = await details.instance(ref('a'), call);
    const node = (id: string) => found?.nodes.find((each) => each.id === id);
    expect(node('maps')).toMatchObject({ state: 'waiting', unready: 2, counts: { present: 3 } });
    expect(node('maps')?.objects.map(({ object, ready }) => [object.name, ready])).toEqual([
      ['a-x', true],
      ['a-y', false],
      ['a-z', false],
    ]);
    expect(node('shared')?.objects.map(({ object, ready }) => [object.name, ready])).toEqual([
      ['one', true],
      ['two', true],
    ]);
    expect(await details.object(ref('a'), mapRef('two'), call)).toMatchObject({ node: 'shared', differences: [] });
    const why = await details.why(ref('a'), undefined, call);
    expect(why?.chains).toMatchObject([{ nodes: ['maps'], object: { kind: 'ConfigMap', name: 'a-y' } }]);
    const values = async (name: string) => {
      const { expressions = [] } = (await details.node(ref('a'), 'maps', mapRef(name), call)) ?? {};
      return expressions.map(({ value }) => (value.is === 'known' ? value.value : value));
    };
    expect(await values('a-y')).toEqual([['x', 'y', 'z'], 'a-y', 'y', false]);
    expect(await values('a-x')).toEqual([['x', 'y', 'z'], 'a-x', 'x', true]);
  });
});

describe('an external collection that selects an object of another node', () => {
  const all: JsonObject = {
    id: 'all',
    externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { selector: { matchLabels: { app: 'x' } } } },
  };
  const key = '${base64.encode(creds.data.password)}';

  it('hides the values in this object that come from a Secret, and the object belongs to the node that writes it', async () => {
    const web = mapResource('web', { plain: 'seen', key }, { labels: { app: 'x' } });
    const copy = mapResource('copy', { text: '${all.map(m, "key" in m.data ? string(m.data.key) : "").join(",")}' });
    await world.apply(potDefinition([all, CREDS, web, copy]));
    for (const name of ['a', 'b']) await until(name, (row) => row?.revision === 2 && row.state === 'ACTIVE');
    const password = 'hunter2hunter2';
    const base64 = Buffer.from(password).toString('base64');
    const stored = Buffer.from(base64).toString('base64');
    await world.until(mapRef('a-copy'), (object) => JSON.stringify(object?.['data']).includes(base64));

    const found = await details.object(ref('a'), mapRef('a-web'), call);
    const data = { plain: 'seen', key: '(secret)' };
    expect(found).toMatchObject({ node: 'web', desired: { data }, live: { data } });
    const answers = [
      found,
      await details.object(ref('a'), mapRef('a-copy'), call),
      await details.object(ref('a'), mapRef('b-web'), call),
      await details.instance(ref('a'), call),
      await details.node(ref('a'), 'copy', undefined, call),
      await details.node(ref('a'), 'all', undefined, call),
    ];
    for (const hidden of [password, base64, stored]) expect(JSON.stringify(answers)).not.toContain(hidden);
  });
});

describe('a pod that an external collection selects', () => {
  it('has no logs, because the instance does not report the pod', async () => {
    const metadata = { selector: { matchLabels: { app: 'p' } } };
    const podRef = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'p' };
    await world.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default', labels: { app: 'p' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    await world.apply(potDefinition([{ id: 'pods', externalRef: { apiVersion: 'v1', kind: 'Pod', metadata } }]));
    await until('a', (row) => row?.revision === 2 && row.state === 'ACTIVE');
    const found = await details.object(ref('a'), podRef, call);
    expect(found).toMatchObject({ node: 'pods', live: { kind: 'Pod' }, pods: [] });
    const request = { pod: podRef, container: 'c', previous: false, tail: 1 };
    await expect(details.log(ref('a'), request, call)).rejects.toMatchObject({ code: 'inspect/no-container' });
  });
});

describe('a definition', () => {
  it('has its graph, schema, source and revisions, and the number of instances that follow each revision', async () => {
    const found = await details.definition('pots', call);
    expect(found).toMatchObject({
      definition: { name: 'pots', instances: 2 },
      schema: { properties: { text: { type: 'string', default: 'x' } } },
      namespaced: true,
      diagnostics: [],
      followers: [{ revision: 1, instances: 2 }],
      revisions: [{ revision: 1, name: 'pots-r00001', current: true, pinned: [] }],
    });
    expect(found?.edges.map(({ from, to }) => `${from} ${to}`)).toContain('ext web');
    expect(found?.source.masked).toBe(true);
    expect(found?.source.text).not.toContain('hunter2');
    expect(found?.source.text).toMatch(
      /^apiVersion: kro\.run\/v1alpha1\nkind: ResourceGraphDefinition\nmetadata:\n {2}name: pots\n/,
    );
    expect((await details.revision('pots', 1, call))?.text).toContain('kind: Pot');
    expect(await details.revision('pots', 2, call)).toBeUndefined();
    expect(await details.definition('none', call)).toBeUndefined();
  });

  it('has its problems, each with a caret and the node', async () => {
    await world.apply(potDefinition([mapResource('web', { text: '${nothing.data.x}' })]));
    await world.until(potsRef, (object) => object?.status?.['state'] === 'Inactive');
    const found = await details.definition('pots', call);
    expect(found?.source).not.toHaveProperty('masked');
    const [problem] = found?.diagnostics ?? [];
    expect(problem).toMatchObject({ severity: 'error', node: 'web' });
    const { line = 0, column = 0 } = problem?.source ?? {};
    expect(found?.source.text.split('\n')[line - 1]?.slice(column - 1)).toMatch(/^nothing/);
    expect(problem?.excerpt?.at(-1)).toMatch(/^ *\| *\^/);
  });
});

describe('a plan', () => {
  const text = (nodes: JsonObject[]): string => JSON.stringify(potDefinition(nodes));

  it('hides a field of the spec that goes only into a Secret, and the instance hides the field too', async () => {
    const creds = {
      ...CREDS,
      template: { ...(CREDS['template'] as JsonObject), stringData: { key: '${schema.spec.text}' } },
    };
    await world.apply(potDefinition([creds]));
    await until('a', (row) => row?.revision === 2 && row.state === 'ACTIVE');
    const changed = { ...pot('a'), spec: { text: 'tops3cret' } };
    const plan = await details.plan([{ name: 'a.yaml', text: JSON.stringify(changed) }], call);
    expect(plan.instances[0]).toMatchObject({
      fields: [{ path: 'spec.text', secret: true }],
      writes: [{ node: 'creds' }],
    });
    expect(JSON.stringify(plan)).not.toContain('tops3cret');
    await world.apply(changed);
    await world.settled();
    const answers = [await details.instance(ref('a'), call), await details.node(ref('a'), 'creds', undefined, call)];
    expect(JSON.stringify(answers)).not.toContain('tops3cret');
    expect(answers[0]).toMatchObject({ object: { spec: { text: '(secret)' } } });
  });

  it('shows the effect of a changed definition on all instances, and writes nothing', async () => {
    await makeReady();
    const before = await world.user.get(potsRef);
    const changed = [EXTERNAL, CREDS, mapResource('web', { text: 'changed' })];
    const plan = await details.plan([{ name: 'pots.yaml', text: text(changed) }], call);
    expect(plan.instances.map(({ instance, state }) => [instance.name, state])).toEqual([
      ['a', 'changed'],
      ['b', 'changed'],
    ]);
    expect(await world.user.get(potsRef)).toEqual(before);
  });

  it.each([
    ['invalid YAML', '{"apiVersion": "v1"', 'yaml/'],
    ['a definition that does not compile', text([mapResource('web', { text: '${no.x}' })]), 'graph/'],
  ])('of %s is refused with a diagnostic', async (_what, content, code) => {
    const failure = await details.plan([{ name: '../../etc/passwd', text: content }], call).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ status: 422, diagnostics: [{ code: expect.stringContaining(code) as string }] });
  });
});
