import type { JsonObject, KubeObject, ObjectRef } from '../../core/index.ts';
import { formatApiVersion, objectName, parseApiVersion, refOf, TypeKroError } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { isDefinition } from '../../graph/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { isNotFound, isTimeout, systemClock, waitForObject, withDeadline } from '../../kube/index.ts';
import { readConditions } from '../../runtime/index.ts';
import { count } from '../up/print-diagnostics.ts';
import { isCrd } from '../up/known-crds.ts';
import { tableKey } from './kind-table.ts';
import type { LiveSource } from './live-source.ts';
import type { Plan } from './plan.ts';
import { FILE_MANAGER } from './plan-context.ts';

/** How long a controller may take to serve a definition, in milliseconds. */
const SERVE_TIMEOUT_MS = 60_000;

/** What is carried out. */
export interface ApplyTask {
  readonly api: KubernetesApi;
  readonly plan: Plan;
  /** The objects of the files, each in its namespace. */
  readonly objects: readonly KubeObject[];
  readonly graphs: readonly Graph[];
  /** The live objects as the plan saw them. */
  readonly source: LiveSource;
  readonly signal: AbortSignal;
  /** Takes a line for each thing that was done. */
  readonly print: (line: string) => void;
}

/**
 * Carries out a plan: applies or deletes the objects of the files, each only if it is still as the plan saw it, waits
 * until new revisions are served, and deletes the objects that have to be created anew. The controller does the rest.
 */
export async function applyPlan(task: ApplyTask): Promise<void> {
  if (task.plan.operation === 'delete') return deleteObjects(task);
  const { definitions, instances, others } = sorted(task);
  const replaced = task.plan.objects.filter(({ action }) => action === 'replace').map(({ object }) => object);
  for (const object of others) {
    if (replaced.some((ref) => isSameRef(ref, refOf(object)))) await removeObject(task, refOf(object));
    await applyObject(task, object);
  }
  for (const object of definitions) {
    const applied = await applyObject(task, object);
    await served(task, applied);
  }
  for (const object of instances) await applyObject(task, object);
  await replaceChildren(task);
}

/** Namespaces and CRDs first, definitions after those whose kinds they use, instances last. */
function sorted({ objects, graphs }: ApplyTask) {
  const kinds = new Set(graphs.map(({ instance }) => `${formatApiVersion(instance)} ${instance.kind}`));
  const byName = new Map(objects.filter(isDefinition).map((object) => [object.metadata.name, object]));
  const definitions = graphs.flatMap(({ name }) => byName.get(name) ?? []);
  const instances = objects.filter(({ apiVersion, kind }) => kinds.has(`${apiVersion} ${kind}`));
  const rest = objects.filter((object) => !isDefinition(object) && !instances.includes(object));
  const isBase = (object: KubeObject) => isCrd(object) || (object.apiVersion === 'v1' && object.kind === 'Namespace');
  return { definitions, instances, others: [...rest.filter(isBase), ...rest.filter((object) => !isBase(object))] };
}

/** The object as the plan saw it. */
function liveOf({ source }: ApplyTask, ref: ObjectRef): KubeObject | undefined {
  const { group } = parseApiVersion(ref.apiVersion);
  const known = source.table({ group, kind: ref.kind })?.look(tableKey(ref.namespace, ref.name));
  return known?.state === 'present' ? known.object : undefined;
}

/** The server refuses it when the object was changed after the plan saw it. */
async function applyObject(task: ApplyTask, object: KubeObject): Promise<KubeObject> {
  const { api, signal, print } = task;
  const resourceVersion = task.plan.objects.some(
    (each) => each.action === 'replace' && isSameRef(each.object, refOf(object)),
  )
    ? undefined
    : liveOf(task, refOf(object))?.metadata.resourceVersion;
  const metadata = { ...object.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  const applied = await api.apply({ ...object, metadata }, { fieldManager: FILE_MANAGER, force: true, signal });
  print(`applied ${objectName(refOf(object))}`);
  return applied;
}

async function removeObject(task: ApplyTask, ref: ObjectRef): Promise<void> {
  const { api, signal, print } = task;
  const uid = liveOf(task, ref)?.metadata.uid;
  if (uid === undefined) return;
  try {
    await api.delete(ref, { preconditions: { uid }, propagationPolicy: 'Background', signal });
    print(`deleted ${objectName(ref)}`);
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}

/** Instances before their definitions, whose controller deletes their objects. */
async function deleteObjects(task: ApplyTask): Promise<void> {
  const { definitions, instances, others } = sorted(task);
  for (const object of [...instances, ...others.toReversed(), ...definitions.toReversed()]) {
    await removeObject(task, refOf(object));
  }
}

/** Waits until the controller serves a definition as it was applied. */
async function served({ api, signal }: ApplyTask, applied: KubeObject): Promise<void> {
  const ref = refOf(applied);
  const { generation = 0 } = applied.metadata;
  let limit: AbortSignal | undefined;
  try {
    await withDeadline(SERVE_TIMEOUT_MS, [signal], systemClock, (until) => {
      limit = until;
      return waitForObject(api, ref, until, (found) => (isServed(found, generation) ? found : undefined));
    });
  } catch (thrown) {
    if (limit === undefined || !isTimeout(limit)) throw thrown;
    throw new TypeKroError(`no controller has answered to ${objectName(ref)} within ${SERVE_TIMEOUT_MS / 1000} s`, {
      code: 'apply/not-served',
      remedy: `look whether the controller runs: kubectl get resourcegraphdefinition ${ref.name} -o yaml`,
    });
  }
}

/** @throws TypeKroError `apply/definition-refused` when the controller refuses it. */
function isServed(found: KubeObject | undefined, generation: number): boolean {
  const status: JsonObject = found?.status ?? {};
  const ready = readConditions(status['conditions']).find(({ type }) => type === 'Ready');
  if (ready?.observedGeneration === undefined || ready.observedGeneration < generation) return false;
  if (ready.status === 'True') return true;
  if (ready.status !== 'False') return false;
  throw new TypeKroError(
    `the controller refuses the definition ${found?.metadata.name ?? ''}: ${ready.message ?? ''}`,
    {
      code: 'apply/definition-refused',
      remedy: 'plan again: typekro plan tells what a change of a definition would do',
    },
  );
}

/** Deletes what cannot be changed; the controller creates it again, from the revision that is served by now. */
async function replaceChildren(task: ApplyTask): Promise<void> {
  const waiting = task.plan.instances.filter(
    ({ rollout, writes }) => rollout === 'later' && writes.some(({ action }) => action === 'replace'),
  );
  for (const { rollout, writes } of task.plan.instances) {
    if (rollout === 'later') continue;
    for (const { action, object } of writes) if (action === 'replace') await removeObject(task, object);
  }
  if (waiting.length > 0) {
    const instances = count(waiting.length, 'instance');
    task.print(`${instances} with objects to replace wait for the canary: plan and apply again when it is through`);
  }
}

const isSameRef = (a: ObjectRef, b: ObjectRef): boolean =>
  a.apiVersion === b.apiVersion && a.kind === b.kind && a.name === b.name && a.namespace === b.namespace;
