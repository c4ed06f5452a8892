import type { DefinitionStatus, DeployedInstance, DeployTarget, Plan, PlanChange } from '../compose/index.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { formatApiVersion, formatRef, isJsonObject, jsonEquals, refOf } from '@typekro/kit/core';
import { type Graph, GraphObject, InstanceCrd } from '@typekro/engine/graph';
import { objectsAt, statusCondition } from '@typekro/kit/kubernetes';
import { isNotFound, KubeError } from '@typekro/kube';
import { takeFromDirect } from './migrate.ts';
import { changeOf } from './changed-fields.ts';
import { deployedGraph } from './compile-for.ts';
import { InvalidGraphError, ResourceGraphFactoryError } from './errors.ts';
import { laidOver, underSchema } from './new-schema.ts';
import { type KroContext, definitionRef } from './kro-context.ts';
import { BREAKING_REMEDY, waitForDefinition, waitForGraph, waitForInstance, waitForDeletion } from './kro-wait.ts';
import { missingNamespace } from './node-failures.ts';

/** The field manager of definitions and instances that are applied for the user. */
export const MANAGER = 'typekro';

/**
 * A deploy fails when other clients have deleted its definition this many times. After each earlier deletion, the
 * deploy applies the definition again.
 */
const MAX_DELETIONS = 5;

/**
 * The definition of a deploy target, in the form for the controller that its option `target` names. Default: stock kro.
 */
export function kroDefinition(target: DeployTarget): JsonObject {
  return target.definition(target.options.target ?? 'stock');
}

/**
 * Applies the definition, waits until a controller serves its kind, and applies the instance. Waits until the instance
 * is ACTIVE at its generation, unless `waitForReady` is false.
 *
 * @throws ResourceGraphFactoryError when the controller refuses the definition, or keeps reporting that the server
 * refuses a child; DeploymentTimeoutError when the instance is not ready at the time limit. Both have the controller's
 * message.
 */
export async function deployKro(
  context: KroContext,
  instance: KubeObject,
  options: { readonly waitForReady: boolean },
): Promise<DeployedInstance<JsonObject, JsonObject>> {
  if (context.target.form === 'graph') return deployGraph(context, instance, options);
  await applyNamespaces(context, instance);
  return applyInstance(context, () => Promise.resolve(instance), options);
}

/** Applies the namespaces that must exist before the instance is applied. */
async function applyNamespaces({ api, target, signal }: KroContext, instance: KubeObject): Promise<void> {
  for (const namespace of target.namespaces(instance)) {
    await api.apply(namespace, { fieldManager: MANAGER, force: true, signal });
  }
}

/** Did the server refuse a write because the namespace of the object does not exist? */
const isMissingNamespace = (error: unknown): boolean => isNotFound(error) && error.details.kind === 'namespaces';

/** Applies a Graph, and waits until it is ready at its generation, unless `waitForReady` is false. */
async function deployGraph(
  context: KroContext,
  wanted: KubeObject,
  options: { readonly waitForReady: boolean },
): Promise<DeployedInstance<JsonObject, JsonObject>> {
  const { target, progress } = context;
  const applied = await applyFresh(context, wanted).catch((error: unknown) => {
    if (error instanceof KubeError && error.code === 'kube/unknown-kind') throw notInstalled(target, error);
    throw isMissingNamespace(error) ? missingNamespace(`graph ${target.name}`, target.namespace, error) : error;
  });
  progress({ type: 'progress', message: `applied Graph ${target.name}` });
  return asDeployed(options.waitForReady ? await waitForGraph(context, applied) : applied);
}

/**
 * Applies a singleton, and waits until it is ready.
 *
 * @throws ResourceGraphFactoryError `deploy/singleton-changed` when the singleton exists with another spec, because
 * other graphs depend on that spec.
 */
export async function deployShared(context: KroContext, wanted: KubeObject): Promise<void> {
  const { api, signal } = context;
  const unchanged = async () => {
    const found = await api.find(refOf(wanted), { signal });
    if (found !== undefined && !jsonEquals(found.spec ?? {}, wanted.spec ?? {})) {
      throw new ResourceGraphFactoryError(
        `the shared ${wanted.kind} "${wanted.metadata.name ?? ''}" exists with another spec`,
        {
          code: 'deploy/singleton-changed',
          object: refOf(wanted),
          remedy:
            'give the singleton the same spec in all graphs, use another id in this graph, or first change the spec of the shared instance',
        },
      );
    }
    await applyNamespaces(context, wanted);
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
  const definition = kroDefinition(target) as KubeObject;
  let served = await serveDefinition(context, definition);
  progress({ type: 'resource-ready', message: `ResourceGraphDefinition ${target.name} is active` });

  const wanted = await instanceOf();
  const place = wanted.metadata.namespace ?? target.namespace;
  const inherited = await takeFromDirect(api, target.name, wanted, place, signal);
  const instance = await applyFresh(context, inherited?.instance ?? wanted).catch((error: unknown) => {
    const { name = '', namespace = '' } = wanted.metadata;
    throw isMissingNamespace(error) ? missingNamespace(`${target.name} "${name}"`, namespace, error) : error;
  });
  progress({ type: 'progress', message: `applied ${instance.kind} ${instance.metadata.name ?? ''}` });
  if (inherited !== undefined) {
    await inherited.forget();
    progress({ type: 'progress', message: `took over the direct deployment ${instance.metadata.name ?? ''}` });
  }
  // Another client that does not see the instance yet may delete the definition. In this case, the loop applies the
  // definition again.
  for (let times = 1; ; times += 1) {
    const settled = await (options.waitForReady ? waitForInstance(context, instance, served) : whileServed(served));
    if (settled !== undefined) return asDeployed(settled);
    if (times === MAX_DELETIONS) throw deletedAgain(target);
    progress({ type: 'progress', message: `ResourceGraphDefinition ${target.name} was deleted meanwhile` });
    served = await serveDefinition(context, definition);
  }

  async function whileServed({ metadata }: KubeObject): Promise<KubeObject | undefined> {
    const found = await api.find(definitionRef(target), { signal });
    const isServed = found?.metadata.uid === metadata.uid && found?.metadata.deletionTimestamp === undefined;
    return isServed ? instance : undefined;
  }
}

/**
 * Applies an object. When an earlier object of the same name is being deleted, waits until it is gone and applies the
 * object again.
 */
async function applyFresh(context: KroContext, wanted: KubeObject): Promise<KubeObject> {
  const { api, signal, progress } = context;
  for (;;) {
    const applied = await api.apply(wanted, { fieldManager: MANAGER, force: true, signal });
    if (applied.metadata.deletionTimestamp === undefined) return applied;
    progress({ type: 'progress', message: `waiting until the former ${formatRef(refOf(applied))} is gone` });
    await waitForDeletion(context, applied);
  }
}

/**
 * Applies a definition, waits until it is served, and returns it. Applies it again when another client deletes it in
 * the meantime.
 */
async function serveDefinition(context: KroContext, definition: KubeObject): Promise<KubeObject> {
  const { api, target, signal, progress } = context;
  // A definition that the controller refuses would stay in the cluster in place of the former one.
  const { breaking = [] } = (await schemaChange(context)) ?? {};
  if (breaking.length > 0)
    throw new ResourceGraphFactoryError(refusedRelease(target, breaking), {
      code: 'deploy/kind-not-served',
      object: definitionRef(target),
      remedy: BREAKING_REMEDY,
    });
  for (let times = 1; times <= MAX_DELETIONS; times += 1) {
    const applied = await api
      .apply(definition, { fieldManager: MANAGER, force: true, signal })
      .catch((error: unknown) => {
        if (!(error instanceof KubeError)) throw error;
        if (error.message.includes('.spec.schema.versions: field not declared')) throw withoutVersions(target, error);
        throw error.code === 'kube/unknown-kind' ? notInstalled(target, error) : error;
      });
    progress({ type: 'progress', message: `applied ResourceGraphDefinition ${target.name}` });
    if (await waitForDefinition(context, applied)) return applied;
  }
  throw deletedAgain(target);
}

function deletedAgain(target: DeployTarget): Error {
  return new ResourceGraphFactoryError(
    `another client deleted the definition ${target.name} ${MAX_DELETIONS} times while it was being deployed`,
    {
      code: 'deploy/superseded',
      object: definitionRef(target),
      remedy: 'find the client that deletes it (a tool that prunes unknown objects?), and deploy again',
    },
  );
}

/** The error for a cluster whose definitions have no versions of an API, as with the CRDs of kro. */
function withoutVersions(target: DeployTarget, cause: KubeError): Error {
  return new ResourceGraphFactoryError(`definitions in the cluster have no versions of an API: ${target.name}`, {
    code: 'deploy/definition-refused',
    object: definitionRef(target),
    cause,
    remedy: 'run `typekro install`, and a controller of this project with --feature-gates=APIVersions=true',
  });
}

function notInstalled(target: DeployTarget, cause: KubeError): Error {
  const object = definitionRef(target);
  const gate = target.form === 'graph' ? ' with the feature gate GraphKind' : '';
  return new ResourceGraphFactoryError(`the cluster has no kind ${object.kind}`, {
    code: 'deploy/not-installed',
    object,
    cause,
    remedy: `run \`typekro install\` and then \`typekro controller\`${gate} for this cluster, install kro${gate} there, or use direct mode`,
  });
}

/**
 * The changes that a deploy would make to the definition and the instance. The controller writes the children, so they
 * are not included.
 */
export async function planKro(context: KroContext, instance: KubeObject): Promise<Omit<Plan, 'diagnostics'>> {
  const { api, target, signal } = context;
  const waiting: { nodeId: string; reason: string }[] = [];
  const changes: PlanChange[] = [];
  const wanted: readonly (readonly [nodeId: string, object: KubeObject])[] =
    target.form === 'graph'
      ? [['graph', instance]]
      : [
          ['definition', kroDefinition(target) as KubeObject],
          ['instance', instance],
        ];
  const schema = target.form === 'graph' ? undefined : await schemaChange(context);
  for (const [nodeId, object] of wanted) {
    const { apiVersion, kind } = object;
    if (nodeId === 'instance' && schema !== undefined && schema.breaking.length > 0) {
      waiting.push({ nodeId, reason: refusedRelease(target, schema.breaking) });
      continue;
    }
    if ((await api.discovery.resourceOf({ apiVersion, kind }, { signal })) === undefined) {
      waiting.push({ nodeId, reason: `the cluster does not serve ${kind} of ${apiVersion} yet` });
      continue;
    }
    const before = await api.find(refOf(object), { signal });
    if (nodeId === 'instance' && schema !== undefined) {
      // The server still has the former schema, so the rules of the new one are applied here.
      const { object: after, errors } = underSchema(schema.graph, laidOver(before, object));
      if (errors.length > 0)
        waiting.push({ nodeId, reason: `the new schema refuses the instance: ${errors.join('; ')}` });
      else changes.push(changeOf(nodeId, before, after));
      continue;
    }
    try {
      const after = await api.apply(object, { fieldManager: MANAGER, force: true, dryRun: true, signal });
      changes.push(changeOf(nodeId, before, after));
    } catch (error) {
      if (!isMissingNamespace(error)) throw error;
      waiting.push({ nodeId, reason: `there is no namespace ${target.namespace} yet` });
    }
  }
  return { changes, waiting };
}

/** The change of the schema of instances by a deploy. `breaking` has the changes that the controller refuses. */
interface SchemaOfRelease {
  readonly graph: Graph;
  readonly breaking: readonly string[];
}

/**
 * Compares the schema of instances with that in the cluster. Returns `undefined` when the schema does not change or is
 * new, and when it cannot be compared: the CRD may not be read, or the definition does not compile.
 */
async function schemaChange({ api, target, signal }: KroContext): Promise<SchemaOfRelease | undefined> {
  try {
    const { graph } = await deployedGraph(api, target, signal);
    const live = await api.find(refOf(graph.instance.crd), { signal });
    const compared = live === undefined ? undefined : InstanceCrd.compare(live, graph.instance.crd, 'none', graph);
    if (compared === undefined || 'error' in compared) return undefined;
    const { breaking, nonBreaking } = compared;
    if (breaking.length + nonBreaking.length === 0) return undefined;
    const isAllowed = target.options.allowBreakingChanges === true;
    return {
      graph,
      breaking: isAllowed ? [] : breaking.map((each) => `${each.description} (${InstanceCrd.fieldOfChange(each)})`),
    };
  } catch (error) {
    const isUnread = error instanceof KubeError && error.status === 403;
    if (isUnread || error instanceof InvalidGraphError) return undefined;
    throw error;
  }
}

const refusedRelease = ({ name }: DeployTarget, breaking: readonly string[]): string =>
  `the controller refuses the definition ${name}: breaking changes of its schema: ${breaking.join('; ')}; ${BREAKING_REMEDY}`;

/** The time of the last apply by the field manager `typekro`; `undefined` when there was none. */
export function appliedAt({ metadata }: KubeObject): Date | undefined {
  const entry = metadata.managedFields?.find(
    (fields) => isJsonObject(fields) && fields['manager'] === MANAGER && fields['operation'] === 'Apply',
  );
  const time = isJsonObject(entry) ? entry['time'] : undefined;
  return entry === undefined ? undefined : new Date(typeof time === 'string' ? time : 0);
}

/** The apiVersion and kind of a definition's instances. A Graph is its own instance. */
export function instanceKindOf(definition: JsonObject): { readonly apiVersion: string; readonly kind: string } {
  if (definition['kind'] === GraphObject.KIND.kind) return GraphObject.KIND;
  const { schema = {} } = definition['spec'] as { schema?: { group?: string; apiVersion?: string; kind?: string } };
  const { group = 'kro.run', apiVersion: version = '', kind = '' } = schema;
  return { apiVersion: formatApiVersion({ group, version }), kind };
}

/** The state of the definition in the cluster. */
export async function kroDefinitionStatus(context: KroContext): Promise<DefinitionStatus> {
  const { api, target, signal } = context;
  const object = await api.find(definitionRef(target), { signal });
  if (object === undefined) return { name: target.name, phase: 'pending', conditions: [] };
  const ready = statusCondition(object, 'Ready');
  const accepted = statusCondition(object, 'GraphAccepted');
  return {
    name: target.name,
    phase: ready?.status === 'True' ? 'ready' : accepted?.status === 'False' ? 'failed' : 'pending',
    conditions: objectsAt(object.status, 'conditions'),
    ...(ready?.observedGeneration === undefined ? {} : { observedGeneration: ready.observedGeneration }),
  };
}

/**
 * The instances of a target's kind in its namespace. For a target that is a Graph, the list has only this Graph, if it
 * exists.
 */
export async function listKro(context: KroContext): Promise<KubeObject[]> {
  const { api, target, signal } = context;
  const { apiVersion, kind } = instanceKindOf(kroDefinition(target));
  const known = await api.discovery.resourceOf({ apiVersion, kind }, { signal });
  if (known === undefined) return [];
  if (target.form === 'graph') {
    const found = await api.find({ ...GraphObject.KIND, name: target.name, namespace: target.namespace }, { signal });
    return found === undefined ? [] : [found];
  }
  return (await api.list({ apiVersion, kind }, { namespace: target.namespace, signal })).items;
}

/** The instance in the form that `deploy` returns. */
export function asDeployed(object: KubeObject): DeployedInstance<JsonObject, JsonObject> {
  const { apiVersion, kind, metadata, spec = {}, status = {} } = object;
  return { apiVersion, kind, metadata, spec, status };
}
