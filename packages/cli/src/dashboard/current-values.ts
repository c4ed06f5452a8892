import type { JsonValue, KubeObject, ObjectRef } from '@typekro/kit/core';
import { typeMetaOf, formatRef, objectName, refOf } from '@typekro/kit/core';
import { type Expression, type Graph, type GraphNode, type ReadPart, Path } from '@typekro/engine/graph';
import type { CurrentValue } from '@typekro/controller/inspect';
import { boundedValue, evaluatedValue, FOR_EACH, presentValue, readsItem } from '@typekro/controller/inspect';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { type Decision, Member, PlacedExpression, Secrets } from '@typekro/engine/runtime';
import { readyObjects } from './ready-objects.ts';
import { type InstanceObservation, currentNodes, isCopyAt, maskedValue } from '@typekro/app/instance';
import { mainValue } from './owned-objects.ts';

/** The maximum number of objects of a collection whose values are shown. */
const MAX_ITEMS = 20;

/**
 * Computes the present values of one instance's expressions, and of the data that they read. A value that can come from
 * a Secret is replaced by `{ is: 'secret' }`.
 */
export class CurrentValues {
  readonly #graph: Graph;
  readonly #variables: ReadonlyMap<string, unknown>;
  readonly #now: number;
  readonly #isSecretField: (node: string, path: string, value?: JsonValue) => boolean;
  readonly #spec: ReturnType<typeof Secrets.specOf>;
  readonly #isIntoSecret: (node: GraphNode | undefined, placed: PlacedExpression) => boolean;
  readonly #isSecretExpression: (node: GraphNode | undefined, expression: Expression) => boolean;

  constructor(
    graph: Graph,
    variables: ReadonlyMap<string, unknown>,
    now: number,
    live: ReturnType<typeof Secrets.liveNodes>,
  ) {
    this.#graph = graph;
    this.#variables = variables;
    this.#now = now;
    const hides = Secrets.liveFieldsOf(graph, live);
    this.#isSecretField = (node, path, value) => [node, ...live.sharing(node)].some((id) => hides(id, path, value));
    this.#spec = Secrets.specOf(graph, live);
    this.#isIntoSecret = Secrets.expressionsInto(graph, live);
    this.#isSecretExpression = Secrets.expressionsOf(graph, live);
  }

  /** Can the value of an expression of a node, or of the status, come from a Secret? */
  isSecret(node: GraphNode | undefined, expression: Expression): boolean {
    return this.#isSecretExpression(node, expression);
  }

  /** Is the field of the instance used only in fields of Secrets? */
  isSecretSpec(path: string): boolean {
    return this.#spec.hides(path);
  }

  /** The objects of a node that were read, each with its readiness. */
  objectsOf(id: string): readonly { readonly object: KubeObject; readonly ready: boolean; readonly value?: string }[] {
    const node = this.#graph.nodes.get(id);
    const objects = liveObjects(this.#variables, id);
    if (node === undefined) return [];
    const ready = readyObjects(node, objects, this.#now);
    return objects.map((object, index) => {
      const value = mainValue(object, (path, each) => this.#isSecretField(id, path, each));
      return { object, ready: ready[index] === true, ...(value === undefined ? {} : { value }) };
    });
  }

  /**
   * Returns the value of a part of a node, or of the instance, that an expression reads. For a collection, returns the
   * values of its first objects. If the expression is in a field of a Secret, the value counts as secret. When an
   * expression reads a whole part of the instance, the secret fields in it are masked.
   */
  ofRead({ id, steps }: ReadPart, reader: GraphNode | undefined, placed: PlacedExpression): CurrentValue {
    if (this.#isIntoSecret(reader, placed)) return { is: 'secret' };
    const path = Path.format(steps);
    const data = this.#variables.get(id) as JsonValue | undefined;
    const present = presentValue({ id, steps }, Array.isArray(data) ? data.slice(0, MAX_ITEMS) : data);
    const value = present.is === 'known' ? present.value : undefined;
    if (id === PlacedExpression.SPEC_NODE) return value === undefined ? present : this.#ofInstance(path, value);
    if (this.#isSecretField(id, path, value)) return { is: 'secret' };
    return value === undefined ? present : boundedValue(value);
  }

  /**
   * Returns a part of the instance. Masks the fields that are used only in Secrets, and copies of the instance (such as
   * the last-applied annotation).
   */
  #ofInstance(path: string, value: JsonValue): CurrentValue {
    const isSecret = (at: string, each: JsonValue): boolean => this.#spec.hides(at) || isCopyAt(at, each);
    const masked = maskedValue(value, path, isSecret);
    return masked === Secrets.MASK && value !== masked ? { is: 'secret' } : boundedValue(masked);
  }

  /**
   * Returns the values of the expressions of a node, in the order of `placed`. In a field of a Secret, every value
   * counts as secret.
   *
   * @param object the object of a collection that determines the values of iterators and `each`. If absent, expressions
   *   that read iterators or `each` have no value
   */
  ofPlaced(node: GraphNode, placed: readonly PlacedExpression[], object?: ObjectRef): readonly CurrentValue[] {
    const item = object === undefined ? undefined : this.#itemOf(node, object);
    return placed.map((each) => {
      const isField = each.purpose === 'field' && this.#isSecretField(node.id, each.place);
      return isField || this.#isIntoSecret(node, each) ? { is: 'secret' } : this.#ofExpression(node, each, item);
    });
  }

  /** The variables for the expressions of a collection, for one of its objects. */
  #itemOf(node: GraphNode, object: ObjectRef): Item {
    const key = formatRef(object);
    const live = liveObjects(this.#variables, node.id).find((each) => formatRef(refOf(each)) === key);
    return {
      each: live === undefined ? undefined : new Map([...this.#variables, ['each', live]]),
      iterators: Member.variablesOfItem(node, this.#variables, object, { now: this.#now }),
      name: objectName(object),
    };
  }

  #ofExpression(node: GraphNode, { purpose, expression }: PlacedExpression, item: Item | undefined): CurrentValue {
    if (this.isSecret(node, expression) || this.#spec.isRepeatedBy(expression)) return { is: 'secret' };
    if (!readsItem(node, expression)) return evaluatedValue(expression, this.#variables, this.#now);
    // `propagateWhen` reads the progress of the writes, which only a step of the controller knows.
    if (purpose === 'propagateWhen' || item === undefined) return { is: 'unknown', message: FOR_EACH };
    const readsEach = expression.references.includes('each');
    const variables = readsEach ? item.each : item.iterators;
    if (variables !== undefined) return evaluatedValue(expression, variables, this.#now);
    const message = readsEach ? `${item.name} does not exist` : `no element of the forEach lists makes ${item.name}`;
    return { is: 'unknown', message };
  }
}

/** The variables for the expressions of a collection, for one of its objects. */
interface Item {
  /** The variables of the graph and `each`. Absent when the object does not exist or was not read. */
  readonly each: ReadonlyMap<string, unknown> | undefined;
  /** The variables of the graph and the iterators. Absent when no item of the lists creates the object. */
  readonly iterators: ReadonlyMap<string, unknown> | undefined;
  /** The object in words. */
  readonly name: string;
}

/** Returns the live objects of a node from the variables of the instance's expressions. */
export function liveObjects(variables: ReadonlyMap<string, unknown>, id: string): readonly KubeObject[] {
  const data = variables.get(id);
  return data === undefined ? [] : Array.isArray(data) ? (data as KubeObject[]) : [data as KubeObject];
}

/**
 * Reads the objects of an instance's nodes. Returns them as the variables of the instance's expressions. Objects that
 * cannot be read are left out, and so are external collections that cannot be listed.
 *
 * @throws KubeError when the signal aborts.
 */
export async function readVariables(
  api: KubernetesApi,
  { instance, decision, graph }: Pick<InstanceObservation, 'instance' | 'decision' | 'graph'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, unknown>> {
  const { apiVersion, kind, metadata, spec = {} } = instance;
  const variables = new Map<string, unknown>([[PlacedExpression.SPEC_NODE, { apiVersion, kind, metadata, spec }]]);
  await Promise.all(
    currentNodes(decision).map(async ({ id, objects }) => {
      const refs = objects.flatMap(({ object, state }) =>
        state === 'present' || state === 'deleting' ? [object] : [],
      );
      const live = await Promise.all(refs.map((ref) => readObject(api, ref, signal)));
      const found = live.flatMap((each) => (each.object === undefined ? [] : [each.object]));
      const type = graph?.nodes.get(id)?.nodeType;
      if (type === 'externalCollection') {
        // The report of an external collection does not contain its objects, because the node only selects them.
        const selected = await selectedObjects(api, decision, id, signal);
        if (selected === undefined) return;
        for (const each of selected) found.push(each);
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
        return api.list(typeMetaOf(type), options);
      }),
    );
    return found.flatMap(({ items }) => items);
  } catch (error) {
    if (error instanceof KubeError && !signal.aborted) return undefined;
    throw error;
  }
}

/** Reads one object. If this fails, `failure` has the reason. */
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
