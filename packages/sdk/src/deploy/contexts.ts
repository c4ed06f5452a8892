import type { DeployCallOptions, DeployEvent, DeployTarget, FactoryStatus, RollbackResult } from '../compose/index.ts';
import { type KubeObject, type ObjectRef, TypeKroError } from '@typekro/kit/core';
import { type KubernetesApi, isTimeout, KubeError, systemClock, withDeadline } from '@typekro/kube';
import { compileFor, deployedGraph } from './compile-for.ts';
import { deleteDirect, deployDirect } from './direct.ts';
import { DeploymentTimeoutError } from './errors.ts';
import type { KroContext } from './kro-context.ts';
import type { DirectRecord } from './parent.ts';
import {
  checkLabelNames,
  DEFINITION_LABEL,
  isFirstDeploy,
  isRecordOf,
  parentName,
  readDeployRecord,
  revisionOf,
} from './parent.ts';
import { ProgressReporter } from './progress-reporter.ts';
import type { DirectContext } from './direct-run.ts';
import { parentRef } from './record-owner.ts';

/** The default time limits of a call, in milliseconds. */
const DEFAULT_TIMEOUT_MS = { direct: 300_000, kro: 600_000 } as const;

/** Runs one call of a factory. Aborts the call when a signal of the caller aborts, or when the time limit ends. */
export function withLimit<Result>(
  target: DeployTarget,
  options: DeployCallOptions,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = options.timeout ?? target.options.timeout ?? DEFAULT_TIMEOUT_MS[target.mode];
  return withDeadline(limit, [options.abortSignal, target.options.abortSignal], systemClock, async (signal) => {
    try {
      return await work(signal);
    } catch (error) {
      // A KubeError after the time limit, or after an abort by the caller, counts as a consequence of the limit or of
      // the abort. The caller then gets the timeout error, or the reason of its own abort, instead of the KubeError.
      if (!(error instanceof KubeError) || !signal.aborted) throw error;
      throw isTimeout(signal) ? outOfTime(target, limit, error) : signal.reason;
    }
  });
}

function outOfTime(target: DeployTarget, limit: number, cause: KubeError): DeploymentTimeoutError {
  return new DeploymentTimeoutError(`${target.name}: no response from the cluster within ${limit} ms`, {
    code: 'deploy/timeout',
    cause,
    remedy: 'check the connection to the cluster, or give a longer timeout',
  });
}

/** Makes a reporter that passes deploy events to the target's `progressCallback` and to `listener`. */
export function deployProgress(target: DeployTarget, listener?: (event: DeployEvent) => void): ProgressReporter {
  return new ProgressReporter(
    (event) => {
      target.options.progressCallback?.(event);
      listener?.(event);
    },
    () => systemClock.now(),
  );
}

/** Makes the context of a deploy in kro mode. */
export function kroContext(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
  progress: ProgressReporter = deployProgress(target),
): KroContext {
  return { api, target, signal, progress: (event) => progress.event(event) };
}

/**
 * The context of a new deploy. Its record has the next revision number, and contains the previous deploy for a
 * rollback.
 *
 * @throws TypeKroError `deploy/invalid-name` for names that are not valid in labels, `deploy/name-taken` when another
 * object has the record's name.
 */
export async function directContext(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
  progress: ProgressReporter,
  instance: KubeObject,
): Promise<DirectContext> {
  const definition = target.definition('typekro');
  const { name = '', namespace = target.namespace } = instance.metadata;
  checkLabelNames(target.name, name);
  const ref = parentRef(target.name, name, namespace);
  const [compiled, parent] = await Promise.all([deployedGraph(api, target, signal), api.find(ref, { signal })]);
  const last = parent === undefined ? undefined : lastRecord(target, parent, ref, name);
  const record: DirectRecord = {
    definition,
    spec: instance.spec ?? {},
    revision: parent === undefined ? 1 : revisionOf(parent) + 1,
    ...(last === undefined ? {} : { previous: { definition: last.definition, spec: last.spec } }),
  };
  return {
    api,
    ...compiled,
    target,
    name,
    namespace,
    record,
    parent,
    signal,
    report: (decision) => progress.decision(decision),
    wrote: (action, outcome) => progress.wrote(action, outcome),
  };
}

/** The record of the previous deploy; `undefined` when it is damaged. A new deploy then replaces it. */
function lastRecord(
  target: DeployTarget,
  parent: KubeObject,
  ref: ObjectRef,
  instance: string,
): DirectRecord | undefined {
  if (!isRecordOf(parent, target.name, instance)) {
    throw new TypeKroError(`the ConfigMap ${ref.name} exists, and is not the record of ${target.name} "${instance}"`, {
      code: 'deploy/name-taken',
      object: ref,
      remedy: 'give the definition or the instance another name, or delete the ConfigMap if it is not needed',
    });
  }
  try {
    return readDeployRecord(parent, ref);
  } catch (error) {
    if (error instanceof TypeKroError && error.code === 'deploy/record-invalid') return undefined;
    throw error;
  }
}

/** Reads a direct deployment from its record in the cluster; `undefined` when there is no record. */
export async function directInstance(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
  name: string,
): Promise<DirectContext | undefined> {
  const parent = await api.find(parentRef(target.name, name, target.namespace), { signal });
  if (parent === undefined || !isRecordOf(parent, target.name, name)) return undefined;
  return contextOf(api, target, signal, parent, name);
}

/** Reads all direct deployments of the target in its namespace. */
export async function directInstances(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
): Promise<DirectContext[]> {
  const found: DirectContext[] = [];
  for (const { parent, name } of await directParents(api, target, signal)) {
    found.push(await contextOf(api, target, signal, parent, name));
  }
  return found;
}

async function directParents(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
): Promise<{ readonly parent: KubeObject; readonly name: string }[]> {
  const { namespace } = target;
  const labelSelector = `${DEFINITION_LABEL}=${target.name}`;
  const { items } = await api.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace, labelSelector, signal });
  const prefix = parentName(target.name, '');
  return items
    .map((parent) => ({ parent, name: (parent.metadata.name ?? '').slice(prefix.length) }))
    .filter(({ parent, name }) => parent.metadata.name === `${prefix}${name}`);
}

async function contextOf(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
  parent: KubeObject,
  name: string,
): Promise<DirectContext> {
  const { namespace } = target;
  const record = readDeployRecord(parent, parentRef(target.name, name, namespace));
  const compiled = await compileFor(api, record.definition, signal);
  return { api, ...compiled, target, name, namespace, record, parent, signal, report: () => {}, wrote: () => {} };
}

/** The `status.state` of one instance, and the time of its last deploy. */
export interface LastDeploy {
  readonly state: string;
  readonly deployed: Date | undefined;
}

/**
 * The health of all instances together: failed when an instance is in ERROR; otherwise degraded when an instance is not
 * ACTIVE; otherwise healthy.
 */
export function statusOf(target: DeployTarget, instances: readonly LastDeploy[]): FactoryStatus {
  const states = instances.map(({ state }) => state);
  const times = instances.flatMap(({ deployed }) => deployed?.getTime() ?? []);
  const health = states.includes('ERROR')
    ? 'failed'
    : states.every((state) => state === 'ACTIVE')
      ? 'healthy'
      : 'degraded';
  return {
    name: target.name,
    mode: target.mode,
    namespace: target.namespace,
    instanceCount: states.length,
    ...(times.length === 0 ? {} : { lastDeployment: new Date(Math.max(...times)) }),
    health,
  };
}

/**
 * Rolls instances back to the deploy before their last one. Deletes instances that were deployed only once. `errors`
 * has the error of each instance whose rollback failed. A failed rollback does not undo its own writes.
 *
 * @param names the instances. A deploy that failed before its first write has left none
 * @param named the instance that the caller named
 * @throws TypeKroError `deploy/unsupported` in kro mode; `deploy/nothing-to-roll-back-to` without names, and if the
 *   named instance does not exist.
 */
export async function rollbackDirect(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
  names: readonly string[],
  named?: string,
): Promise<RollbackResult> {
  if (target.mode === 'kro') {
    throw new TypeKroError('rollback is for direct mode; in kro mode the definition has revisions', {
      code: 'deploy/unsupported',
      remedy: 'deploy the earlier spec again',
    });
  }
  const rolledBack: string[] = [];
  const deleted: string[] = [];
  const errors: string[] = [];
  const found = (await directParents(api, target, signal)).filter(({ name }) => names.includes(name));
  if (names.length === 0 || (named !== undefined && found.length === 0)) {
    const problem = named === undefined ? 'this factory has deployed no instance' : `there is no instance ${named}`;
    throw new TypeKroError(`rollback: ${problem}`, {
      code: 'deploy/nothing-to-roll-back-to',
      remedy: 'pass the name of an instance: getInstances() lists the instances and their names',
    });
  }
  for (const { parent, name } of found) {
    try {
      const wasDeleted = await rollbackOne(await contextOf(api, target, signal, parent, name));
      rolledBack.push(name);
      if (wasDeleted) deleted.push(name);
    } catch (error) {
      if (signal.aborted) throw error;
      errors.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (deleted.length > 0) warnOfDeletions(target, deleted);
  const status = errors.length === 0 ? 'success' : rolledBack.length > 0 ? 'partial' : 'failed';
  return { status, rolledBackResources: rolledBack, deletedInstances: deleted, errors };
}

/**
 * Warns that the rollback deleted instances that were deployed only once. A caller may overlook the deletions in the
 * result.
 */
function warnOfDeletions(target: DeployTarget, deleted: readonly string[]): void {
  const message =
    `rollback() deleted ${deleted.join(', ')} of ${target.name}, because no earlier deploy exists; ` +
    `deploy() creates ${deleted.length === 1 ? 'it' : 'them'} again`;
  if (target.options.progressCallback === undefined) process.emitWarning(message, { type: 'TypeKroWarning' });
  else deployProgress(target).event({ type: 'resource-warning', message });
}

/**
 * Rolls one instance back. Returns true when the instance was deleted, and false when its earlier deploy was restored.
 */
async function rollbackOne(context: DirectContext): Promise<boolean> {
  const { parent, record } = context;
  const { previous, revision } = record;
  if (previous === undefined && (parent === undefined || !isFirstDeploy(parent))) {
    throw new TypeKroError('the deploy before the last one is not kept', {
      code: 'deploy/nothing-to-roll-back-to',
      remedy: 'deploy the spec that you want',
    });
  }
  if (previous === undefined) {
    const result = await deleteDirect(context);
    if (result.status !== 'complete') throw new Error(result.blockers.map(({ message }) => message).join('; '));
    return true;
  }
  const compiled = await compileFor(context.api, previous.definition, context.signal);
  const restored: DirectRecord = { ...previous, revision: revision + 1 };
  await deployDirect({ ...context, ...compiled, record: restored }, { waitForReady: true });
  return false;
}
