import { type JsonObject, type KubeObject, type ObjectRef, refOf } from '@typekro/kit/core';
import { type KubeClient, isConflict, isNotFound } from '@typekro/kube';
import { type UserAction, applyRig, removeRig, suspend } from '../user-actions.ts';
import { type Shape, contender, graphObject } from './shape.ts';
import { rightsOf, userMap, WIDGET_CRD, WIDGET_OBJECT } from './stage.ts';

const NAMES = ['one', 'two'];
const CONTENDERS = ['one-base', 'two-mid', 'three-base', 'status'] as const;
const ACCOUNTS = ['default', 'builder', 'keeper'] as const;
/** The duration of every temporary state in seconds, for example of missing rights of an account. */
const SECONDS = 5;

const graphRef = (name: string): ObjectRef => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  namespace: 'default',
  name,
});
const mapRef = (name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });
const CRD: ObjectRef = refOf(WIDGET_CRD);

type Pick = <T>(values: readonly T[]) => T;

/**
 * About a dozen random actions. They change Graphs, their objects, the objects that Graphs read and patch, and the
 * rights of their accounts.
 */
export function randomGraphActions(random: () => number): UserAction[] {
  const pick: Pick = (values) => values[Math.floor(random() * values.length)] as (typeof values)[number];
  const actions: UserAction[] = [];
  const count = 4 + Math.floor(random() * 9);
  if (random() < 0.4) actions.push(applyRig('three', { text: 'x' }));
  for (let index = 0; index < count; index += 1) {
    const action = randomAction(random, pick);
    const waits = random();
    actions.push({ ...action, pause: waits < 0.5 ? 'settle' : waits < 0.8 ? Math.floor(random() * 3000) : 'none' });
  }
  // Removes the rivals, so that each object has one owner at the end. With two owners, timing would decide which owner
  // keeps the object.
  for (const what of CONTENDERS) actions.push(remove(`rival-${what}`));
  // Makes sure that no node waits at the end, because a waiting node would keep fields and objects of removed nodes.
  actions.push(applyRig('three', { text: 'z' }), suspend('three', false), release());
  return actions;
}

function randomAction(random: () => number, pick: Pick): UserAction {
  const name = pick(NAMES);
  const dice = random();
  if (dice < 0.36) return applyGraph(name, randomShape(random, pick));
  if (dice < 0.44) return remove(name);
  if (dice < 0.52) return edit(mapRef(`${name}-${pick(['base', 'mid', 'after', 'inner', 'leaf', 'outer'])}`));
  if (dice < 0.6)
    return removeObject(mapRef(`${name}-${pick(['base', 'mid', 'item-a', 'leaf', 'copy', 'any', 'made'])}`));
  if (dice < 0.66)
    return withoutRights(
      pick(ACCOUNTS),
      pick([['get'], ['get', 'list', 'watch'], [], ['get', 'create', 'patch', 'delete']]),
    );
  if (dice < 0.72) return contend(pick(CONTENDERS));
  if (dice < 0.76) return pick([applyRig('three', { text: pick(['x', 'y']) }), removeRig('three')]);
  return rareAction(name, random, pick);
}

function rareAction(name: string, random: () => number, pick: Pick): UserAction {
  const all: readonly (() => UserAction)[] = [
    () => change('settings', userMap('settings', { value: pick(['second', 'third']) })),
    () => change('target', userMap('target', { own: pick(['kept', 'changed']) })),
    () => makeAgain('settings', userMap('settings', { value: 'again' })),
    () => makeAgain('target', userMap('target', { own: 'again' })),
    () => makeAgain('shown', WIDGET_OBJECT),
    () => feed(pick(['feed-a', 'feed-b']), random() < 0.6),
    () => claim(name),
    () => release(),
    () => removeCrd(),
    () =>
      patch(`take labels off ${name}-mid`, mapRef(`${name}-mid`), {
        metadata: { labels: { 'kro.run/node-id': null } },
      }),
    () => patch(`edit the conditions of ${name}`, graphRef(name), { status: { conditions: [] } }, 'status'),
    () =>
      patch(
        `edit the account in the status of ${name}`,
        graphRef(name),
        { status: { appliedServiceAccount: null } },
        'status',
      ),
    () => tamperRecord(name),
    () => patch(`edit the labels of ${name}`, graphRef(name), { metadata: { labels: { team: pick(['x', 'y']) } } }),
    () => takeFinalizer(name),
    () =>
      patch(`edit the stamped Graph of ${name}`, graphRef(`${name}-stamped`), {
        spec: { nodes: [{ id: 'n', def: { x: 'odd' } }] },
      }),
    () => removeObject(graphRef(`${name}-stamped`)),
    () => breakGraph(name),
  ];
  return pick(all)();
}

function randomShape(random: () => number, pick: Pick): Shape {
  const has = (probability: number) => random() < probability;
  const names = ['a', 'b', 'c', 'd'].filter(() => has(0.5));
  const account = pick([undefined, undefined, 'builder', 'keeper'] as const);
  const kind = pick([undefined, undefined, 'ConfigMap', 'Secret'] as const);
  return {
    text: `t${Math.floor(random() * 3)}`,
    names,
    extra: has(0.4),
    gate: has(0.5),
    sub: has(0.4),
    copy: has(0.4),
    feeds: has(0.4),
    mark: has(0.4),
    seen: has(0.3),
    ofThree: has(0.25),
    stamp: has(0.25),
    ...(account === undefined ? {} : { account }),
    ...(kind === undefined ? {} : { kind }),
  };
}

/** Creates a Graph, or replaces its spec. */
export function applyGraph(name: string, shape: Shape): UserAction {
  return makeOrChange(`apply ${name} ${JSON.stringify(shape)}`, graphObject(name, shape));
}

/** Creates a Graph that claims an object or a field of another Graph or of an instance. */
function contend(what: (typeof CONTENDERS)[number]): UserAction {
  return makeOrChange(`apply a rival for ${what}`, contender(`rival-${what}`, what));
}

/** Applies an object. Waits while an object with the same name is being deleted. */
function makeOrChange(text: string, object: KubeObject): UserAction {
  return {
    text,
    async do(admin) {
      const present = await admin.find(refOf(object));
      if (present?.metadata.deletionTimestamp !== undefined) return 'later';
      return admin.apply(object, { fieldManager: 'user', force: true });
    },
  };
}

function change(name: string, object: KubeObject): UserAction {
  return makeOrChange(`apply ${name} with another value`, object);
}

function remove(name: string): UserAction {
  return { text: `delete ${name}`, do: (admin) => admin.delete(graphRef(name)) };
}

function removeObject(ref: ObjectRef): UserAction {
  return { text: `delete the object ${ref.name}`, do: (admin) => admin.delete(ref) };
}

/** Edits an object of a Graph. */
function edit(ref: ObjectRef): UserAction {
  const field = ref.name.endsWith('-after') ? 'healthy' : 'text';
  return { text: `edit ${ref.name}`, do: (admin) => admin.patch(ref, { data: { [field]: 'drifted' } }) };
}

function patch(text: string, ref: ObjectRef, body: JsonObject, subresource?: string): UserAction {
  return { text, do: (admin) => admin.patch(ref, body, subresource === undefined ? {} : { subresource }) };
}

/** Deletes an object that Graphs read or patch, and creates it again after some seconds. */
function makeAgain(name: string, object: KubeObject): UserAction {
  return {
    text: `apply ${name} again after its deletion`,
    async do(admin, tries) {
      if (tries === 0) await ignoreMissing(admin.delete(refOf(object)));
      if (tries < SECONDS) return 'later';
      return makeOrChange('', object).do(admin, tries, new Map());
    },
  };
}

/** Deletes the CRD of the kind whose status Graphs patch. Then creates the CRD and its object again. */
function removeCrd(): UserAction {
  return {
    text: 'apply the CRD of widgets again after its deletion',
    async do(admin, tries) {
      if (tries === 0) await ignoreMissing(admin.delete(CRD));
      if (tries < SECONDS) return 'later';
      const present = await admin.find(CRD);
      if (present?.metadata.deletionTimestamp !== undefined) return 'later';
      if (present === undefined) {
        await admin.create(WIDGET_CRD);
        return 'later';
      }
      return makeOrChange('', WIDGET_OBJECT).do(admin, tries, new Map());
    },
  };
}

/** Sets or removes the label of an object, so that a selector matches the object or no longer matches it. */
function feed(name: string, on: boolean): UserAction {
  return patch(`${on ? 'feed' : 'starve'} ${name}`, mapRef(name), {
    metadata: { labels: { feed: on ? 'yes' : null } },
  });
}

/** Takes the ownership of a field that a patch node of a Graph writes. Another action releases the field. */
function claim(name: string): UserAction {
  const object = userMap('target', { [name]: 'claimed' });
  return {
    text: `claim a field of target that ${name} patches`,
    async do(admin) {
      if ((await admin.find(mapRef('target'))) === undefined) return undefined;
      return admin.apply(object, { fieldManager: 'claimant', force: true });
    },
  };
}

function release(): UserAction {
  return {
    text: 'give the fields of target back',
    async do(admin) {
      if ((await admin.find(mapRef('target'))) === undefined) return undefined;
      const { apiVersion, kind, metadata } = userMap('target', {});
      return admin.apply({ apiVersion, kind, metadata }, { fieldManager: 'claimant', force: true });
    },
  };
}

/** Limits the rights of an account to these verbs for some seconds. */
function withoutRights(account: string, verbs: readonly string[]): UserAction {
  return {
    text: `leave the account ${account} with the rights [${verbs.join(' ')}] for a while`,
    async do(admin, tries) {
      const apply = async (objects: readonly KubeObject[]) => {
        for (const object of objects) await admin.apply(object, { fieldManager: 'user', force: true });
      };
      // The API server refuses a rule without a verb.
      if (tries === 0)
        await (verbs.length === 0 ? admin.delete(refOf(rolesOf(account))) : apply(rightsOf(account, verbs)));
      if (tries < SECONDS) return 'later';
      return apply(rightsOf(account));
    },
  };
}

function rolesOf(account: string): KubeObject {
  const [role] = rightsOf(account);
  if (role === undefined) throw new Error('an account has a role');
  return role;
}

/**
 * Adds entries to the record of a Graph, for objects and fields that the Graph never wrote. The controller must not
 * delete these objects and fields.
 */
function tamperRecord(name: string): UserAction {
  const entry = { nodeID: 'none', apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'settings' };
  const field = { ...entry, fieldManager: 'user' };
  return {
    text: `record foreign objects in the status of ${name}`,
    async do(admin) {
      const { status = {}, metadata } = await admin.get(graphRef(name));
      const { managedResources = [], contributions = [] } = status as Record<string, JsonObject[]>;
      const { nodeID: _node, ...contribution } = field;
      const body = {
        metadata: { resourceVersion: metadata.resourceVersion ?? '' },
        status: { managedResources: [...managedResources, entry], contributions: [...contributions, contribution] },
      };
      try {
        return await admin.patch(graphRef(name), body, { subresource: 'status' });
      } catch (thrown) {
        // The controller has written the status after the read.
        if (isConflict(thrown)) return 'later';
        throw thrown;
      }
    },
  };
}

/** Removes the finalizer of a Graph, and waits until the controller has added it again. */
function takeFinalizer(name: string): UserAction {
  return {
    text: `take the finalizer off ${name}`,
    async do(admin, tries) {
      const present = await admin.find(graphRef(name));
      if (present === undefined || present.metadata.deletionTimestamp !== undefined) return undefined;
      const has = present.metadata.finalizers?.includes('kro.run/graph-finalizer') === true;
      if (tries === 0) {
        if (!has) return undefined;
        await admin.patch(graphRef(name), { metadata: { finalizers: null } });
        return 'later';
      }
      if (has) return undefined;
      return tries < 40
        ? 'later'
        : admin.patch(graphRef(name), { metadata: { finalizers: ['kro.run/graph-finalizer'] } });
    },
  };
}

/**
 * Replaces the spec of a Graph for some seconds by a spec that does not compile. Both writes use the same field manager
 * as all other changes. With another field manager, the nodes of these writes would stay in every later spec.
 */
function breakGraph(name: string): UserAction {
  return {
    text: `break ${name} and mend it`,
    async do(admin, tries, memory) {
      const present = await admin.find(graphRef(name));
      if (present === undefined || present.metadata.deletionTimestamp !== undefined) return undefined;
      const { spec = {} } = present;
      if (tries === 0) {
        memory.set('spec', JSON.stringify(spec));
        await applySpec(admin, name, { ...spec, nodes: [{ id: 'broken', def: { x: '${nothing.here}' } }] });
        return 'later';
      }
      if (tries < SECONDS) return 'later';
      return applySpec(admin, name, JSON.parse(memory.get('spec') ?? '{}') as JsonObject);
    },
  };
}

async function applySpec(admin: KubeClient, name: string, spec: JsonObject): Promise<undefined> {
  const { apiVersion, kind, ...metadata } = graphRef(name);
  await admin.apply({ apiVersion, kind, metadata, spec }, { fieldManager: 'user', force: true });
}

async function ignoreMissing(request: Promise<unknown>): Promise<void> {
  await request.catch((thrown: unknown) => {
    if (!isNotFound(thrown)) throw thrown;
  });
}
