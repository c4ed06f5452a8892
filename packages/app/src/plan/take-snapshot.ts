import { CRD_TYPE, DEFINITION_TYPE, REVISION_TYPE, compileLive, declaredKind } from '@typekro/controller/controller';
import type { GroupVersionKind, JsonValue, KubeObject } from '@typekro/kit/core';
import { distinctJson, typeMetaOf, gvkOf, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import { GraphObject, Kinds } from '@typekro/engine/graph';
import { asObjects, textAt, valueAt } from '@typekro/kit/kubernetes';
import type { KubernetesApi } from '@typekro/kube';
import { type Decisions, type ObjectTarget, type ObjectType, ObjectKey, Tracking } from '@typekro/engine/runtime';
import type { ControllerSettings } from '@typekro/controller/controller';
import { recordOf } from '../controllers/controller-settings.ts';
import { readBasics } from './cluster-basics.ts';
import { type SecretInputs, secretInputs } from './mask-inputs.ts';
import { LiveSource } from './simulation/live-source.ts';
import type { PlanSource } from '@typekro/controller/inspect';
import { type SnapshotFile, snapshotFile } from './snapshot-file.ts';

/** The inputs of a snapshot. */
export interface TakeSnapshotOptions {
  readonly api: KubernetesApi;
  readonly source: PlanSource;
  /**
   * The namespace for objects that do not set one, and the namespace to list when the user may not list the whole
   * cluster.
   */
  readonly namespace: string;
  readonly settings: ControllerSettings;
  readonly signal: AbortSignal;
}

/**
 * Reads definitions, revisions, the CRDs of the API groups in use, all instances, and the objects that instances own.
 * Reads all Graphs with the objects that they write. Also reads all objects of each kind that an `externalRef` of a
 * definition or a `ref` of a Graph names.
 */
export async function takeSnapshot({
  api,
  source,
  namespace,
  settings,
  signal,
}: TakeSnapshotOptions): Promise<SnapshotFile> {
  const basics = await readBasics(api, signal);
  const live = new LiveSource({ api, signal, fallback: namespace });
  const specs = [
    ...basics.definitions.map(({ metadata: { name = '' }, spec }) => ({ name, spec })),
    ...basics.revisions.map((each) => ({
      name: textAt(each.spec, 'snapshot', 'name'),
      spec: valueAt(each.spec, 'snapshot', 'spec'),
    })),
  ].flatMap(({ name, spec }) => (isJsonObject(spec) ? [{ name, spec }] : []));
  const typeOf = async (kind: GroupVersionKind): Promise<ObjectType | undefined> => {
    const found = await api.discovery.resourceOf(typeMetaOf(kind), { signal });
    return found === undefined ? undefined : { ...kind, plural: found.plural, namespaced: found.namespaced };
  };
  const graphs = await readGraphs(live, typeOf);
  const whole = new Map<string, GroupVersionKind>(graphs.kinds.map((kind) => [ObjectKey.groupKind(kind), kind]));
  const owned = new Map<string, GroupVersionKind>();
  for (const { spec } of specs) {
    const kind = declaredKind(spec);
    whole.set(ObjectKey.groupKind(kind), kind);
    const external = Kinds.used({
      resources: asObjects(spec['resources']).map(({ externalRef }) => ({ externalRef })),
    });
    for (const each of external) whole.set(ObjectKey.groupKind(each), each);
    for (const each of Kinds.used(spec)) owned.set(ObjectKey.groupKind(each), each);
  }
  for (const [key, kind] of whole) {
    owned.delete(key);
    const type = await typeOf(kind);
    if (type !== undefined) await live.loadAll(type);
  }
  await Promise.all(
    [...owned.values()].map(async (kind) => {
      const type = await typeOf(kind);
      if (type !== undefined) await live.loadOwned(type, [namespace]);
    }),
  );
  await live.load(await targetsOf(graphs.objects, typeOf));
  const groups = new Set(
    [...whole.values(), ...owned.values(), ...graphs.objects.map(({ type }) => type)].map(({ group }) => group),
  );
  const isUsed = ({ spec }: KubeObject) => groups.has(textAt(spec, 'group')) || isOwnGroup(textAt(spec, 'group'));
  const inputs: SecretInputs[] = [];
  for (const { name, spec } of distinctJson(specs)) {
    const { graph } = await compileLive(api, name, spec, signal, settings);
    inputs.push(secretInputs(name, declaredKind(spec), graph));
  }
  const parts = {
    source,
    namespace,
    controller: recordOf(settings),
    kinds: [
      { type: CRD_TYPE, objects: basics.crds.filter(isUsed) },
      { type: DEFINITION_TYPE, objects: basics.definitions },
      { type: REVISION_TYPE, objects: basics.revisions },
      ...[...live.tables()].map((table) => ({ type: table.type, objects: [...table.all()] })),
    ],
    limits: [...basics.limits, ...live.limits],
  };
  return snapshotFile(parts, inputs);
}

/** Finds the type of a kind. Resolves to undefined when the cluster does not serve the kind. */
type FindType = (kind: GroupVersionKind) => Promise<ObjectType | undefined>;

/** Reads the Graphs, and finds the objects and kinds on which decisions about them depend. */
async function readGraphs(live: LiveSource, typeOf: FindType): Promise<GraphInputs> {
  const type = await typeOf(GraphObject.TYPE);
  const graphs = type === undefined ? [] : [...(await live.loadAll(type)).all()].map(inputsOfGraph);
  return { objects: graphs.flatMap(({ objects }) => objects), kinds: graphs.flatMap(({ kinds }) => kinds) };
}

async function targetsOf(objects: readonly NamedObject[], typeOf: FindType): Promise<Decisions.ReadRequest[]> {
  const targets = await Promise.all(
    objects.map(async ({ type: kind, name, namespace }): Promise<ObjectTarget[]> => {
      const type = await typeOf(kind);
      if (type === undefined) return [];
      const place = type.namespaced && namespace !== undefined ? { namespace } : {};
      return [{ type, name, ...place }];
    }),
  );
  return targets.flat().map((target) => ({ kind: 'object', nodeId: '', target, why: 'unknown' }));
}

/** Is this the group of definitions or the group of revisions? */
const isOwnGroup = (group: string): boolean => group === DEFINITION_TYPE.group || group === REVISION_TYPE.group;

/** The type, name and namespace of an object. */
interface NamedObject {
  readonly type: GroupVersionKind;
  readonly name: string;
  readonly namespace?: string;
}

/** The objects and kinds that decisions about a Graph depend on. */
interface GraphInputs {
  /** The objects that the Graph records, creates or patches. */
  readonly objects: readonly NamedObject[];
  /** The kinds of the objects that the Graph reads. */
  readonly kinds: readonly GroupVersionKind[];
}

/**
 * Finds the objects and kinds that a snapshot needs in addition to a Graph. Skips malformed nodes, and names and kinds
 * that expressions compute.
 */
function inputsOfGraph(graph: KubeObject): GraphInputs {
  const { managedResources, contributions } = Tracking.read(graph);
  const recorded = [...managedResources, ...contributions].map(({ apiVersion, kind, name, namespace }) => ({
    type: gvkOf({ apiVersion, kind }),
    name,
    ...(namespace === undefined ? {} : { namespace }),
  }));
  const nodes = [...GraphObject.nodesOf(graph)].map(({ node }) => node);
  const own = graph.metadata.namespace;
  const written = nodes.flatMap((node) => [...named(node['template'], own), ...named(node['patch'], own)]);
  return { objects: [...recorded, ...written], kinds: nodes.flatMap((node) => typeOf(node['ref'])) };
}

function typeOf(object: JsonValue | undefined): GroupVersionKind[] {
  if (!isJsonObject(object)) return [];
  const [apiVersion, kind] = [textAt(object, 'apiVersion'), textAt(object, 'kind')];
  const isWritten = apiVersion !== '' && kind !== '' && !`${apiVersion}${kind}`.includes('${');
  return isWritten ? [{ ...parseApiVersion(apiVersion), kind }] : [];
}

function named(object: JsonValue | undefined, own: string | undefined): NamedObject[] {
  if (!isJsonObject(object)) return [];
  const name = textAt(object, 'metadata', 'name');
  const namespace = textAt(object, 'metadata', 'namespace') || own;
  if (name === '' || `${name}${namespace ?? ''}`.includes('${')) return [];
  return typeOf(object).map((type) => ({ type, name, ...(namespace === undefined ? {} : { namespace }) }));
}
