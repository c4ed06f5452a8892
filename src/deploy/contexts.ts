import type {
  DeletionResult,
  DeployCallOptions,
  DeployTarget,
  FactoryStatus,
  RollbackResult,
} from '../compose/index.ts';
import type { JsonObject } from '../core/index.ts';
import { TypeKroError } from '../core/index.ts';
import type { KubernetesApi } from '../kube/index.ts';
import { systemClock, withDeadline } from '../kube/index.ts';
import { compileFor } from './compile-for.ts';
import type { DirectContext } from './direct.ts';
import { deleteDirect, deployDirect, parentRef } from './direct.ts';
import type { KroContext } from './kro.ts';
import type { DirectRecord } from './parent.ts';
import { DEFINITION_LABEL, parentName, readRecord } from './parent.ts';
import { ProgressReporter } from './progress.ts';

/** Time limits in milliseconds where the caller gives none. */
const DEFAULT_TIMEOUT = { direct: 300_000, kro: 600_000 } as const;

/** Runs one call of a factory: it ends when the caller's signals abort or its time limit is over. */
export function withLimit<Result>(
  target: DeployTarget,
  options: DeployCallOptions,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = options.timeout ?? target.options.timeout ?? DEFAULT_TIMEOUT[target.mode];
  return withDeadline(limit, [options.abortSignal, target.options.abortSignal], systemClock, work);
}

/** Where the events of a target go. */
export function progressOf(target: DeployTarget): ProgressReporter {
  return new ProgressReporter(
    (event) => target.options.progressCallback?.(event),
    () => systemClock.now(),
  );
}

/** What kro mode needs. */
export function kroContext(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
  progress: ProgressReporter = progressOf(target),
): KroContext {
  return { api, target, signal, progress: (event) => progress.event(event) };
}

/** A deploy that is about to begin: the record follows the one that is in the cluster. */
export async function directContext(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
  progress: ProgressReporter,
  wanted: { readonly spec: JsonObject },
): Promise<DirectContext> {
  const definition = target.definition('typekro');
  const instance = target.instance(wanted.spec);
  const { name = '', namespace = target.namespace } = instance.metadata;
  const ref = parentRef(target.name, name, namespace);
  const [graph, parent] = await Promise.all([compileFor(api, definition, signal), api.find(ref, { signal })]);
  const last = parent === undefined ? undefined : readRecord(parent, ref);
  const record: DirectRecord = {
    definition,
    spec: instance.spec ?? {},
    revision: (last?.revision ?? 0) + 1,
    ...(last === undefined ? {} : { previous: { definition: last.definition, spec: last.spec } }),
  };
  return {
    api,
    graph,
    target,
    name,
    namespace,
    record,
    parent,
    signal,
    report: (decision) => progress.decision(decision),
  };
}

/** Every direct deployment of the target in its namespace, as its record in the cluster says. */
export async function directInstances(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
): Promise<{ readonly context: DirectContext }[]> {
  const { namespace } = target;
  const labelSelector = `${DEFINITION_LABEL}=${target.name}`;
  const parents = await api.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace, labelSelector, signal });
  const prefix = parentName(target.name, '');
  const found: { context: DirectContext }[] = [];
  for (const parent of parents.items) {
    const { name = '' } = parent.metadata;
    if (!name.startsWith(prefix)) continue;
    const record = readRecord(parent, { apiVersion: 'v1', kind: 'ConfigMap', name, namespace });
    const graph = await compileFor(api, record.definition, signal);
    const instance = name.slice(prefix.length);
    found.push({
      context: { api, graph, target, name: instance, namespace, record, parent, signal, report: () => {} },
    });
  }
  return found;
}

/** Health over all instances: failed when one is in ERROR, degraded when one is not ACTIVE. */
export function statusOf(target: DeployTarget, states: readonly string[]): FactoryStatus {
  const health = states.includes('ERROR')
    ? 'failed'
    : states.every((state) => state === 'ACTIVE')
      ? 'healthy'
      : 'degraded';
  return { name: target.name, mode: target.mode, namespace: target.namespace, instanceCount: states.length, health };
}

/** Takes every instance back to the deploy before its last; one that was deployed once is deleted. */
export async function rollbackDirect(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
): Promise<RollbackResult> {
  if (target.mode === 'kro') {
    throw new TypeKroError('rollback is for direct mode; in kro mode the definition has revisions', {
      code: 'deploy/unsupported',
      remedy: 'deploy the earlier spec again',
    });
  }
  const rolledBack: string[] = [];
  const errors: string[] = [];
  for (const { context } of await directInstances(api, target, signal)) {
    try {
      await rollbackOne(context);
      rolledBack.push(context.name);
    } catch (error) {
      errors.push(`${context.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const status = errors.length === 0 ? 'success' : rolledBack.length > 0 ? 'partial' : 'failed';
  return { status, rolledBackResources: rolledBack, errors };
}

async function rollbackOne(context: DirectContext): Promise<void> {
  const { previous, revision } = context.record;
  if (previous === undefined) {
    const result: DeletionResult = await deleteDirect(context);
    if (result.status !== 'complete') throw new Error(result.blockers.map(({ message }) => message).join('; '));
    return;
  }
  const graph = await compileFor(context.api, previous.definition, context.signal);
  const record: DirectRecord = { ...previous, revision: revision + 1 };
  await deployDirect({ ...context, graph, record }, { waitForReady: true });
}

/** Makes the namespace if it is missing. */
export async function ensureNamespace(api: KubernetesApi, name: string, signal: AbortSignal): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Namespace', name };
  if ((await api.find(ref, { signal })) !== undefined) return;
  await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { fieldManager: 'typekro', signal });
}

/** The answer when there is no such instance. */
export function nothingToDelete(instanceName: string): DeletionResult {
  return { status: 'complete', instanceName, deleted: [], retained: [], remaining: [], blockers: [] };
}
