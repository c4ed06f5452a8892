import { type JsonObject, type JsonValue, type KubeObject, type ObjectRef, refOf } from '@typekro/kit/core';
import { type Expression, type GraphNode, Nodes, Path } from '../../graph/index.ts';
import { evaluateToJson, wrongTypeOfCondition } from '../evaluate.ts';
import type { Because } from '../report.ts';
import type { StepContext } from '../step-context.ts';

/** Readiness of a node, and the reason if it is not ready. */
export interface ReadyResult {
  readonly state: 'ready' | 'waiting' | 'failed';
  readonly because: Because;
  readonly message?: string;
}

const READY: ReadyResult = { state: 'ready', because: { kind: 'ready' } };

/**
 * The readiness of a single object. The object is ready if every `readyWhen` is true. Null and empty optionals count as
 * false. While the data of a condition is absent, the object is not ready. Without `readyWhen`, the caller's rules
 * decide: direct mode passes `readinessOf` of `packages/engine/src/readiness`. The controller passes no rules, so that an existing
 * object is ready, as in kro.
 */
export function objectReady(context: StepContext, node: GraphNode, object: KubeObject): ReadyResult {
  if (node.readyWhen.length === 0) return readyByKind(context, node, object);
  const variables = new Map<string, unknown>([[node.id, object]]);
  for (const expression of node.readyWhen) {
    const result = check(context, node, expression, variables, { object: refOf(object) });
    if (result !== undefined) return result;
  }
  return READY;
}

/**
 * Readiness of a node whose objects are applied or whose value is known. In a Graph, other nodes may read such a node
 * even if it is not ready.
 */
export function published(
  { rules }: Pick<StepContext, 'rules'>,
  readiness: ReadyResult,
): ReadyResult & { readonly usable?: true } {
  return rules.gatesDependents || readiness.state === 'ready' ? readiness : { ...readiness, usable: true };
}

/**
 * Readiness of a node that has a value and no objects. The conditions read a single value by the node's id, and each
 * item of a collection as `each`.
 */
export function valueReady(context: StepContext, node: GraphNode, value: JsonValue): ReadyResult {
  const items = Nodes.dimensionsOf(node).length > 0 && Array.isArray(value) ? value : undefined;
  const bindings = items?.map((item) => new Map([['each', item]])) ?? [new Map([[node.id, value]])];
  return conditionsHold(context, node, bindings, items !== undefined);
}

/** Readiness of a node without a value, whose conditions read no node. */
export function constantReady(context: StepContext, node: GraphNode): ReadyResult {
  return conditionsHold(context, node, [new Map()], false);
}

function conditionsHold(
  context: StepContext,
  node: GraphNode,
  bindings: readonly ReadonlyMap<string, unknown>[],
  isIndexed: boolean,
): ReadyResult {
  let waiting: ReadyResult | undefined;
  for (const [index, variables] of bindings.entries()) {
    for (const expression of node.readyWhen) {
      const result = check(context, node, expression, variables, isIndexed ? { index } : {});
      if (result?.state === 'failed') return result;
      waiting ??= result;
    }
  }
  return waiting ?? READY;
}

/**
 * Readiness of a collection. The node is ready if every `readyWhen` is true for every item, which the condition reads
 * as `each`.
 */
export function itemsReady(context: StepContext, node: GraphNode, objects: readonly KubeObject[]): ReadyResult {
  if (node.readyWhen.length === 0) {
    const results = objects.map((object) => readyByKind(context, node, object));
    return results.find(({ state }) => state === 'failed') ?? results.find(({ state }) => state !== 'ready') ?? READY;
  }
  let waiting: ReadyResult | undefined;
  for (const [index, object] of objects.entries()) {
    const variables = new Map<string, unknown>([['each', object]]);
    for (const expression of node.readyWhen) {
      const result = check(context, node, expression, variables, { object: refOf(object), index });
      if (result?.state === 'failed') return result;
      waiting ??= result;
    }
  }
  return waiting ?? READY;
}

/**
 * Readiness of an external collection. A condition that reads `each` must be true for every object. A condition that
 * reads the node's own id reads the whole list. An empty list is ready.
 */
export function externalItemsReady(context: StepContext, node: GraphNode, objects: readonly KubeObject[]): ReadyResult {
  const ofItems = node.readyWhen.filter((expression) => !expression.references.includes(node.id));
  const ofList = node.readyWhen.filter((expression) => expression.references.includes(node.id));
  if (objects.length === 0) return READY;
  for (const expression of ofList) {
    const variables = new Map<string, unknown>([[node.id, objects]]);
    const result = check(context, node, expression, variables, {});
    if (result !== undefined) return result;
  }
  return ofItems.length === 0 ? READY : itemsReady(context, { ...node, readyWhen: ofItems }, objects);
}

/** The reason why the node is not ready; undefined when the condition is true. */
function check(
  context: StepContext,
  node: GraphNode,
  expression: Expression,
  variables: ReadonlyMap<string, unknown>,
  where: { readonly object?: ObjectRef; readonly index?: number },
): ReadyResult | undefined {
  const result = evaluateToJson(expression, variables, context.evaluation);
  const subject = where.object === undefined ? {} : { object: where.object };
  if (result.state === 'value') {
    if (result.value === true) return undefined;
    const type = context.rules.refusesNonBool ? wrongTypeOfCondition(result.value) : undefined;
    if (type !== undefined) {
      const message = context.texts.notBool(node, 'readyWhen', expression.cel, type);
      return { state: 'failed', because: { kind: 'invalid-object', path: 'readyWhen', message }, message };
    }
    return {
      state: 'waiting',
      because: { kind: 'not-ready', expression: expression.cel, value: result.value ?? null, ...subject },
      message: context.texts.notReady(node, expression.cel, where.index),
    };
  }
  const message = context.texts.readinessUnknown(node, result.state, result.failure, where.index);
  if (result.state === 'pending') {
    return {
      state: 'waiting',
      because: {
        kind: 'not-ready',
        expression: expression.cel,
        missing: result.failure.missing ?? result.failure.message,
        ...subject,
      },
      message,
    };
  }
  const { object } = where;
  const reads =
    object === undefined ? [] : result.failure.reads.map(({ steps }) => ({ object, path: Path.format(steps) }));
  return {
    state: 'failed',
    because: {
      kind: 'expression-failed',
      expression: expression.cel,
      path: 'readyWhen',
      message: result.failure.message,
      ...(reads.length === 0 ? {} : { reads }),
    },
    message,
  };
}

function readyByKind(context: StepContext, node: GraphNode, object: KubeObject): ReadyResult {
  const answer = context.options.readiness?.(object);
  if (answer === undefined || answer.ready) return READY;
  const { reason, message } = answer;
  return {
    state: answer.failed === true ? 'failed' : 'waiting',
    because: { kind: 'not-ready-by-kind', object: refOf(object), reason, message },
    message: `waiting for node "${node.id}": ${object.kind} "${object.metadata.name ?? ''}" is not ready: ${message === '' ? reason : message}`,
  };
}

/** The data of an object for expressions. */
export function dataOf(object: KubeObject): JsonObject {
  return object;
}

/** The data of a collection for expressions. */
export function listData(objects: readonly KubeObject[]): JsonValue {
  return objects.map(dataOf);
}
