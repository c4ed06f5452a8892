import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import { count, gvkOf, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { type Graph, isDefinition, Kinds } from '@typekro/engine/graph';
import { ObjectKey } from '@typekro/engine/runtime';
import { CrdSchema } from '@typekro/engine/schema';
import { textAt } from '@typekro/kit/kubernetes';
import { type ObjectWriter, applyObject, isUnread, removeObject, waitUntilGone } from './apply-object.ts';
import { waitUntilServed } from './definition-served.ts';
import { waitUntilEstablished, waitUntilObserved } from './object-observed.ts';
import { writesAtOnce } from './fold.ts';
import type { InstancePlan, ObjectPlan, Plan } from '@typekro/controller/inspect';

/** The time limit for the deletion of an object before it is created again, in milliseconds. */
const REPLACE_TIMEOUT_MS = 60_000;

/** The time limit for the deletion of all instances and their objects together, in milliseconds. */
const DELETE_TIMEOUT_MS = 300_000;

/** A plan to apply, with its objects and graphs. */
export interface ApplyTask extends ObjectWriter {
  readonly plan: Plan;
  /** The objects of the files, with their namespaces set. */
  readonly objects: readonly KubeObject[];
  readonly graphs: readonly Graph[];
}

/** Lists the objects that an apply of a plan deletes in order to create them again. */
export function replacedBy({ objects, instances }: Plan): ObjectRef[] {
  const children = instances.flatMap(writesAtOnce);
  return [...objects, ...children].filter(({ action }) => action === 'replace').map(({ object }) => object);
}

/**
 * Applies a plan. Applies or deletes the objects of the files, each only if it has not changed since the plan. Waits
 * until new revisions are served, and deletes the children that must be created again. The controller makes all other
 * writes.
 */
export async function applyPlan(task: ApplyTask): Promise<void> {
  refuseUnread(task);
  if (task.plan.operation === 'delete') return deleteObjects(task);
  const { definitions, instances, others } = sorted(task);
  const replaces = task.plan.objects.filter(({ action }) => action === 'replace');
  const replaced = new Set(replaces.map(({ object }) => refKey(object)));
  for (const object of others) {
    const ref = refOf(object);
    const isReplaced = replaced.has(refKey(ref)) && (await removeObject(task, ref));
    if (isReplaced) await waitUntilGone(task, [ref], REPLACE_TIMEOUT_MS, 'it was not created again');
    const { after } = await applyObject(task, object, isReplaced);
    if (Kinds.isCrd(object)) await waitUntilEstablished(task, after);
  }
  for (const object of definitions) {
    await waitUntilServed(task, await applyObject(task, object));
    learn(task, object);
  }
  const applied = new Map<string, KubeObject>();
  const beingDeleted = new Set(task.plan.instances.filter(isBeingDeleted).map(({ instance }) => refKey(instance)));
  for (const object of instances) {
    const ref = refOf(object);
    if (beingDeleted.has(refKey(ref))) task.print(`${objectName(ref)} was not applied: ${RETRY_AFTER_DELETION}`);
    else applied.set(refKey(ref), (await applyObject(task, object)).after);
  }
  await replaceChildren(task, applied);
}

/**
 * Registers a new kind in the client's discovery. The plan looked the kind up before it existed, and discovery caches a
 * failed look-up for some time.
 */
function learn({ api, graphs }: ApplyTask, { metadata }: KubeObject): void {
  const graph = graphs.find(({ name }) => name === metadata.name);
  if (graph === undefined) return;
  const { crd, group, kind, plural, namespaced } = graph.instance;
  const unknown = { singular: '', shortNames: [], categories: [], verbs: [], subresources: [] };
  for (const each of CrdSchema.versions(crd)) {
    api.discovery.learn({ group, version: textAt(each, 'name'), kind, plural, namespaced, ...unknown });
  }
}

/**
 * Is the instance being deleted? Such an instance is not applied, because its deletion can end as soon as a controller
 * serves the definition, and then the applied fields would be lost.
 */
const isBeingDeleted = ({ deletedSince, state }: InstancePlan): boolean =>
  state === 'deferred' && deletedSince !== undefined;

const RETRY_AFTER_DELETION = 'it is being deleted; apply the files again when it is gone';

/** Throws when an object could not be read. Its changes since the plan cannot be detected. */
function refuseUnread(task: ApplyTask): void {
  const unread = task.objects.find((object) => isUnread(task, refOf(object)));
  if (unread === undefined) return;
  throw new TypeKroError(`${objectName(refOf(unread))} could not be read, so it is unknown whether it has changed`, {
    code: 'apply/refused',
    remedy: 'nothing was applied; get the right to read it, and plan again',
  });
}

/**
 * Sorts the objects into definitions, instances and `others`. Namespaces and CRDs come first in `others`. A definition
 * comes after the definitions whose kinds it uses. Instances include those whose definition is only in the cluster.
 */
function sorted({ objects, graphs, plan }: ApplyTask) {
  const kinds = new Set(graphs.map(({ instance }) => ObjectKey.groupKind(instance)));
  const byName = new Map(objects.filter(isDefinition).map((object) => [object.metadata.name, object]));
  const definitions = graphs.flatMap(({ name }) => byName.get(name) ?? []);
  const planned = new Set(plan.instances.map(({ instance }) => refKey(instance)));
  const instances = objects.filter(
    (object) => kinds.has(ObjectKey.groupKind(gvkOf(object))) || planned.has(refKey(refOf(object))),
  );
  const rest = objects.filter((object) => !isDefinition(object) && !instances.includes(object));
  const isBase = (object: KubeObject) =>
    Kinds.isCrd(object) || (object.apiVersion === 'v1' && object.kind === 'Namespace');
  return { definitions, instances, others: [...rest.filter(isBase), ...rest.filter((object) => !isBase(object))] };
}

/**
 * Deletes instances before their definitions. Without the definition, the controller would neither delete the objects
 * of an instance nor remove its finalizer.
 */
async function deleteObjects(task: ApplyTask): Promise<void> {
  const { definitions, instances, others } = sorted(task);
  const deleted: ObjectRef[] = [];
  for (const object of instances) if (await removeObject(task, refOf(object))) deleted.push(refOf(object));
  const left = definitions.length === 0 ? 'nothing else was deleted' : 'its definition was not deleted';
  if (definitions.length > 0 || others.length > 0) await waitUntilGone(task, deleted, DELETE_TIMEOUT_MS, left);
  for (const object of [...others.toReversed(), ...definitions.toReversed()]) await removeObject(task, refOf(object));
}

/**
 * Deletes the children whose immutable fields change, so that the controller creates them again from the new revision.
 * Keeps a child that waits for other nodes or whose instance another instance changes, because the controller would not
 * yet create it again.
 *
 * @param applied the applied instances of the files, by `refKey`
 */
async function replaceChildren(task: ApplyTask, applied: ReadonlyMap<string, KubeObject>): Promise<void> {
  let [ofCanary, ofNodes] = [0, 0];
  for (const plan of task.plan.instances) {
    const { instance, rollout, state, writes, parent } = plan;
    const isReplaced = ({ action }: ObjectPlan) => action === 'replace';
    const atOnce = writesAtOnce(plan).filter(isReplaced);
    const due = state === 'blocked' || parent !== undefined ? [] : atOnce.filter(({ after }) => after === undefined);
    if (atOnce.length > due.length || (rollout === 'later' && writes.some(isReplaced))) {
      if (rollout === 'later') ofCanary += 1;
      else ofNodes += 1;
    }
    const changed = applied.get(refKey(instance));
    if (due.length > 0 && changed !== undefined) await waitUntilObserved(task, changed);
    for (const { object } of due) await removeObject(task, object);
  }
  const again = 'plan and apply again when';
  const wait = (counted: number) =>
    `${count(counted, 'instance')} with objects to replace ${counted === 1 ? 'waits' : 'wait'} for`;
  if (ofCanary > 0) task.print(`${wait(ofCanary)} the canary: ${again} the canary has ended`);
  if (ofNodes > 0) task.print(`${wait(ofNodes)} other nodes: ${again} they are ready`);
}

/** The key of an object in any version: a plan has an instance in the version that its graph reads. */
const refKey = (ref: ObjectRef): string => `${ObjectKey.groupKind(gvkOf(ref))} ${ref.namespace ?? ''}/${ref.name}`;
