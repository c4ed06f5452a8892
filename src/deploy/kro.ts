import type {
  DefinitionStatus,
  DeletionResult,
  DeployedInstance,
  DeployTarget,
  Plan,
  PlanChange,
} from '../compose/index.ts';
import type { JsonObject, KubeObject, ObjectRef } from '../core/index.ts';
import { formatApiVersion, isJsonObject, jsonEquals, refOf } from '../core/index.ts';
import type { KubernetesApi } from '../kube/index.ts';
import { isNotFound, isTimeout, KubeError, waitForObject } from '../kube/index.ts';
import { takeFromDirect } from './migrate.ts';
import { changeOf } from './plan.ts';
import { DeploymentTimeoutError, ignoreNotFound, ResourceGraphFactoryError } from './errors.ts';

/** Field manager of definitions and instances that we apply for the user. */
const MANAGER = 'typekro';

/** Reasons why a kind is not served that no waiting mends, in the controller's words (kro's `CRD ensure`). */
const LASTING = /not owned by KRO|owned by another ResourceGraphDefinition|breaking changes detected/;

/** How long a look at what is left may take when the time of a deletion is over, in milliseconds. */
const LAST_LOOK_MS = 5000;

/** A condition as it stands in a status. */
interface ConditionView {
  readonly type: string;
  readonly status: string;
  readonly message: string;
  readonly observedGeneration: number | undefined;
}

/** The definition of a target, for the controller that is to serve it. */
export function kroDefinition(target: DeployTarget): JsonObject {
  return target.definition(target.options.target ?? 'stock');
}

/** The ResourceGraphDefinition of a target, by name. */
export function definitionRef(target: DeployTarget): ObjectRef {
  return { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: target.name };
}

/** What a kro deploy needs. */
export interface KroContext {
  readonly api: KubernetesApi;
  readonly target: DeployTarget;
  readonly signal: AbortSignal;
  readonly progress: (event: { readonly type: string; readonly resourceId?: string; readonly message: string }) => void;
}

/**
 * Applies the definition, waits until a controller serves its kind, applies the instance and, unless
 * `waitForReady` is false, waits until it is ACTIVE at its generation.
 *
 * @throws ResourceGraphFactoryError when the controller refuses the definition or the instance is in ERROR at the end of
 * the time; DeploymentTimeoutError when it is merely not ready by then. Both carry the controller's own words.
 */
export async function deployKro(
  context: KroContext,
  spec: JsonObject,
  options: { readonly waitForReady: boolean },
): Promise<DeployedInstance<JsonObject, JsonObject>> {
  for (const namespace of context.target.namespaces(spec)) {
    await context.api.apply(namespace, { fieldManager: MANAGER, force: true, signal: context.signal });
  }
  return applyInstance(context, () => Promise.resolve(context.target.instance(spec)), options);
}

/**
 * Applies an instance that several graphs share, unless it is there as wanted.
 *
 * @throws ResourceGraphFactoryError `deploy/singleton-changed` when it is there with another spec: the other graphs
 * did not ask for the change.
 */
export async function deployShared(context: KroContext, wanted: KubeObject): Promise<void> {
  const { api, signal } = context;
  const unchanged = async () => {
    const found = await api.find(refOf(wanted), { signal });
    if (found !== undefined && !jsonEquals(found.spec ?? {}, wanted.spec ?? {})) {
      throw new ResourceGraphFactoryError(
        `the shared ${wanted.kind} "${wanted.metadata.name ?? ''}" is there with another spec`,
        {
          code: 'deploy/singleton-changed',
          object: refOf(wanted),
          remedy:
            'use the same spec everywhere, give this one another id, or change the shared instance by itself first',
        },
      );
    }
    return wanted;
  };
  await applyInstance(context, unchanged, { waitForReady: true });
}

async function applyInstance(
  context: KroContext,
  instanceOf: () => Promise<KubeObject>,
  options: { readonly waitForReady: boolean },
): Promise<DeployedInstance<JsonObject, JsonObject>> {
  const { api, target, signal, progress } = context;
  const definition = kroDefinition(target) as unknown as KubeObject;
  const applied = await api
    .apply(definition, { fieldManager: MANAGER, force: true, signal })
    .catch((error: unknown) => {
      throw error instanceof KubeError && error.code === 'kube/unknown-kind' ? notInstalled(target, error) : error;
    });
  progress({ type: 'progress', message: `applied ResourceGraphDefinition ${target.name}` });
  await waitForDefinition(context, applied.metadata.generation ?? 1);
  progress({ type: 'resource-ready', message: `ResourceGraphDefinition ${target.name} is active` });

  const wanted = await instanceOf();
  const heritage = await takeFromDirect(api, target.name, wanted, signal);
  const instance = await api.apply(heritage?.instance ?? wanted, { fieldManager: MANAGER, force: true, signal });
  progress({ type: 'progress', message: `applied ${instance.kind} ${instance.metadata.name ?? ''}` });
  if (heritage !== undefined) {
    await heritage.forget();
    progress({ type: 'progress', message: `took over the direct deployment ${instance.metadata.name ?? ''}` });
  }
  if (!options.waitForReady) return asDeployed(instance);
  const ready = await waitForInstance(context, refOf(instance), instance.metadata.generation ?? 1);
  return asDeployed(ready);
}

function notInstalled(target: DeployTarget, cause: KubeError): Error {
  return new ResourceGraphFactoryError('the cluster has no ResourceGraphDefinitions', {
    code: 'deploy/not-installed',
    object: definitionRef(target),
    cause,
    remedy: 'run `typekro install` and `typekro controller` (or install kro) there, or use direct mode',
  });
}

async function waitForDefinition(context: KroContext, generation: number): Promise<void> {
  const { api, target, signal } = context;
  let last = 'no controller has looked at it';
  try {
    await waitForObject(api, definitionRef(target), signal, (object) => {
      if (object === undefined) return undefined;
      const conditions = conditionsOf(object);
      const accepted = conditions.find(({ type }) => type === 'GraphAccepted');
      const ready = conditions.find(({ type }) => type === 'Ready');
      if (accepted?.status === 'False' && accepted.observedGeneration === generation) {
        throw new ResourceGraphFactoryError(
          `the controller refuses the definition ${target.name}: ${accepted.message}`,
          {
            code: 'deploy/definition-refused',
            object: definitionRef(target),
            remedy: 'correct the composition and deploy again',
          },
        );
      }
      const served = conditions.find(({ type }) => type === 'KindReady');
      if (served?.status === 'False' && served.observedGeneration === generation && LASTING.test(served.message)) {
        throw new ResourceGraphFactoryError(`the kind of ${target.name} cannot be served: ${served.message}`, {
          code: 'deploy/kind-not-served',
          object: definitionRef(target),
          remedy: 'give the composition another kind, group or version, or remove the CRD that is in its place',
        });
      }
      last = ready === undefined ? last : `Ready is ${ready.status}: ${ready.message}`;
      return ready?.status === 'True' && ready.observedGeneration === generation ? true : undefined;
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw timeout(
      signal,
      error,
      `the definition ${target.name} did not become active in time; ${last}`,
      definitionRef(target),
    );
  }
}

async function waitForInstance(context: KroContext, ref: ObjectRef, generation: number): Promise<KubeObject> {
  const { api, signal, progress } = context;
  let last = 'no controller has looked at it';
  try {
    return await waitForObject(api, ref, signal, (object) => {
      if (object === undefined) return undefined;
      const state = String(object.status?.['state'] ?? '');
      const conditions = conditionsOf(object);
      const ready = conditions.find(({ type }) => type === 'Ready');
      const text = `state ${state}${ready === undefined ? '' : `, Ready is ${ready.status}: ${ready.message}`}`;
      if (text !== last) progress({ type: 'resource-status', resourceId: ref.name, message: text });
      last = text;
      // An author's conditions replace kro's, so without Ready the state alone decides.
      const current = ready === undefined || (ready.status === 'True' && ready.observedGeneration === generation);
      return state === 'ACTIVE' && current ? object : undefined;
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw timeout(signal, error, `${ref.kind} ${ref.name} did not become ACTIVE in time; ${last}`, ref);
  }
}

function timeout(signal: AbortSignal, reason: unknown, message: string, object: ObjectRef): unknown {
  if (!isTimeout(signal)) return reason;
  return new DeploymentTimeoutError(message, {
    code: 'deploy/timeout',
    object,
    remedy: `kubectl describe ${object.kind.toLowerCase()} ${object.name}; is a kro controller running in the cluster?`,
  });
}

/** What a deploy would do to the definition and the instance; the children are the controller's. */
export async function planKro(context: KroContext, spec: JsonObject): Promise<Omit<Plan, 'diagnostics'>> {
  const { api, target, signal } = context;
  const waiting: { nodeId: string; reason: string }[] = [];
  const changes: PlanChange[] = [];
  const wanted = [
    ['definition', kroDefinition(target) as unknown as KubeObject],
    ['instance', target.instance(spec)],
  ] as const;
  for (const [nodeId, object] of wanted) {
    const { apiVersion, kind } = object;
    if ((await api.discovery.resourceOf({ apiVersion, kind }, { signal })) === undefined) {
      waiting.push({ nodeId, reason: `the cluster does not serve ${kind} of ${apiVersion} yet` });
      continue;
    }
    const before = await api.find(refOf(object), { signal });
    const after = await api.apply(object, { fieldManager: MANAGER, force: true, dryRun: true, signal });
    changes.push(changeOf(nodeId, before, after));
  }
  return { changes, waiting };
}

/** Deletes an instance, and the definition when no instance of it is left. */
export async function deleteKro(context: KroContext, ref: ObjectRef): Promise<DeletionResult> {
  const { api, signal, target } = context;
  const base = { instanceName: ref.name, retained: [], remaining: [], blockers: [] };
  const nothing = await api.delete(ref, { propagationPolicy: 'Background', signal }).then(
    () => false,
    (error: unknown) => {
      if (isNotFound(error)) return true;
      throw error;
    },
  );
  if (nothing) return { ...base, status: 'complete', deleted: [] };
  try {
    await waitForObject(api, ref, signal, (object) => (object === undefined ? true : undefined));
  } catch (error) {
    if (!signal.aborted) throw error;
    const left = await api.find(ref, { signal: AbortSignal.timeout(LAST_LOOK_MS) });
    const message =
      left === undefined
        ? ''
        : conditionsOf(left)
            .map((condition) => condition.message)
            .filter(Boolean)
            .join('; ');
    const blockers = [{ code: 'deploy/still-deleting', message, retryable: true }];
    return { ...base, status: 'progressing', deleted: [], remaining: [{ kind: ref.kind, name: ref.name }], blockers };
  }
  const others = await api.list({ apiVersion: ref.apiVersion, kind: ref.kind }, { signal });
  if (others.items.length === 0) await api.delete(definitionRef(target), { signal }).catch(ignoreNotFound);
  return { ...base, status: 'complete', deleted: [{ kind: ref.kind, name: ref.name, namespace: ref.namespace ?? '' }] };
}

/** apiVersion and kind of the instances that a definition makes possible. */
export function instanceTypeOf(definition: JsonObject): { readonly apiVersion: string; readonly kind: string } {
  const { schema = {} } = definition['spec'] as { schema?: { group?: string; apiVersion?: string; kind?: string } };
  const { group = 'kro.run', apiVersion: version = '', kind = '' } = schema;
  return { apiVersion: formatApiVersion({ group, version }), kind };
}

/** State of the definition in the cluster. */
export async function kroDefinitionStatus(context: KroContext): Promise<DefinitionStatus> {
  const { api, target, signal } = context;
  const object = await api.find(definitionRef(target), { signal });
  if (object === undefined) return { name: target.name, phase: 'pending', conditions: [] };
  const conditions = conditionsOf(object);
  const ready = conditions.find(({ type }) => type === 'Ready');
  const accepted = conditions.find(({ type }) => type === 'GraphAccepted');
  return {
    name: target.name,
    phase: ready?.status === 'True' ? 'ready' : accepted?.status === 'False' ? 'failed' : 'pending',
    conditions: Array.isArray(object.status?.['conditions']) ? object.status['conditions'].filter(isJsonObject) : [],
    ...(ready?.observedGeneration === undefined ? {} : { observedGeneration: ready.observedGeneration }),
  };
}

/** The instances of a target's kind in its namespace. */
export async function listKro(context: KroContext): Promise<KubeObject[]> {
  const { api, target, signal } = context;
  const { apiVersion, kind } = instanceTypeOf(kroDefinition(target));
  const known = await api.discovery.resourceOf({ apiVersion, kind }, { signal });
  if (known === undefined) return [];
  return (await api.list({ apiVersion, kind }, { namespace: target.namespace, signal })).items;
}

/** The instance as `deploy` answers it. */
export function asDeployed(object: KubeObject): DeployedInstance<JsonObject, JsonObject> {
  const { apiVersion, kind, metadata, spec = {}, status = {} } = object;
  return { apiVersion, kind, metadata, spec, status };
}

function conditionsOf(object: KubeObject): ConditionView[] {
  const list = object.status?.['conditions'];
  if (!Array.isArray(list)) return [];
  return list.filter(isJsonObject).map((condition) => ({
    type: String(condition['type']),
    status: String(condition['status']),
    message: typeof condition['message'] === 'string' ? condition['message'] : '',
    observedGeneration:
      typeof condition['observedGeneration'] === 'number' ? condition['observedGeneration'] : undefined,
  }));
}
