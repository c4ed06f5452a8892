import type { DefinitionStatus, DeployedInstance, DeployTarget, Plan, PlanChange } from '../compose/index.ts';
import type { JsonObject, KubeObject, ObjectRef } from '../core/index.ts';
import { formatApiVersion, isJsonObject, jsonEquals, refOf } from '../core/index.ts';
import { isNotFound, KubeError, waitForObject } from '../kube/index.ts';
import type { DeletionOutcome } from './deletion.ts';
import { identity } from './deletion.ts';
import { takeFromDirect } from './migrate.ts';
import { changeOf } from './plan.ts';
import { ignoreNotFound, ResourceGraphFactoryError } from './errors.ts';
import type { KroContext } from './kro-context.ts';
import { definitionRef } from './kro-context.ts';
import { conditionsOf, waitForDefinition, waitForInstance } from './kro-wait.ts';
import { missingNamespace } from './node-failures.ts';

/** Field manager of definitions and instances that we apply for the user. */
const MANAGER = 'typekro';

/** How long a look at what is left may take when the time of a deletion is over, in milliseconds. */
const LAST_LOOK_MS = 5000;

/** The definition of a target, for the controller that is to serve it. */
export function kroDefinition(target: DeployTarget): JsonObject {
  return target.definition(target.options.target ?? 'stock');
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
  await serveDefinition(context);
  progress({ type: 'resource-ready', message: `ResourceGraphDefinition ${target.name} is active` });

  const wanted = await instanceOf();
  const heritage = await takeFromDirect(api, target.name, wanted, signal);
  const instance = await api
    .apply(heritage?.instance ?? wanted, { fieldManager: MANAGER, force: true, signal })
    .catch((error: unknown) => {
      const { name = '', namespace = '' } = wanted.metadata;
      const isMissing = isNotFound(error) && error.details.kind === 'namespaces';
      throw isMissing ? missingNamespace(`${target.name} "${name}"`, namespace, error) : error;
    });
  progress({ type: 'progress', message: `applied ${instance.kind} ${instance.metadata.name ?? ''}` });
  if (heritage !== undefined) {
    await heritage.forget();
    progress({ type: 'progress', message: `took over the direct deployment ${instance.metadata.name ?? ''}` });
  }
  if (!options.waitForReady) return asDeployed(instance);
  return asDeployed(await waitForInstance(context, instance));
}

/** Applies the definition and waits until it is served; when somebody deletes it meanwhile, once more. */
async function serveDefinition(context: KroContext): Promise<void> {
  const { api, target, signal, progress } = context;
  const definition = kroDefinition(target) as unknown as KubeObject;
  let isServed = false;
  while (!isServed) {
    const applied = await api
      .apply(definition, { fieldManager: MANAGER, force: true, signal })
      .catch((error: unknown) => {
        throw error instanceof KubeError && error.code === 'kube/unknown-kind' ? notInstalled(target, error) : error;
      });
    progress({ type: 'progress', message: `applied ResourceGraphDefinition ${target.name}` });
    isServed = await waitForDefinition(context, applied);
  }
}

function notInstalled(target: DeployTarget, cause: KubeError): Error {
  return new ResourceGraphFactoryError('the cluster has no ResourceGraphDefinitions', {
    code: 'deploy/not-installed',
    object: definitionRef(target),
    cause,
    remedy: 'run `typekro install` and `typekro controller` (or install kro) there, or use direct mode',
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

/** Deletes an instance, and the definition when no instance of it is left; also where a failed deploy made no instance. */
export async function deleteKro(context: KroContext, ref: ObjectRef): Promise<DeletionOutcome> {
  const { api, signal } = context;
  const wasThere = await api.delete(ref, { propagationPolicy: 'Background', signal }).then(
    () => true,
    (error: unknown) => {
      if (isNotFound(error)) return false;
      throw error;
    },
  );
  try {
    if (wasThere) await waitForObject(api, ref, signal, (object) => (object === undefined ? true : undefined));
  } catch (error) {
    if (!signal.aborted) throw error;
    const left = await api.find(ref, { signal: AbortSignal.timeout(LAST_LOOK_MS) });
    const said = left === undefined ? [] : conditionsOf(left).map(({ message }) => message);
    const blocker = {
      code: 'deploy/still-deleting',
      message: said.filter(Boolean).join('; '),
      retryable: true,
      retryGuidance: 'is a kro controller running? it deletes the children first, and then the instance',
    };
    return { status: 'progressing', deleted: [], remaining: [identity(ref)], blockers: [blocker] };
  }
  const definition = await deleteUnusedDefinition(context, ref, wasThere);
  const deleted = [...(wasThere ? [ref] : []), ...(definition === undefined ? [] : [definition])];
  return { status: 'complete', deleted: deleted.map(identity), remaining: [], blockers: [] };
}

/**
 * Removes the definition that we applied when its kind has no instances, or is not served at all. A sound one whose
 * last instance was not deleted here stays: somebody may be about to make the first.
 */
async function deleteUnusedDefinition(
  { api, signal, target }: KroContext,
  { apiVersion, kind }: ObjectRef,
  wasThere: boolean,
): Promise<ObjectRef | undefined> {
  const ref = definitionRef(target);
  const definition = await api.find(ref, { signal }).catch(ignoreNotFound);
  if (definition === undefined || appliedAt(definition) === undefined) return undefined;
  const instances = await api.list({ apiVersion, kind }, { limit: 1, signal }).catch(ignoreNotFound);
  if (instances !== undefined && instances.items.length > 0) return undefined;
  const isSound = conditionsOf(definition).some(({ type, status }) => type === 'Ready' && status === 'True');
  if (isSound && !wasThere) return undefined;
  const { uid } = definition.metadata;
  await api.delete(ref, { ...(uid === undefined ? {} : { preconditions: { uid } }), signal }).catch(ignoreNotFound);
  return ref;
}

/** When we applied an object last; `undefined` when we never did. */
export function appliedAt({ metadata }: KubeObject): Date | undefined {
  const entry = metadata.managedFields?.find(
    (fields) => isJsonObject(fields) && fields['manager'] === MANAGER && fields['operation'] === 'Apply',
  );
  const time = isJsonObject(entry) ? entry['time'] : undefined;
  return entry === undefined ? undefined : new Date(typeof time === 'string' ? time : 0);
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
