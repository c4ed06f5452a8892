import { randomUUID } from 'node:crypto';
import type { DeployedInstance, DeployTarget, Plan, PlanChange } from '../compose/index.ts';
import { type JsonObject, type KubeObject, formatRef, gvkOf } from '@typekro/kit/core';
import { ONCE } from '@typekro/controller/execute';
import type { Graph } from '@typekro/engine/graph';
import { isNotFound, isTimeout, systemClock } from '@typekro/kube';
import { readinessOf, StatusReport } from '@typekro/engine/readiness';
import type { Decision, ObjectType, StepOptions } from '@typekro/engine/runtime';
import { Explanation, keys, ObjectKey, ObjectTarget, Outcome } from '@typekro/engine/runtime';
import { type SchemaSource, builtinSource } from '@typekro/engine/schema';
import { type DeletionEffect, identityOf } from './deletion-result.ts';
import { failedDeploy, isTooLong, timedOut, tooLarge } from './direct-failures.ts';
import { type DirectRunOptions, type DirectContext, DirectRun, openNodes } from './direct-run.ts';
import { describeLeftovers } from './failure-report.ts';
import { ignoreNotFound } from './errors.ts';
import { ensureNamespace } from './connect.ts';
import { finalFailures, missingNamespace } from './node-failures.ts';
import { type DirectRecord, DEFINITION_LABEL, parentObject, virtualInstance, wantedMetadata } from './parent.ts';
import { changeOf } from './changed-fields.ts';
import { describeNode } from './progress-reporter.ts';
import { checkRecord, deleteRecord, DELETION, parentRef, recordOfDeletion, supersede } from './record-owner.ts';
import { writeRulesOf } from './retries-of.ts';
import type { WatchedObject } from './watch-set.ts';

/** The kind of the object that stores the record of a deploy. */
const CONFIG_MAP: ObjectType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

/**
 * Deploys one instance. Waits until every node is ready; with `waitForReady: false`, until everything that can be
 * applied is applied.
 *
 * @throws ResourceGraphFactoryError when a node failed permanently, or when another deploy or deletion of the instance
 *   began in the meantime (`deploy/superseded`). Created objects stay.
 * @throws DeploymentTimeoutError when `signal` aborts with a `TimeoutError`.
 */
export async function deployDirect(
  begun: DirectContext,
  options: { readonly waitForReady: boolean },
): Promise<DeployedInstance<JsonObject, JsonObject>> {
  const { graph, signal } = begun;
  const time = (begun.clock ?? systemClock).now();
  const record: DirectRecord = { ...begun.record, deploy: randomUUID(), time };
  const parent = await writeRecord(begun, record);
  const context: DirectContext = { ...begun, record, parent };
  let last: Decision | undefined;
  const run = directRun(context, 'write', {
    onDecision: (decision) => {
      last = decision;
    },
    beforeWrite: (seen) => checkRecord(context, seen),
  });
  try {
    const decision = await run.run((current) => {
      const failed = finalFailures(current);
      if (failed.length > 0 && current.apply.length === 0)
        throw failedDeploy(context, failed, current, describeLeftovers(current, context.graph, context.name));
      if (!current.quiet) return false;
      return options.waitForReady ? current.state === 'ACTIVE' && openNodes(current).length === 0 : true;
    });
    await checkRecord(context);
    return deployed(graph, context, decision);
  } catch (error) {
    if (!signal.aborted || last === undefined || !isTimeout(signal)) throw error;
    throw await timedOut(context, last);
  }
}

/** Writes the record, which is the first object of a deploy. Creates the namespace when it is missing. */
async function writeRecord(begun: DirectContext, record: DirectRecord): Promise<KubeObject> {
  const { api, graph, signal, name, namespace, target } = begun;
  const ref = parentRef(graph.name, name, namespace);
  const options = { fieldManager: keys.INVENTORY_MANAGER, force: true, signal };
  const write = () => api.apply(parentObject(ref, graph, record, begun.parent), options);
  const what = `${graph.name} "${name}"`;
  try {
    return await write();
  } catch (error) {
    if (isTooLong(error)) throw tooLarge(what, ref, error);
    if (!isNotFound(error)) throw error;
    if (target.options.createNamespace === false) throw missingNamespace(what, namespace, error);
    await ensureNamespace(api, namespace, signal);
    return write();
  }
}

/**
 * Deletes the children in the reverse of their apply order, and then the record. Keeps the objects that their
 * deletionPolicy exempts from the deletion. Ends when all objects are deleted or the signal aborts. Deletions of one
 * instance may run at the same time.
 *
 * @throws ResourceGraphFactoryError `deploy/superseded` when a deploy of the instance began in the meantime.
 */
export async function deleteDirect(context: DirectContext): Promise<DeletionEffect> {
  const { api, graph, signal, name } = context;
  const deleted: JsonObject[] = [];
  const retained: JsonObject[] = [];
  let last: Decision | undefined;
  const ref = parentRef(graph.name, name, context.namespace);
  await supersede(api, ref, signal, `${DELETION}${randomUUID()}`).catch(ignoreNotFound);
  const run = directRun(context, 'write', {
    onDecision: (decision) => {
      last = decision;
    },
    beforeWrite: async () => void (await recordOfDeletion(context)),
    onDeleted: ({ target }) => deleted.push(identityOf(ObjectTarget.refOf(target))),
    onOrphaned: ({ target }) => retained.push(identityOf(ObjectTarget.refOf(target))),
    metadata: { deletionTimestamp: new Date((context.clock ?? systemClock).now()).toISOString() },
  });
  try {
    await run.run((decision) => decision.finalizer === 'remove');
  } catch (error) {
    if (!signal.aborted || !isTimeout(signal)) throw error;
    const remaining = (last?.nodes ?? []).flatMap((node) => node.objects);
    return {
      status: 'blocked',
      deleted,
      retained,
      remaining: remaining.map(({ object }) => identityOf(object)),
      blockers: (last === undefined ? [] : openNodes(last)).map((node) => ({
        code: `deploy/${node.because.kind}`,
        message: describeNode(node),
        retryable: true,
        retryGuidance: Explanation.of(node).remedy ?? 'delete again to continue with the remaining objects',
      })),
    };
  }
  await deleteRecord(context);
  return { status: 'complete', deleted, retained, remaining: [], blockers: [] };
}

/** Returns the instance with its present status, and the decision behind it. Reads the children, and writes nothing. */
export async function observeDirect(
  context: DirectContext,
): Promise<{ readonly instance: DeployedInstance<JsonObject, JsonObject>; readonly decision: Decision }> {
  const decision = await directRun(context, 'read', {}).run((current) => current.read.length === 0);
  return { instance: deployed(context.graph, context, decision), decision };
}

/**
 * The objects that a deploy would apply, in the form in which they are sent. Objects that depend on a real write are
 * missing.
 */
export async function dryRunDirect(context: DirectContext): Promise<KubeObject[]> {
  const objects = new Map<string, KubeObject>();
  const run = directRun(context, 'dry-run', {
    onDecision: (decision) => {
      for (const { nodeId, target, desired } of decision.apply)
        objects.set(`${nodeId} ${ObjectKey.ofTarget(target)}`, desired);
    },
  });
  const decision = await run.run((current) => current.read.length === 0 && current.apply.length === 0);
  const failed = finalFailures(decision);
  if (failed.length > 0) throw failedDeploy(context, failed, decision);
  return [...objects.values()];
}

/**
 * The changes that a deploy would make. The server checks every write and stores none. `waiting` has the nodes that the
 * dry run cannot decide, with the reasons. These nodes depend on a real write, or `propagateWhen` suppresses their
 * writes.
 */
export async function planDirect(context: DirectContext): Promise<Omit<Plan, 'diagnostics'>> {
  const changes = new Map<string, PlanChange>();
  const run = directRun(context, 'dry-run', {
    onApplied: ({ nodeId, target, why }, before, after) =>
      void changes.set(`${nodeId} ${target.namespace ?? ''}/${target.name}`, changeOf(nodeId, before, after, why)),
    onDecision: (decision) => {
      for (const [outcome, actions] of [
        ['orphaned', decision.orphan ?? []] as const,
        ['deleted', decision.delete] as const,
      ]) {
        for (const { target } of actions) {
          const object = ObjectTarget.refOf(target);
          changes.set(formatRef(object), { outcome, nodeId: '', object, fields: [] });
        }
      }
    },
  });
  // A dry run deletes nothing, so every decision repeats the deletions. The condition that ends the run therefore
  // ignores them.
  const decision = await run.run(({ read, apply }) => read.length === 0 && apply.length === 0);
  const failed = finalFailures(decision);
  if (failed.length > 0) throw failedDeploy(context, failed, decision);
  for (const node of decision.nodes) {
    for (const { object, state } of node.objects) {
      const key = `${node.id} ${object.namespace ?? ''}/${object.name}`;
      // Decisions do not list unchanged objects, so this loop adds them.
      if (node.retired !== true && !changes.has(key) && state === 'present') {
        changes.set(key, { outcome: 'unchanged', nodeId: node.id, object, fields: [] });
      }
    }
  }
  const waiting = decision.nodes.flatMap((node) =>
    node.state === 'pending' || node.because.kind === 'held'
      ? [{ nodeId: node.id, reason: Explanation.of(node).reason }]
      : [],
  );
  return { changes: [...changes.values()], waiting };
}

/** The hooks of a run, and overrides of its instance. */
interface RunHooks {
  readonly onApplied?: DirectRunOptions['onApplied'];
  readonly onDeleted?: DirectRunOptions['onDeleted'];
  readonly onOrphaned?: DirectRunOptions['onOrphaned'];
  readonly onDecision?: (decision: Decision) => void;
  readonly beforeWrite?: (record: WatchedObject) => Promise<void>;
  /** Overrides of the instance's metadata. */
  readonly metadata?: KubeObject['metadata'];
}

function directRun(context: DirectContext, effects: 'read' | 'dry-run' | 'write', hooks: RunHooks): DirectRun {
  const { api, graph, name, namespace, record, signal, target } = context;
  const instance = virtualInstance(graph, name, namespace, record, context.parent);
  const ref = parentRef(graph.name, name, namespace);
  return new DirectRun({
    api,
    graph,
    instance: { ...instance, metadata: { ...instance.metadata, ...hooks.metadata } },
    clock: context.clock ?? systemClock,
    signal,
    effects,
    rules: writeRulesOf(target.options.retryPolicy),
    step: {
      readiness: readinessFor(target, context.schemas),
      // `now()` in templates has the same value in all steps of a deploy.
      templateNow: record.time ?? (context.clock ?? systemClock).now(),
    },
    record: { target: { type: CONFIG_MAP, name: ref.name, namespace }, selector: `${DEFINITION_LABEL}=${graph.name}` },
    beforeWrite: hooks.beforeWrite ?? (() => Promise.resolve()),
    async writeParent(parent, current) {
      const merged = { ...current, metadata: wantedMetadata(parent, current) };
      const wanted = parentObject(ref, graph, record, merged);
      // When another process has deleted the record, the server refuses an apply with the UID instead of creating the
      // record again.
      const { uid: recordUid = '' } = current.metadata;
      if (recordUid !== '') wanted.metadata.uid = recordUid;
      const written = await api.apply(wanted, { fieldManager: keys.INVENTORY_MANAGER, force: true, signal, ...ONCE });
      const { labels = {}, annotations = {}, uid } = written.metadata;
      return {
        ...current,
        metadata: { ...current.metadata, labels, annotations, ...(uid === undefined ? {} : { uid }) },
      };
    },
    onApplied(action, before, after) {
      hooks.onApplied?.(action, before, after);
      if (effects === 'write') context.wrote(action, Outcome.ofApply(action, before, after));
    },
    onDeleted(action) {
      hooks.onDeleted?.(action);
      context.wrote(action, 'deleted');
    },
    onOrphaned(action) {
      hooks.onOrphaned?.(action);
      context.wrote(action, 'orphaned');
    },
    report(decision) {
      hooks.onDecision?.(decision);
      context.report(decision);
    },
  });
}

/**
 * Decides the readiness of nodes without `readyWhen`: with the author's function for the node, or with the rule of the
 * object's kind when there is no such function. For a custom kind without a rule, an object is ready when its
 * controller has written the status report that the schema declares.
 */
function readinessFor(target: DeployTarget, schemas: SchemaSource): NonNullable<StepOptions['readiness']> {
  return (object) => {
    const evaluator = target.readiness.get(object.metadata.labels?.[keys.NODE_ID_LABEL] ?? '');
    if (evaluator === undefined) return readinessOf(object, reportOf(object, schemas));
    const { ready, reason = ready ? 'Ready' : 'NotReady', message = '' } = evaluator(object);
    return { ready, reason, message };
  };
}

/**
 * The status report that the schema of a custom kind declares. `undefined` for built-in kinds, because their readiness
 * rules do not use it.
 */
function reportOf(object: KubeObject, schemas: SchemaSource): ReturnType<typeof StatusReport.of> {
  const type = gvkOf(object);
  return builtinSource().resourceOf(type) === undefined ? StatusReport.of(schemas.schemaOf(type)) : undefined;
}

function deployed(graph: Graph, context: DirectContext, decision: Decision): DeployedInstance<JsonObject, JsonObject> {
  const { metadata, apiVersion, kind } = virtualInstance(
    graph,
    context.name,
    context.namespace,
    context.record,
    context.parent,
  );
  const { finalizers: _finalizers, ...visible } = metadata;
  return { apiVersion, kind, metadata: visible, spec: context.record.spec, status: decision.status };
}
