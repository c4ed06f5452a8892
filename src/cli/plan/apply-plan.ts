import type { KubeObject, ObjectRef } from '../../core/index.ts';
import { formatApiVersion, objectName, refOf, TypeKroError } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { isDefinition } from '../../graph/index.ts';
import { count } from '../up/print-diagnostics.ts';
import { isCrd } from '../up/known-crds.ts';
import type { ObjectWriter } from './apply-object.ts';
import { applyObject, isUnread, removeObject, waitUntilGone } from './apply-object.ts';
import { waitUntilServed } from './definition-served.ts';
import { waitUntilEstablished, waitUntilObserved } from './object-observed.ts';
import type { Plan } from './plan.ts';

/** How long an object may take to be gone that is created anew, in milliseconds. */
const REPLACE_TIMEOUT_MS = 60_000;

/** How long instances may take to be deleted with their objects, in milliseconds: all of them together. */
const DELETE_TIMEOUT_MS = 300_000;

/** What is carried out. */
export interface ApplyTask extends ObjectWriter {
  readonly plan: Plan;
  /** The objects of the files, each in its namespace. */
  readonly objects: readonly KubeObject[];
  readonly graphs: readonly Graph[];
}

/** The objects that an apply of a plan deletes, so that they are created anew. */
export function replacedBy({ objects, instances }: Plan): ObjectRef[] {
  const children = instances.flatMap(({ rollout, writes }) => (rollout === 'later' ? [] : writes));
  return [...objects, ...children].filter(({ action }) => action === 'replace').map(({ object }) => object);
}

/**
 * Carries out a plan: applies or deletes the objects of the files, each only if it is still as the plan saw it, waits
 * until new revisions are served, and deletes the objects that have to be created anew. The controller does the rest.
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
    if (isReplaced) await waitUntilGone(task, [ref], REPLACE_TIMEOUT_MS, 'it was not created anew');
    const { after } = await applyObject(task, object, isReplaced);
    if (isCrd(object)) await waitUntilEstablished(task, after);
  }
  for (const object of definitions) {
    await waitUntilServed(task, await applyObject(task, object));
    learn(task, object);
  }
  const applied = new Map<string, KubeObject>();
  for (const object of instances) applied.set(objectName(refOf(object)), (await applyObject(task, object)).after);
  await replaceChildren(task, applied);
}

/** The plan has asked for the kind a moment ago, and the client asks anew only after a pause. */
function learn({ api, graphs }: ApplyTask, { metadata }: KubeObject): void {
  const graph = graphs.find(({ name }) => name === metadata.name);
  if (graph === undefined) return;
  const { group, version, kind, plural, namespaced } = graph.instance;
  const unknown = { singular: '', shortNames: [], categories: [], verbs: [], subresources: [] };
  api.discovery.learn({ group, version, kind, plural, namespaced, ...unknown });
}

/** An object that could not be read may hold fields that the plan does not show. */
function refuseUnread(task: ApplyTask): void {
  const unread = task.objects.find((object) => isUnread(task, refOf(object)));
  if (unread === undefined) return;
  throw new TypeKroError(
    `${objectName(refOf(unread))} could not be read, and so nothing tells whether it has changed`,
    {
      code: 'apply/refused',
      remedy: 'nothing was applied; get the right to read it, and plan again',
    },
  );
}

/**
 * Namespaces and CRDs first, definitions after those whose kinds they use, instances last: those of definitions of the
 * files, and those of definitions that only the cluster has.
 */
function sorted({ objects, graphs, plan }: ApplyTask) {
  const kinds = new Set(graphs.map(({ instance }) => `${formatApiVersion(instance)} ${instance.kind}`));
  const byName = new Map(objects.filter(isDefinition).map((object) => [object.metadata.name, object]));
  const definitions = graphs.flatMap(({ name }) => byName.get(name) ?? []);
  const planned = new Set(plan.instances.map(({ instance }) => refKey(instance)));
  const instances = objects.filter(
    (object) => kinds.has(`${object.apiVersion} ${object.kind}`) || planned.has(refKey(refOf(object))),
  );
  const rest = objects.filter((object) => !isDefinition(object) && !instances.includes(object));
  const isBase = (object: KubeObject) => isCrd(object) || (object.apiVersion === 'v1' && object.kind === 'Namespace');
  return { definitions, instances, others: [...rest.filter(isBase), ...rest.filter((object) => !isBase(object))] };
}

/** Instances before their definitions, whose controller deletes their objects: without it their finalizers stay. */
async function deleteObjects(task: ApplyTask): Promise<void> {
  const { definitions, instances, others } = sorted(task);
  const going: ObjectRef[] = [];
  for (const object of instances) if (await removeObject(task, refOf(object))) going.push(refOf(object));
  const left = definitions.length === 0 ? 'nothing else was deleted' : 'its definition was not deleted';
  if (definitions.length > 0 || others.length > 0) await waitUntilGone(task, going, DELETE_TIMEOUT_MS, left);
  for (const object of [...others.toReversed(), ...definitions.toReversed()]) await removeObject(task, refOf(object));
}

/**
 * Deletes what cannot be changed; the controller creates it again, from the revision that is served by now. What comes
 * behind other nodes stays: without them the controller would not create it again.
 *
 * @param applied the instances of the files, by their names, as they were applied
 */
async function replaceChildren(task: ApplyTask, applied: ReadonlyMap<string, KubeObject>): Promise<void> {
  let [ofCanary, ofNodes] = [0, 0];
  for (const { instance, rollout, state, writes } of task.plan.instances) {
    const replaced = writes.filter(({ action }) => action === 'replace');
    const due = state === 'blocked' || rollout === 'later' ? [] : replaced.filter(({ after }) => after === undefined);
    if (replaced.length > due.length) {
      if (rollout === 'later') ofCanary += 1;
      else ofNodes += 1;
    }
    const changed = applied.get(objectName(instance));
    if (due.length > 0 && changed !== undefined) await waitUntilObserved(task, changed);
    for (const { object } of due) await removeObject(task, object);
  }
  const again = 'plan and apply again when';
  const wait = (counted: number) =>
    `${count(counted, 'instance')} with objects to replace ${counted === 1 ? 'waits' : 'wait'} for`;
  if (ofCanary > 0) task.print(`${wait(ofCanary)} the canary: ${again} it is through`);
  if (ofNodes > 0) task.print(`${wait(ofNodes)} other nodes: ${again} they are ready`);
}

const refKey = ({ apiVersion, kind, namespace = '', name }: ObjectRef): string =>
  `${apiVersion} ${kind} ${namespace}/${name}`;
