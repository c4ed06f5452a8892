import type { DeployedInstance, DeployEngine, DeployEvent, DeployTarget } from '../compose/index.ts';
import { refOf, TypeKroError, type JsonObject, type KubeObject, type ObjectRef } from '@typekro/kit/core';
import { statusCondition } from '@typekro/kit/kubernetes';
import { isTimeout, systemClock, type KubernetesApi } from '@typekro/kube';
import { connect, ensureNamespace } from './connect.ts';
import {
  deployProgress,
  directContext,
  directInstance,
  directInstances,
  kroContext,
  rollbackDirect,
  statusOf,
  withLimit,
  type LastDeploy,
} from './contexts.ts';
import { deletionResult, NOTHING_TO_DELETE } from './deletion-result.ts';
import { deleteDirect, deployDirect, dryRunDirect, observeDirect, planDirect } from './direct.ts';
import { monitorEvents } from './event-monitor.ts';
import type { DirectContext } from './direct-run.ts';
import { childRefsOf, definitionRef } from './kro-context.ts';
import {
  appliedAt,
  asDeployed,
  deployKro,
  deployShared,
  instanceKindOf,
  kroDefinition,
  kroDefinitionStatus,
  listKro,
  planKro,
} from './deploy-kro.ts';
import { deleteKro } from './kro-delete.ts';
import { takeFromController } from './migrate.ts';
import type { KroSource } from '../factories/index.ts';
import type { RuntimeInstallation } from './install-runtime.ts';
import { isRecordOf } from './parent.ts';
import { parentRef } from './record-owner.ts';

/** The connections of the factories. A connection is opened at the first call and kept. */
const connections = new WeakMap<DeployTarget, Promise<KubernetesApi>>();

/** The names of the instances whose deploys began in this process. */
const begun = new WeakMap<DeployTarget, Set<string>>();

/** Makes the engine of the factories. All engines share the connections. */
export function createDeployEngine(): DeployEngine {
  const apiOf = (target: DeployTarget): Promise<KubernetesApi> => {
    const known = connections.get(target);
    if (known !== undefined) return known;
    const open = connect(target.options);
    connections.set(target, open);
    // A failed connection is not kept. The next call connects again.
    open.catch(() => connections.delete(target));
    return open;
  };

  return {
    async deploy(target, instance, options) {
      begun.set(target, (begun.get(target) ?? new Set()).add(instance.metadata.name ?? ''));
      const api = await apiOf(target);
      return withLimit(target, options, (signal) => deploy(api, target, instance, signal, options.onEvent));
    },

    async getInstances(target) {
      const api = await apiOf(target);
      return withLimit(target, {}, async (signal) => {
        if (target.mode === 'kro') return (await listKro(kroContext(api, target, signal))).map(asDeployed);
        const instances: DeployedInstance<JsonObject, JsonObject>[] = [];
        for (const context of await directInstances(api, target, signal)) {
          instances.push((await observeDirect(context)).instance);
        }
        return instances;
      });
    },

    async getStatus(target) {
      const api = await apiOf(target);
      return withLimit(target, {}, async (signal) => statusOf(target, await statesOf(api, target, signal)));
    },

    async deleteInstance(target, name, options) {
      const api = await apiOf(target);
      const started = systemClock.now();
      const effect = await withLimit(target, options, async (signal) => {
        if (target.mode === 'kro') {
          const type = instanceKindOf(kroDefinition(target));
          return deleteKro(kroContext(api, target, signal), { ...type, name, namespace: target.namespace });
        }
        const context = await directInstance(api, target, signal, name);
        return context === undefined ? NOTHING_TO_DELETE : deleteDirect(context);
      });
      return deletionResult(target, name, { started, finished: systemClock.now() }, effect);
    },

    async rollback(target, name) {
      const names = name === undefined ? [...(begun.get(target) ?? [])] : [name];
      const api = await apiOf(target);
      return withLimit(target, {}, (signal) => rollbackDirect(api, target, signal, names, name));
    },

    async toDryRun(target, instance) {
      const api = await apiOf(target);
      return withLimit(target, {}, async (signal) => {
        const context = await directContext(api, target, signal, deployProgress(target), instance);
        return { objects: await dryRunDirect(context), diagnostics: target.diagnostics };
      });
    },

    async plan(target, instance) {
      const api = await apiOf(target);
      return withLimit(target, {}, async (signal) => {
        const planned =
          target.mode === 'kro'
            ? await planKro(kroContext(api, target, signal), instance)
            : await planDirect(await directContext(api, target, signal, deployProgress(target), instance));
        return { ...planned, diagnostics: target.diagnostics };
      });
    },

    async getDefinitionStatus(target) {
      const api = await apiOf(target);
      return withLimit(target, {}, (signal) => kroDefinitionStatus(kroContext(api, target, signal)));
    },

    async dispose(target) {
      const open = connections.get(target);
      connections.delete(target);
      if (open !== undefined) await (await open).close();
    },
  };
}

async function deploy(
  api: KubernetesApi,
  target: DeployTarget,
  instance: KubeObject,
  signal: AbortSignal,
  onEvent?: (event: DeployEvent) => void,
): Promise<DeployedInstance<JsonObject, JsonObject>> {
  const progress = deployProgress(target, onEvent);
  progress.event({ type: 'started', message: `deploying ${target.name} in ${target.mode} mode` });
  let monitor: { stop(): Promise<void> } | undefined;
  try {
    monitor = await monitoring(api, target, instance, progress);
    // In direct mode, the first write of the deploy creates a missing namespace.
    if (target.mode === 'kro' && target.options.createNamespace !== false) {
      await ensureNamespace(api, target.namespace, signal);
    }
    await deploySingletons(api, target, signal, progress);
    if (target.form === 'graph') await refuseOtherMode(api, target, signal);
    const inDirectMode = async (context: DirectContext) =>
      target.form === 'graph'
        ? context
        : takeFromController(context, (message) => progress.event({ type: 'progress', message }));
    const waitForReady = target.options.waitForReady ?? true;
    const deployed =
      target.mode === 'kro'
        ? await deployKro(kroContext(api, target, signal, progress), instance, { waitForReady })
        : await deployDirect(await inDirectMode(await directContext(api, target, signal, progress, instance)), {
            waitForReady,
          });
    progress.event({ type: 'completed', message: `${deployed.kind} ${deployed.metadata.name ?? ''} is deployed` });
    return deployed;
  } catch (error) {
    const isAborted = signal.aborted && !isTimeout(signal);
    const why: unknown = isAborted ? signal.reason : error;
    const reason = why instanceof Error ? why.message : String(why);
    const message = isAborted
      ? `aborted: ${reason}; the created objects stay: deploy again to continue, or remove them with deleteInstance()`
      : reason;
    progress.event({ type: 'failed', message, ...(error instanceof Error ? { error } : {}) });
    throw error;
  } finally {
    await monitor?.stop();
  }
}

/**
 * Reports the events of the instance and of objects whose names are known from the spec, when `eventMonitoring` is
 * enabled.
 */
async function monitoring(
  api: KubernetesApi,
  target: DeployTarget,
  instance: KubeObject,
  progress: ReturnType<typeof deployProgress>,
): Promise<{ stop(): Promise<void> } | undefined> {
  const { eventMonitoring } = target.options;
  if (eventMonitoring?.enabled !== true) return undefined;
  const monitored = [{ id: target.name, object: refOf(instance) }, ...childRefsOf(target, instance)];
  return monitorEvents(api, monitored, eventMonitoring, {
    clock: systemClock,
    report: (event) => progress.event(event),
  });
}

/**
 * Deploys the singletons of the graph before the graph itself, in both modes. The graph needs the kinds of the
 * singletons, and the cluster serves these kinds only after the singletons are deployed.
 */
async function deploySingletons(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
  progress: ReturnType<typeof deployProgress>,
): Promise<void> {
  for (const { target: owner, instance } of target.singletons) {
    const { namespace } = instance.metadata;
    if (namespace !== undefined) await ensureNamespace(api, namespace, signal);
    await deploySingletons(api, owner, signal, progress);
    await deployShared(kroContext(api, owner, signal, progress), instance);
  }
}

/** The state and the last deploy of each instance of the target. */
async function statesOf(api: KubernetesApi, target: DeployTarget, signal: AbortSignal): Promise<LastDeploy[]> {
  if (target.mode === 'kro') {
    const instances = await listKro(kroContext(api, target, signal));
    return instances.map((object) => {
      return { state: stateOf(object), deployed: appliedAt(object) };
    });
  }
  const states: LastDeploy[] = [];
  for (const context of await directInstances(api, target, signal)) {
    const { time } = context.record;
    const { state } = (await observeDirect(context)).decision;
    states.push({ state, deployed: time === undefined ? undefined : new Date(time) });
  }
  return states;
}

/** The state of an instance. The status of a Graph has no `state`, so its state follows from its conditions. */
function stateOf(object: KubeObject): string {
  const state = object.status?.['state'];
  if (typeof state === 'string') return state;
  const is = (type: string, status: string) => statusCondition(object, type)?.status === status;
  if (is('Accepted', 'False')) return 'ERROR';
  return is('Accepted', 'True') && is('Ready', 'True') ? 'ACTIVE' : 'IN_PROGRESS';
}

/**
 * Loads `install-runtime.ts` and calls its `installRuntime`. The module is loaded only when it is used, because few
 * deploys install a runtime.
 */
export async function installRuntimeOnDemand(installation: RuntimeInstallation): Promise<KroSource> {
  return (await import('./install-runtime.ts')).installRuntime(installation);
}

/**
 * Throws when the other mode has already deployed the graph. The two modes label the objects of a graph differently, so
 * neither can continue a deploy of the other.
 *
 * @throws TypeKroError `deploy/name-taken`
 */
async function refuseOtherMode(api: KubernetesApi, target: DeployTarget, signal: AbortSignal): Promise<void> {
  const { name, namespace, mode } = target;
  if (mode === 'kro') {
    const ref = parentRef(name, name, namespace);
    const record = await api.find(ref, { signal });
    if (record !== undefined && isRecordOf(record, name, name)) throw taken(target, ref);
    return;
  }
  const ref = definitionRef(target);
  if ((await api.discovery.resourceOf(ref, { signal })) === undefined) return;
  if ((await api.find(ref, { signal })) !== undefined) throw taken(target, ref);
}

function taken({ name, mode }: DeployTarget, object: ObjectRef): TypeKroError {
  const other = mode === 'kro' ? 'direct' : 'kro';
  return new TypeKroError(`the graph ${name} is deployed in mode ${other}`, {
    code: 'deploy/name-taken',
    object,
    remedy: `deploy it in mode ${other}, or delete it there first: factory('${other}').delete()`,
  });
}
