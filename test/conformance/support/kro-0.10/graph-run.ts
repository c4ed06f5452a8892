import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject, parseApiVersion, parseJson } from '@typekro/kit/core';
import { readFeatureGates } from '../../../../packages/controller/src/controller/feature-gates.ts';
import { NODE_ID_LABEL } from '../../../../packages/engine/src/runtime/objects/keys.ts';
import { type VirtualWorld, conditionText, potDefinition, potRef } from '@typekro/testing/test-support/virtual-world';
import { refuseGraphs, type ApiError } from './api-errors.ts';
import type { KroCase } from './cases.ts';
import { caseWorld, entriesOf, getGraph, graphObject, graphRef, NAMESPACE, putGraph, putNamespaces } from './case-world.ts';
import { namespacesOf, payloadsOf, phasesOf, putExisting, SELECTED_NAMESPACES, serveKinds, uidOf } from './graph-input.ts';

/** The parent of the nodes: a Graph, or an instance of a definition with the nodes as its resources. */
type Mode = 'graph' | 'definition';

/** The prefix of the ids of probes. A probe is a node that the runner adds to observe the value of another node. */
const PROBE = 'probe';
/** The namespace of the instance in cases about definitions. */
const INSTANCE_NAMESPACE = 'default';

/** A case whose nodes run in a cluster with the controller. */
export class GraphRun {
  readonly world: VirtualWorld;
  readonly mode: Mode;
  /** The namespace of the Graph. */
  readonly place: string;
  readonly nodes: readonly JsonObject[];
  /** The live objects of patches and templates before the first pass. */
  readonly before: ReadonlyMap<string, KubeObject>;
  readonly #phases: readonly JsonObject[][];

  private constructor(world: VirtualWorld, mode: Mode, place: string, phases: readonly JsonObject[][], before: ReadonlyMap<string, KubeObject>) {
    this.world = world;
    this.mode = mode;
    this.place = place;
    this.nodes = phases[0] ?? [];
    this.#phases = phases;
    this.before = before;
  }

  /** Creates the objects that exist before the Graph, then the Graph, and waits until the Graph has settled. */
  static async start(each: KroCase, error?: ApiError, probed: readonly string[] = []): Promise<GraphRun> {
    const { input } = each;
    const mode = String(input['mode'] ?? '').startsWith('RGD') ? 'definition' : 'graph';
    const place = mode === 'definition' ? INSTANCE_NAMESPACE : String(input['graphNamespace'] ?? NAMESPACE);
    const phases = phasesOf(each).map((nodes) => [...nodes, ...probed.map((id) => probeOf(id, nodes))]);
    const gates = Array.isArray(input['gates']) ? input['gates'].map(String).join(',') : '';
    const world = await caseWorld({ ...readFeatureGates(gates).features, graphKind: true });
    const nodes = phases[0] ?? [];
    await putNamespaces(world, [place, ...SELECTED_NAMESPACES, ...namespacesOf(each)]);
    await serveKinds(world, each, nodes);
    const later = await putExisting(world, each, nodes);
    await world.settle();
    const run = new GraphRun(world, mode, place, phases, await liveTargets(world, nodes, place));
    if (error !== undefined) refuseGraphs(world, error);
    if (later !== undefined) {
      await world.controller.stop();
      await world.user.create(graphObject(nodes, 'g', place));
      await later(await uidOf(world, place));
      await world.restart();
      await world.advance(5000);
    } else await run.apply(nodes);
    return run;
  }

  /** Writes the nodes, and waits until the Graph has settled. */
  async apply(nodes: readonly JsonObject[]): Promise<void> {
    this.world.requests.length = 0;
    if (this.mode === 'graph') return putGraph(this.world, graphObject([...nodes], 'g', this.place));
    await this.world.apply(potDefinition(nodes.map((node) => ({ ...node }))));
    await this.world.advance(5000);
    await this.world.apply({
      apiVersion: 'acme.test/v1',
      kind: 'Pot',
      metadata: { name: 'i', namespace: this.place },
      spec: {},
    });
    await this.world.advance(5000);
  }

  /** Applies the nodes of the second phase, in which an input such as `true then false` has its second value. */
  async nextPhase(): Promise<void> {
    await this.apply(this.#phases[1] ?? []);
  }

  /** The live Graph or instance. */
  parent(): Promise<KubeObject | undefined> {
    return this.mode === 'graph' ? getGraph(this.world, 'g', this.place) : this.world.user.find(potRef('i'));
  }

  async isReady(): Promise<boolean> {
    return conditionText(await this.parent(), 'Ready').startsWith('True');
  }

  /**
   * The condition `ResourcesConverged` of the Graph, or `ResourcesReady` of the instance, as `Status Reason: message`.
   */
  async converged(): Promise<string> {
    return conditionText(await this.parent(), this.mode === 'graph' ? 'ResourcesConverged' : 'ResourcesReady');
  }

  /**
   * The outcome of the last pass: all objects are as wanted (`clean`), a node waits (`soft`), or a node failed
   * (`hard`).
   */
  async outcome(): Promise<'clean' | 'soft' | 'hard'> {
    const text = await this.converged();
    if (text.startsWith('True')) return 'clean';
    const isHard =
      this.mode === 'graph' ? text.startsWith('False ApplyFailed') : (await this.parent())?.status?.['state'] === 'ERROR';
    return isHard ? 'hard' : 'soft';
  }

  /** The message of the condition that `converged` returns, without status and reason. */
  async errorText(): Promise<string> {
    return (await this.converged()).replace(/^\w+ \w+: /, '');
  }

  /** The live objects of template nodes. The objects of a Graph have the order of its `managedResources`. */
  async children(): Promise<KubeObject[]> {
    const found = this.mode === 'graph' ? await this.#recorded() : await this.#labelled();
    return found.filter((object) => !nodeOf(object).startsWith(PROBE));
  }

  /** The objects in the Graph's `managedResources` that exist. */
  async #recorded(): Promise<KubeObject[]> {
    const entries = entriesOf(await this.parent(), 'managedResources').filter(({ uid }) => uid !== undefined);
    const objects: KubeObject[] = [];
    for (const { apiVersion, kind, namespace, name, uid } of entries) {
      const ref = { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
      const live = await this.world.user.find(ref as never);
      if (live !== undefined && live.metadata.uid === uid) objects.push(live);
    }
    return objects;
  }

  async #labelled(): Promise<KubeObject[]> {
    const { items } = await this.world.user.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { labelSelector: NODE_ID_LABEL });
    return items;
  }

  /** The value of a node that has a probe. Undefined while the node has no value. */
  async valueOf(id: string): Promise<JsonValue | undefined> {
    const live = await this.world.user.find({ apiVersion: 'v1', kind: 'ConfigMap', name: probeName(id), namespace: this.place });
    const data = live?.['data'];
    return isJsonObject(data) ? parseJson(String(data['v'])) : undefined;
  }

  /** The target of the first patch node. */
  async target(): Promise<KubeObject | undefined> {
    const [key] = targetKeys(this.nodes, this.place);
    return key === undefined ? undefined : this.world.user.find(parseJson(key) as never);
  }

  targetBefore(): KubeObject | undefined {
    return this.before.get(targetKeys(this.nodes, this.place)[0] ?? '');
  }

  /** The writes of the nodes' objects that the controller has sent since the last `apply`. */
  writes(): string[] {
    const own = this.mode === 'graph' ? /\/graphs\/g/ : /\/pots\/|kro\.run/;
    return this.world.requests
      .filter(({ method, path }) => method !== 'GET' && !own.test(path) && !/\/events|accessreviews/.test(path))
      .map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`);
  }

  /** Deletes the Graph or the instance, and gives the controller five seconds for the deletion. */
  async delete(): Promise<void> {
    await this.world.user.delete(this.mode === 'graph' ? graphRef('g', this.place) : potRef('i'));
    await this.world.advance(5000);
  }
}

export const nodeOf = ({ metadata }: KubeObject): string => metadata.labels?.[NODE_ID_LABEL] ?? '';

const probeName = (id: string): string => `${PROBE}-${id.toLowerCase()}`;

/** A node that writes the value of another node into a ConfigMap, as JSON. */
function probeOf(id: string, nodes: readonly JsonObject[]): JsonObject {
  const selects = payloadsOf(nodes.filter((node) => node['id'] === id)).some(
    ({ key, payload }) => key === 'ref' && isJsonObject(payload['metadata']) && 'selector' in payload['metadata'],
  );
  // The selector may also select the probe. Therefore the probe contains only names, so that it does not grow with each
  // pass.
  const value = selects ? `${id}.map(x, {'metadata': {'name': x.metadata.name, 'namespace': x.metadata.namespace}})` : id;
  return {
    id: PROBE + id,
    template: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: probeName(id) },
      data: { v: `\${json.marshal(${value})}` },
    },
  };
}

/**
 * The references, as JSON, to the targets of patch and template nodes. Leaves out nodes whose name is an expression.
 */
function targetKeys(nodes: readonly JsonObject[], place: string): string[] {
  return payloadsOf(nodes)
    .filter(({ key }) => key !== 'ref')
    .toSorted((a, b) => Number(b.key === 'patch') - Number(a.key === 'patch'))
    .flatMap(({ payload: { apiVersion, kind, metadata } }) => {
      const name = isJsonObject(metadata) ? metadata['name'] : undefined;
      if (typeof apiVersion !== 'string' || typeof name !== 'string' || /\$\{/.test(`${apiVersion}${String(kind)}${name}`)) return [];
      const namespace = isJsonObject(metadata) ? (metadata['namespace'] ?? place) : place;
      const isCluster = parseApiVersion(apiVersion).group === '' && kind === 'Namespace';
      return [JSON.stringify({ apiVersion, kind, name, ...(isCluster ? {} : { namespace }) })];
    });
}

async function liveTargets(world: VirtualWorld, nodes: readonly JsonObject[], place: string): Promise<Map<string, KubeObject>> {
  const found = new Map<string, KubeObject>();
  for (const key of targetKeys(nodes, place)) {
    const live = await world.user.find(parseJson(key) as never).catch(() => undefined);
    if (live !== undefined) found.set(key, live);
  }
  return found;
}
