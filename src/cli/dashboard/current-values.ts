import type { JsonValue, KubeObject, ObjectRef } from '../../core/index.ts';
import { formatApiVersion, stringifyJson } from '../../core/index.ts';
import type { Expression, Graph, GraphNode, ReadPart } from '../../graph/index.ts';
import { dimensionsOf, formatPath } from '../../graph/index.ts';
import type { CurrentValue, PlacedExpression } from '../../inspect/index.ts';
import { presentValue, SPEC_NODE } from '../../inspect/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { KubeError } from '../../kube/index.ts';
import type { Decision } from '../../runtime/index.ts';
import { evaluateToJson, readyObjects } from '../../runtime/index.ts';
import type { InstanceObservation } from '../instance/observation.ts';
import { currentNodes } from '../instance/observation.ts';
import type { LiveNodes } from '../instance/secret-fields.ts';
import { secretExpressions, secretLiveFields } from '../instance/secret-fields.ts';

/** The maximum length of a value as JSON. */
const MAX_VALUE_LENGTH = 4096;

/** The maximum number of objects of a collection whose values are shown. */
const MAX_ITEMS = 20;

/** Gives the present values of the data and expressions of one instance. Values that can come from Secrets are left out. */
export class CurrentValues {
  readonly #graph: Graph;
  readonly #variables: ReadonlyMap<string, unknown>;
  readonly #now: number;
  readonly #isSecretField: (node: string, path: string) => boolean;
  readonly #isSecretExpression: (node: GraphNode | undefined, expression: Expression) => boolean;

  constructor(graph: Graph, variables: ReadonlyMap<string, unknown>, now: number, live: LiveNodes) {
    this.#graph = graph;
    this.#variables = variables;
    this.#now = now;
    const hides = secretLiveFields(graph, live);
    this.#isSecretField = (node, path) => [node, ...live.sharing(node)].some((id) => hides(id, path));
    this.#isSecretExpression = secretExpressions(graph, live);
  }

  /** Can the value of an expression of a node, or of the status, come from a Secret? */
  isSecret(node: GraphNode | undefined, expression: Expression): boolean {
    return this.#isSecretExpression(node, expression);
  }

  /** The objects of a node that were read, and whether each is ready. */
  objectsOf(id: string): readonly { readonly object: KubeObject; readonly ready: boolean }[] {
    const node = this.#graph.nodes.get(id);
    const objects = liveObjects(this.#variables, id);
    if (node === undefined) return [];
    const ready = readyObjects(node, objects, this.#now);
    return objects.map((object, index) => ({ object, ready: ready[index] === true }));
  }

  /** The value of a part of a node, or of the instance. For a collection, the values of its first objects. */
  ofPart({ id, steps }: ReadPart): CurrentValue {
    if (id !== SPEC_NODE && this.#isSecretField(id, formatPath(steps))) return { is: 'secret' };
    const data = this.#variables.get(id) as JsonValue | undefined;
    const present = presentValue({ id, steps }, Array.isArray(data) ? data.slice(0, MAX_ITEMS) : data);
    return present.is === 'known' ? shown(present.value) : present;
  }

  /** The value of an expression at its place. In a field of a Secret, every value is one of the Secret. */
  ofPlaced(node: GraphNode | undefined, { purpose, place, expression }: PlacedExpression): CurrentValue {
    const isHidden = node !== undefined && purpose === 'field' && this.#isSecretField(node.id, place);
    return isHidden ? { is: 'secret' } : this.ofExpression(node, expression);
  }

  /**
   * The value of an expression of a node, or of the status.
   *
   * @param node absent for an expression of the status
   */
  ofExpression(node: GraphNode | undefined, expression: Expression): CurrentValue {
    if (this.isSecret(node, expression)) return { is: 'secret' };
    const iterators = node === undefined ? [] : dimensionsOf(node).map(({ name }) => name);
    if (expression.references.some((name) => iterators.includes(name) || name === 'each'))
      return { is: 'unknown', message: 'it has a value for each object of the collection' };
    const result = evaluateToJson(expression, this.#variables, { now: this.#now });
    if (result.state === 'error') return { is: 'failed', message: result.failure.reason };
    if (result.state === 'pending') return { is: 'unknown', message: result.failure.reason };
    return result.value === undefined ? { is: 'unknown', message: 'the field is left out' } : shown(result.value);
  }
}

/** The live objects of a node among variables. */
export function liveObjects(variables: ReadonlyMap<string, unknown>, id: string): readonly KubeObject[] {
  const data = variables.get(id);
  return data === undefined ? [] : Array.isArray(data) ? (data as KubeObject[]) : [data as KubeObject];
}

/**
 * Reads the objects of the nodes of an instance, as the variables that its expressions read. Objects that cannot be read
 * are left out, and so is an external collection that cannot be listed.
 *
 * @throws KubeError when the signal aborts.
 */
export async function readVariables(
  api: KubernetesApi,
  { instance, decision, graph }: Pick<InstanceObservation, 'instance' | 'decision' | 'graph'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, unknown>> {
  const { apiVersion, kind, metadata, spec = {} } = instance;
  const variables = new Map<string, unknown>([[SPEC_NODE, { apiVersion, kind, metadata, spec }]]);
  await Promise.all(
    currentNodes(decision).map(async ({ id, objects }) => {
      const refs = objects.flatMap(({ object, state }) =>
        state === 'present' || state === 'deleting' ? [object] : [],
      );
      const live = await Promise.all(refs.map((ref) => readObject(api, ref, signal)));
      const found = live.flatMap((each) => (each.object === undefined ? [] : [each.object]));
      const type = graph?.nodes.get(id)?.nodeType;
      if (type === 'externalCollection') {
        // The report of a node has no objects that the node only selects.
        const selected = await selectedObjects(api, decision, id, signal);
        if (selected === undefined) return;
        found.push(...selected);
      }
      if (type === 'collection' || type === 'externalCollection') variables.set(id, found);
      else if (found[0] !== undefined) variables.set(id, found[0]);
    }),
  );
  return variables;
}

/** Lists the objects that an external collection selects. Returns `undefined` when they cannot be listed. */
async function selectedObjects(
  api: KubernetesApi,
  { watch }: Pick<Decision, 'watch'>,
  id: string,
  signal: AbortSignal,
): Promise<readonly KubeObject[] | undefined> {
  const lists = watch.flatMap((each) => (each.kind === 'list' && each.nodeId === id ? [each.target] : []));
  try {
    const found = await Promise.all(
      lists.map(({ type, namespace, selector }) => {
        const place = namespace === undefined || !type.namespaced ? {} : { namespace };
        const options = { ...place, ...(selector === '' ? {} : { labelSelector: selector }), signal };
        return api.list({ apiVersion: formatApiVersion(type), kind: type.kind }, options);
      }),
    );
    return found.flatMap(({ items }) => items);
  } catch (error) {
    if (error instanceof KubeError && !signal.aborted) return undefined;
    throw error;
  }
}

/** Reads one object. `failure` says why it could not be read. */
export async function readObject(
  api: KubernetesApi,
  ref: ObjectRef,
  signal: AbortSignal,
): Promise<{ readonly object?: KubeObject; readonly failure?: string }> {
  try {
    const object = await api.find(ref, { signal });
    return object === undefined ? {} : { object };
  } catch (error) {
    if (error instanceof KubeError && !signal.aborted) return { failure: error.message };
    throw error;
  }
}

function shown(value: JsonValue): CurrentValue {
  const { length } = stringifyJson(value);
  return length > MAX_VALUE_LENGTH ? { is: 'large', bytes: length } : { is: 'known', value };
}
