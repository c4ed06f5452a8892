import type { JsonObject, JsonValue } from '@typekro/kit/core';
import type { GraphNode } from '../../graph/index.ts';
import type { CollectionNode, ForEachDimension } from '../../graph/model.ts';
import { goTypeOf } from '@typekro/kit/golang';
import { evaluateToJson } from '../evaluate.ts';
import { targetKey } from '../objects/identity.ts';
import { type CollectionPlace, childLabels } from '../objects/labels.ts';
import { evaluateHoles, fillPlan, fillTemplate, identityHoles } from '../template.ts';
import { type StepContext, unresolvedBy } from '../step-context.ts';
import { targetOfTemplate, wantedObject } from './wanted.ts';
import { type ObjectTarget, refOfTarget } from '../objects/target.ts';
import type { Unresolved, WantedObject, Identities, Resolved } from '../resolved.ts';

/** kro's default limit of items in a collection. */
const DEFAULT_MAX_ITEMS = 1000;

/** The limit of items in a collection: the option, or kro's default. */
export const maxItems = ({ options }: StepContext): number => options.maxCollectionSize ?? DEFAULT_MAX_ITEMS;

/** The lists of a collection's dimensions, or the reason why they are unknown. */
export type Dimensions =
  | {
      readonly ok: true;
      readonly names: readonly string[];
      readonly lists: readonly (readonly JsonValue[])[];
      /** The number of items: the product of the list lengths. */
      readonly size: number;
    }
  | { readonly ok: false; readonly reason: Unresolved };

/** A node with dimensions. It yields one object or value per element of the product of its dimensions. */
type IteratingNode = GraphNode & { readonly forEach: readonly ForEachDimension[] };

/**
 * Expands a collection to one object per element of the product of its dimensions; the last dimension varies fastest.
 * The whole collection fails if two items have the same identity or if there are too many items.
 */
export function resolveCollection(context: StepContext, node: CollectionNode): Resolved {
  const wanted: WantedObject[] = [];
  const reason = resolveItems(context, node, (filled, target, place) => {
    const labels = childLabels(context.itemLabels, node, context.graph.kroCompatibility, place);
    wanted.push(wantedObject(context, node, filled, target, labels));
  });
  return reason === undefined ? { state: 'resolved', wanted } : unresolved(reason);
}

/**
 * Calls `visit` with each item and its target, in the order of the product of the node's dimensions. Returns a reason
 * if an item has no value or no target, if two items have the same identity, or if there are too many items.
 */
export function resolveItems(
  context: StepContext,
  node: IteratingNode,
  visit: (filled: JsonObject, target: ObjectTarget, place: CollectionPlace) => void,
): Unresolved | undefined {
  const seen = new Map<string, number>();
  return fillItems(context, node, (filled, place) => {
    const targeted = targetOfTemplate(context, node, filled);
    if (!targeted.ok) return targeted.reason;
    const key = targetKey(targeted.target);
    const first = seen.get(key);
    if (first !== undefined) return collision(context, node, filled, targeted.target, [first, seen.size]);
    seen.set(key, seen.size);
    visit(filled, targeted.target, place);
    return undefined;
  });
}

/**
 * Fills a node's template for each element of the product of its dimensions, in order. Stops at the first item that has
 * no value or for which `visit` returns a reason, and returns this reason. Calls `visit` for no item, and returns the
 * reason, if the lists are unknown or yield too many items.
 */
export function fillItems(
  context: StepContext,
  node: IteratingNode,
  visit: (filled: JsonObject, place: CollectionPlace) => Unresolved | undefined,
): Unresolved | undefined {
  const refusal = context.texts.tooManyDimensions(node, node.forEach.length);
  if (refusal !== undefined) {
    const because = { kind: 'invalid-object', path: 'forEach', message: refusal } as const;
    return { state: 'failed', because, message: refusal };
  }
  const dimensions = evaluateDimensions(context, node);
  if (!dimensions.ok) return dimensions.reason;
  const { size } = dimensions;
  const limit = maxItems(context);
  if (size > limit) {
    const message = context.texts.tooLarge(node, size, limit);
    return { state: 'failed', because: { kind: 'collection-too-large', size, limit }, message };
  }

  // Fields that do not depend on the item are evaluated once for all items.
  const shared = evaluateHoles(
    node.template.holes.filter((hole) => hole.kind !== 'iteration'),
    context.ready,
    context.evaluation,
  );
  if (shared.state !== 'value') return unresolvedBy(context, node, shared.state, shared.failure, shared.path);
  const perItem = node.template.holes.filter((hole) => hole.kind === 'iteration');
  const variables = new Map(context.ready);
  for (let index = 0; index < size; index++) {
    assignItem(variables, dimensions, index);
    const own = evaluateHoles(perItem, variables, context.evaluation);
    if (own.state !== 'value') return unresolvedBy(context, node, own.state, own.failure, own.path, variables);
    const filled = fillPlan(node.template, [...shared.values, ...own.values], context.evaluation);
    if (filled.state !== 'value')
      return unresolvedBy(context, node, filled.state, filled.failure, filled.path, variables);
    const reason = visit(filled.value, { index, size });
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/**
 * The identities of the items of a collection whose template cannot be filled completely. Returns undefined if the
 * identities are unknown too or if there are too many items, and a reason if an identity is refused.
 */
export function identitiesOfCollection(context: StepContext, node: CollectionNode): Identities {
  const dimensions = evaluateDimensions(context, node);
  if (!dimensions.ok) return undefined;
  const { size } = dimensions;
  if (size > maxItems(context)) return undefined;
  const holes = identityHoles(node.template.holes);
  const targets: ObjectTarget[] = [];
  const variables = new Map(context.ready);
  for (let index = 0; index < size; index++) {
    assignItem(variables, dimensions, index);
    const filled = fillTemplate({ skeleton: node.template.skeleton, holes }, variables, context.evaluation);
    if (filled.state !== 'value') return undefined;
    const targeted = targetOfTemplate(context, node, filled.value);
    if (!targeted.ok) return targeted.reason;
    targets.push(targeted.target);
  }
  return targets;
}

/** Evaluates the lists over which a collection iterates. */
export function evaluateDimensions(context: StepContext, node: IteratingNode): Dimensions {
  const names: string[] = [];
  const lists: (readonly JsonValue[])[] = [];
  for (const { name, expression } of node.forEach) {
    const result = evaluateToJson(expression, context.ready, context.evaluation);
    if (result.state !== 'value') {
      return { ok: false, reason: unresolvedBy(context, node, result.state, result.failure, `forEach.${name}`) };
    }
    if (!Array.isArray(result.value)) {
      const message = context.texts.notList(node, name, goTypeOf(result.value));
      return {
        ok: false,
        reason: { state: 'failed', because: { kind: 'invalid-object', path: `forEach.${name}`, message }, message },
      };
    }
    names.push(name);
    lists.push(result.value);
  }
  return { ok: true, names, lists, size: lists.reduce((product, list) => product * list.length, 1) };
}

/** Sets the iterator variables to the values of the item at this index. The last dimension varies fastest. */
export function assignItem(
  variables: Map<string, unknown>,
  dimensions: Dimensions & { ok: true },
  index: number,
): void {
  let rest = index;
  for (let at = dimensions.lists.length - 1; at >= 0; at--) {
    const list = dimensions.lists[at] ?? [];
    variables.set(dimensions.names[at] ?? '', list[rest % list.length]);
    rest = Math.floor(rest / list.length);
  }
}

function collision(
  context: StepContext,
  node: GraphNode,
  filled: JsonObject,
  target: ObjectTarget,
  items: readonly [number, number],
): Unresolved {
  const { group, version, kind } = target.type;
  const metadata = filled['metadata'] as JsonObject;
  const namespace = typeof metadata['namespace'] === 'string' ? metadata['namespace'] : '';
  const identity = `${group}/${version}/${kind}/${namespace}/${target.name}`;
  return {
    state: 'failed',
    because: { kind: 'identity-collision', identity, object: refOfTarget(target), items },
    message: context.texts.collision(node, identity),
  };
}

function unresolved(reason: Unresolved): Resolved {
  return { state: 'unresolved', reason };
}
