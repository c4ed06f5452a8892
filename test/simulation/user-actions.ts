import type { JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import { type KubeClient, isNotFound, KubeError } from '@typekro/kube';
import { type UserAction, applyRig, CRD, rig, suspend } from './instance-actions.ts';
import { brokenDefinition, keepingDefinition, rigDefinition, widenedDefinition } from './rig.ts';

export type { UserAction } from './instance-actions.ts';
export { applyRig, suspend } from './instance-actions.ts';

const NAMES = ['one', 'two'];
/**
 * An action of `tamper` changes an object only after the controller has written the object, and gives up after this
 * number of tries. If the controller has not restored the metadata after twice as many tries in total, the action
 * restores it.
 */
const MAX_TAKEN_TRIES = 20;

const mapRef = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });
const DEFINITION: ObjectRef = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'rigs' };
const REVISIONS = { apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' };

/** About a dozen random actions on a definition, its instances, their children and the controller's records. */
export function randomActions(random: () => number): UserAction[] {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const actions: UserAction[] = [];
  const count = 4 + Math.floor(random() * 9);
  if (random() < 0.15)
    actions.push({ ...foreignChild('three-base'), pause: 'settle' }, applyRig('three', { text: 'x' }));
  for (let index = 0; index < count; index += 1) {
    const name = pick(NAMES);
    const dice = random();
    const child = `${name}-${pick(['base', 'mid', 'after'])}`;
    const made = (): UserAction => {
      if (dice < 0.3) return applyRig(name, randomSpec(random));
      if (dice < 0.38) return toggle(name);
      if (dice < 0.46) return removeRig(name);
      if (dice < 0.54) return drift(child);
      if (dice < 0.62) return removeChild(`${name}-${pick(['base', 'mid', 'item-a', 'after'])}`);
      if (dice < 0.66) return stripLabel(child, pick(['kro.run/owned', 'kro.run/node-id', 'kro.run/instance-name']));
      if (dice < 0.73) return redefine(pick(['a', 'b', 'c']));
      if (dice < 0.76) return suspend(name, random() < 0.5);
      return rareAction(name, random(), pick);
    };
    const action = made();
    const waits = random();
    actions.push({ ...action, pause: waits < 0.5 ? 'settle' : waits < 0.8 ? Math.floor(random() * 3000) : 'none' });
  }
  // This action is chosen last, so that its random numbers do not change the other actions.
  if (random() < 0.3) actions.push({ ...sealItem(pick(NAMES)), pause: 'settle' });
  // At the end, every instance is resumed and the definition compiles. Without this, the end state would depend on
  // timing.
  for (const name of NAMES) actions.push(suspend(name, false));
  actions.push(redefine('z'));
  return actions;
}

function rareAction(name: string, dice: number, pick: <T>(values: readonly T[]) => T): UserAction {
  const all: readonly (() => UserAction)[] = [
    () => tamper(`take the finalizer off ${name}`, rig(name), { metadata: { finalizers: null } }, hasFinalizer),
    () => tamper(`empty the inventory of ${name}`, rig(name), inventoryPatch(''), hasInventory),
    () => tamper(`garble the inventory of ${name}`, rig(name), inventoryPatch('Nothing.nowhere'), hasInventory),
    () => tamper(`take ${name}-mid out of its set`, mapRef(`${name}-mid`), labelPatch(PART_OF, null), isMember),
    () => patch(`edit the labels of ${name}`, rig(name), labelPatch('user.test/team', pick(['x', 'y']))),
    () => patch(`take a label off ${name}`, rig(name), labelPatch('kro.run/resource-graph-definition-name', null)),
    () => patch(`edit the status of ${name}`, rig(name), { status: { state: 'ODD', text: 'odd' } }, 'status'),
    () => patch('edit the status of the definition', DEFINITION, { status: { state: 'Odd' } }, 'status'),
    () => patch('take the finalizer off the definition', DEFINITION, { metadata: { finalizers: null } }),
    () => patch('edit the labels of the definition', DEFINITION, labelPatch('user.test/team', pick(['x', 'y']))),
    () => patch('take a label off the CRD', CRD, labelPatch('kro.run/resource-graph-definition-id', null)),
    () => patch('edit the short names of the CRD', CRD, { spec: { names: { shortNames: ['odd'] } } }),
    () => breakDefinition(name),
    () => widen(pick(['a', 'b'])),
    () => replaceDefinition(),
    () => redefineOften(),
    () => removeCrd(),
    () => removeRevisions(pick(['newest', 'all'])),
    () => editRevision(),
  ];
  return (all[Math.floor(dice * all.length)] ?? replaceDefinition)();
}

/**
 * Carries out an action. An action on a missing object does nothing and counts as done. Returns false if the caller
 * must repeat the action. Reasons are that parts of the action remain, that the kind is not served, or that an object
 * with the same name is being deleted.
 */
export async function perform(
  admin: KubeClient,
  action: UserAction,
  tries: number,
  memory: Map<string, string>,
): Promise<boolean> {
  try {
    return (await action.do(admin, tries, memory)) !== 'later';
  } catch (thrown) {
    if (!(thrown instanceof KubeError)) throw thrown;
    // The CRD was deleted or is being deleted.
    if (thrown.reason === 'UnknownKind' || thrown.status === 405) return false;
    if (!isNotFound(thrown)) throw thrown;
    return !action.text.startsWith('apply ');
  }
}

function randomSpec(random: () => number): JsonObject {
  const names = ['a', 'b', 'c', 'd'].filter(() => random() < 0.5);
  return { text: `t${Math.floor(random() * 3)}`, names, extra: random() < 0.5 };
}

/** Toggles `extra`, the condition of a node, and changes nothing else. */
function toggle(name: string): UserAction {
  return {
    text: `switch extra of ${name}`,
    async do(admin) {
      const present = await admin.find(rig(name));
      if (present === undefined || present.metadata.deletionTimestamp !== undefined) return undefined;
      const { text = '', names = [], extra = false } = present.spec ?? {};
      const object = { apiVersion: 'sim.test/v1', kind: 'Rig', metadata: { name, namespace: 'default' } };
      return admin.apply(
        { ...object, spec: { text, names, extra: extra !== true } },
        { fieldManager: 'user', force: true },
      );
    },
  };
}

/** Deletes an instance. */
export function removeRig(name: string): UserAction {
  return { text: `delete ${name}`, do: (admin) => admin.delete(rig(name)) };
}

/** Edits a child ConfigMap. */
export function drift(name: string): UserAction {
  const field = name.endsWith('-after') ? 'healthy' : 'text';
  return { text: `edit ${name}`, do: (admin) => admin.patch(mapRef(name), { data: { [field]: 'drifted' } }) };
}

/** Deletes a child ConfigMap. */
export function removeChild(name: string): UserAction {
  return { text: `delete child ${name}`, do: (admin) => admin.delete(mapRef(name)) };
}

/** Creates more revisions than the controller keeps. */
function redefineOften(): UserAction {
  return {
    text: 'redefine seven times',
    async do(admin, tries) {
      await admin.apply(rigDefinition(`turn-${tries}`), { fieldManager: 'user', force: true });
      return tries < 6 ? 'later' : undefined;
    },
  };
}

/** Changes a template of the definition. */
export function redefine(fixed: string): UserAction {
  return {
    text: `redefine ${fixed}`,
    do: (admin) => admin.apply(rigDefinition(fixed), { fieldManager: 'user', force: true }),
  };
}

function widen(fixed: string): UserAction {
  return {
    text: `widen the schema, ${fixed}`,
    do: (admin) => admin.apply(widenedDefinition(fixed), { fieldManager: 'user', force: true }),
  };
}

/**
 * Breaks the definition for some seconds only. Without a valid definition, a controller would wait for the kind
 * forever.
 */
function breakDefinition(name: string): UserAction {
  return {
    text: `break the definition, edit ${name}-mid, and mend it`,
    async do(admin, tries) {
      if (tries === 0) await admin.apply(brokenDefinition(), { fieldManager: 'user', force: true });
      if (tries === 2) await ignoreMissing(admin.patch(mapRef(`${name}-mid`), { data: { text: 'drifted' } }));
      if (tries < 5) return 'later';
      return admin.apply(rigDefinition('mended'), { fieldManager: 'user', force: true });
    },
  };
}

async function ignoreMissing(request: Promise<unknown>): Promise<void> {
  await request.catch((thrown: unknown) => {
    if (!isNotFound(thrown)) throw thrown;
  });
}

/** Deletes the definition, and creates it again. */
export function replaceDefinition(): UserAction {
  return {
    text: 'delete the definition and make it again',
    async do(admin, tries, memory) {
      const present = await admin.find(DEFINITION);
      if (tries === 0) {
        memory.set('uid', present?.metadata.uid ?? '');
        await admin.delete(DEFINITION);
        return 'later';
      }
      if (present !== undefined && present.metadata.uid === memory.get('uid')) return 'later';
      return admin.apply(rigDefinition('again'), { fieldManager: 'user', force: true });
    },
  };
}

/** Deletes the CRD, and with it all instances. The controller creates the CRD again. */
function removeCrd(): UserAction {
  return {
    text: 'delete the CRD',
    async do(admin, tries, memory) {
      const present = await admin.find(CRD);
      if (tries === 0) {
        if (present === undefined) return undefined;
        memory.set('uid', present.metadata.uid ?? '');
        await admin.delete(CRD);
        return 'later';
      }
      return present !== undefined && present.metadata.uid === memory.get('uid') ? 'later' : undefined;
    },
  };
}

function removeRevisions(which: 'newest' | 'all'): UserAction {
  return {
    text: `delete ${which === 'all' ? 'all revisions' : 'the newest revision'}`,
    async do(admin) {
      const { items } = await admin.list(REVISIONS);
      const sorted = items.toSorted((a, b) => Number(a.spec?.['revision']) - Number(b.spec?.['revision']));
      for (const { metadata } of which === 'all' ? sorted : sorted.slice(-1)) {
        await admin.delete({ ...REVISIONS, name: metadata.name ?? '' });
      }
    },
  };
}

function editRevision(): UserAction {
  return {
    text: 'edit the labels, the finalizer and the status of all revisions',
    async do(admin) {
      const { items } = await admin.list(REVISIONS);
      for (const { metadata } of items) {
        const ref = { ...REVISIONS, name: metadata.name ?? '' };
        await admin.patch(ref, { metadata: { finalizers: null, labels: { 'kro.run/owned': null } } });
        await admin.patch(ref, { status: { conditions: [] } }, { subresource: 'status' });
      }
    },
  };
}

/**
 * Makes item `a` immutable, so that the API server refuses its update. Then removes item `b` from the list. The
 * controller must prune `b` although the update of `a` fails. At the end, the user deletes `a`, and the controller
 * creates it again.
 */
export function sealItem(name: string): UserAction {
  const item = (part: string) => mapRef(`${name}-item-${part}`);
  return {
    text: `seal an item of ${name} and take another off the list`,
    async do(admin, _tries, memory) {
      const want = (text: string, names: string[]) =>
        applyRig(name, { text, names, extra: false }).do(admin, 0, memory);
      const isMade = async (part: string, text: string) => {
        const found = await admin.find(item(part));
        const data = found?.['data'] as JsonObject | undefined;
        return found?.metadata.deletionTimestamp === undefined && data?.['text'] === text;
      };
      const stage = memory.get('stage') ?? 'new';
      if (stage === 'new') {
        if ((await want('open', ['a', 'b'])) === 'later') return 'later';
        await suspend(name, false).do(admin, 0, memory);
        memory.set('stage', 'open');
      } else if (stage === 'open' && (await isMade('a', 'open')) && (await isMade('b', 'open'))) {
        await admin.patch(item('a'), { immutable: true });
        await want('sealed', ['a', 'b']);
        memory.set('stage', 'sealed');
      } else if (stage === 'sealed' && (await isMade('b', 'sealed'))) {
        await want('sealed', ['a']);
        memory.set('stage', 'shortened');
      } else if (stage === 'shortened' && (await admin.find(item('b'))) === undefined) {
        return admin.delete(item('a'));
      }
      return 'later';
    },
  };
}

/**
 * Sets the deletion policy of the items to `Orphaned`. Then removes item `b` from the list, or deletes the instance.
 * The retired items must stay in the cluster, as the same objects but without the labels of the controller. The user
 * waits for this without a time limit. If the instance was deleted, the user then creates it again, and it takes over
 * the items. If item `b` was removed from the list, it stays retired.
 */
export function keepItems(name: string, retired: 'item' | 'instance'): UserAction {
  const refs = { a: mapRef(`${name}-item-a`), b: mapRef(`${name}-item-b`) };
  return {
    text: retired === 'item' ? `take an item of ${name} that stays off the list` : `delete ${name}, whose items stay`,
    async do(admin, _tries, memory) {
      const want = (names: string[]) => applyRig(name, { text: 'kept', names, extra: false }).do(admin, 0, memory);
      const items = { a: await admin.find(refs.a), b: await admin.find(refs.b) };
      const stage = memory.get('stage') ?? 'new';
      if (stage === 'new') {
        if ((await want(['a', 'b'])) === 'later') return 'later';
        await suspend(name, false).do(admin, 0, memory);
        memory.set('stage', 'made');
      } else if (stage === 'made') {
        // Waits until no other item is being retired. If an item is retired while the policy changes, timing decides
        // whether the item stays.
        const { items: rigs } = await admin.list(rig(name));
        if (rigs.some(({ metadata }) => metadata.deletionTimestamp !== undefined)) return 'later';
        const others = await Promise.all(['c', 'd'].map((part) => admin.find(mapRef(`${name}-item-${part}`))));
        if (!isLiveMember(items.a) || !isLiveMember(items.b) || others.some((item) => item !== undefined))
          return 'later';
        await admin.apply(keepingDefinition('kept'), { fieldManager: 'user', force: true });
        memory.set('stage', 'open');
      } else if (stage === 'open' && isKeptMember(items.a) && isKeptMember(items.b)) {
        memory.set('uids', JSON.stringify([items.a?.metadata.uid, items.b?.metadata.uid]));
        if (retired === 'item') await want(['a']);
        else await admin.delete(rig(name));
        memory.set('stage', 'retired');
      } else if (stage === 'retired') {
        const isSame = memory.get('uids') === JSON.stringify([items.a?.metadata.uid, items.b?.metadata.uid]);
        const released = retired === 'item' ? [items.b] : [items.a, items.b];
        const isGone = retired === 'item' || (await admin.find(rig(name))) === undefined;
        if (!isSame || !isGone || !released.every(isReleased)) return 'later';
        await admin.apply(rigDefinition('kept'), { fieldManager: 'user', force: true });
        memory.set('stage', 'done');
      } else if (stage === 'done') {
        // Waits until no item has the policy, because the next action may retire an item that must be deleted.
        const { items: maps } = await admin.list(refs.a);
        if (maps.some(isKeptMember)) return 'later';
        return retired === 'item' ? undefined : want(['a', 'b']);
      }
      return 'later';
    },
  };
}

const KEEPS = 'internal.kro.run/deletion-policy';

/** Is the object a child that is not being deleted? */
function isLiveMember(object: KubeObject | undefined): boolean {
  const { labels = {}, deletionTimestamp } = object?.metadata ?? {};
  return deletionTimestamp === undefined && labels[PART_OF] !== undefined;
}

/** Is the object a child that is not being deleted, with the deletion policy `Orphaned`? */
function isKeptMember(object: KubeObject | undefined): boolean {
  return isLiveMember(object) && object?.metadata.annotations?.[KEEPS] === 'Orphaned';
}

/** Has the object no label and no annotation of the controller? */
function isReleased(object: KubeObject | undefined): boolean {
  const { labels = {}, annotations = {} } = object?.metadata ?? {};
  const keys = [...Object.keys(labels), ...Object.keys(annotations)];
  return !keys.some(
    (key) => /(?:^|\.)kro\.run\//.test(key) || key === PART_OF || key === 'app.kubernetes.io/managed-by',
  );
}

/** Creates an object that belongs to another ApplySet and has the name of a future child. */
function foreignChild(name: string): UserAction {
  const labels = { 'applyset.kubernetes.io/part-of': 'applyset-of-another-owner-v1' };
  const manifest = { ...mapRef(name), metadata: { name, namespace: 'default', labels }, data: { text: 'theirs' } };
  const { name: _name, namespace: _namespace, ...object } = manifest;
  return { text: `make a foreign ${name}`, do: (admin) => admin.apply(object, { fieldManager: 'other', force: true }) };
}

function patch(text: string, ref: ObjectRef, body: JsonObject, subresource?: string): UserAction {
  return { text, do: (admin) => admin.patch(ref, body, subresource === undefined ? {} : { subresource }) };
}

function stripLabel(name: string, label: string): UserAction {
  return patch(`take ${label} off ${name}`, mapRef(name), labelPatch(label, null));
}

/**
 * Removes metadata by which the controller finds its objects, and waits until the controller restores the metadata. If
 * the controller does not restore it, the action does. Without the metadata, the effect of a later deletion would
 * depend on timing.
 */
function tamper(
  text: string,
  ref: ObjectRef,
  body: JsonObject,
  isRestored: (object: KubeObject, before: KubeObject) => boolean,
): UserAction {
  return {
    text,
    async do(admin, tries, memory) {
      const present = await admin.find(ref);
      const before = memory.get('before');
      if (present === undefined || present.metadata.deletionTimestamp !== undefined) return undefined;
      if (before === undefined) {
        // Does nothing if the instance is being deleted, because timing decides whether the controller still restores
        // its child.
        const owner = ref.kind === 'Rig' ? present : await admin.find(rig(ref.name.replace(/-.*/, '')));
        if (owner === undefined || owner.metadata.deletionTimestamp !== undefined) return undefined;
        if (!isTaken(present)) return tries < MAX_TAKEN_TRIES ? 'later' : undefined;
        memory.set('before', JSON.stringify(present));
        await admin.patch(ref, body);
        return 'later';
      }
      const old = JSON.parse(before) as KubeObject;
      if (old.metadata.uid !== present.metadata.uid || isRestored(present, old)) return undefined;
      if (tries < 2 * MAX_TAKEN_TRIES) return 'later';
      const { labels = {}, annotations = {}, finalizers = [] } = old.metadata;
      return admin.patch(ref, { metadata: { labels: { ...labels }, annotations: { ...annotations }, finalizers } });
    },
  };
}

const PART_OF = 'applyset.kubernetes.io/part-of';
const GROUP_KINDS = 'applyset.kubernetes.io/contains-group-kinds';

function labelPatch(key: string, value: string | null): JsonObject {
  return { metadata: { labels: { [key]: value } } };
}

function inventoryPatch(kinds: string): JsonObject {
  return { metadata: { annotations: { [GROUP_KINDS]: kinds } } };
}

/** Has the controller written to the object? */
function isTaken({ kind, metadata }: KubeObject): boolean {
  return kind === 'Rig'
    ? metadata.finalizers?.includes('kro.run/finalizer') === true
    : metadata.labels?.[PART_OF] !== undefined;
}

function hasFinalizer({ metadata }: KubeObject, { metadata: before }: KubeObject): boolean {
  const wanted = before.finalizers?.includes('kro.run/finalizer') === true;
  return !wanted || metadata.finalizers?.includes('kro.run/finalizer') === true;
}

function hasInventory({ metadata }: KubeObject, { metadata: before }: KubeObject): boolean {
  const kinds = (annotations: Readonly<Record<string, string>> = {}) => (annotations[GROUP_KINDS] ?? '').split(',');
  const now = new Set(kinds(metadata.annotations));
  return kinds(before.annotations).every((kind) => kind === '' || now.has(kind));
}

function isMember({ metadata }: KubeObject, { metadata: before }: KubeObject): boolean {
  return before.labels?.[PART_OF] === undefined || metadata.labels?.[PART_OF] === before.labels[PART_OF];
}
