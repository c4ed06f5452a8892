import type { JsonObject } from '@typekro/kit/core';
import { type GraphNode, type Hole, type PathStep, Nodes } from '../../graph/index.ts';
import type { ForEachDimension } from '../../graph/model.ts';
import { objectPathOf } from '../../graph/nodes.ts';
import { type Dimensions, assignItem, evaluateDimensions, maxItems } from '../nodes/collection.ts';
import { type Evaluated, type FieldExpression, evaluateField } from '../evaluate.ts';
import type { StepContext } from '../step-context.ts';
import { fillSkeleton, valueOf as fieldValue } from '../template.ts';
import { isDetermined } from './determined.ts';

/** A field whose value is not known yet. */
export interface UnknownField {
  readonly path: readonly PathStep[];
  /** The author's source: a string that contains `${…}`, or the expression alone. */
  readonly expression: string;
  /** The nodes that the expression reads. Empty if the expression reads no node and fails. */
  readonly waitsFor: readonly string[];
  /** The reason why the expression has no value; absent when the expression only waits for other nodes. */
  readonly failure?: string;
  /**
   * True if the expression fails in every state of other nodes. Only a change of the spec or the definition can then
   * produce a value. Absent if a condition can still exclude the node, or if the collection may have no items.
   */
  readonly isFinal?: true;
}

/** A failed list expression of a collection that no condition can exclude. */
export interface ListFailure {
  /** The name of the iterator. */
  readonly name: string;
  /** The expression without `${…}`. */
  readonly expression: string;
  readonly failure: string;
}

/** A partially known object. Unknown fields have their expression in `${…}` as value. */
export interface RenderedObject {
  readonly object: JsonObject;
  readonly unknown: readonly UnknownField[];
}

/** Maps a node id to the object that is sent, without its unknown fields. */
export type SentObjects = ReadonlyMap<string, JsonObject>;

/**
 * The objects of a node whose template cannot be filled completely. Known fields have their values.
 *
 * @param isIncluded true if no condition can exclude the node any more; only then is a failure final
 */
export function fillWhatIsKnown(
  context: StepContext,
  node: GraphNode,
  sent: SentObjects,
  isIncluded: boolean,
): {
  readonly objects: readonly RenderedObject[];
  readonly countKnown: boolean;
  readonly listFailures: readonly ListFailure[];
} {
  const variables = new Map(context.ready);
  for (const [id, object] of sent) if (!variables.has(id)) variables.set(id, object);
  const of = (known: ReadonlyMap<string, unknown>, lacking: readonly string[], isCountKnown: boolean): RenderedObject =>
    fillObject(context, node, known, sent, { lacking, isCertain: isIncluded && isCountKnown });
  const none: readonly ListFailure[] = [];
  const forEach = Nodes.dimensionsOf(node);
  if (forEach.length === 0) return { objects: [of(variables, [], true)], countKnown: true, listFailures: none };
  const dimensions = knownDimensions(context, { ...node, forEach }, variables, sent);
  // The number of items is unknown, so one object represents all items.
  if (dimensions === undefined) {
    const names = forEach.map(({ name }) => name);
    return {
      objects: [of(variables, names, false)],
      countKnown: false,
      listFailures: isIncluded ? failuresOf(context, forEach, variables, sent) : none,
    };
  }
  const shown = Math.min(dimensions.size, maxItems(context));
  const objects = Array.from({ length: shown }, (_, index) => {
    const item = new Map(variables);
    assignItem(item, dimensions, index);
    return of(item, [], true);
  });
  return { objects, countKnown: true, listFailures: none };
}

/** The list expressions of a node that fail although all nodes that they read are known. */
function failuresOf(
  context: StepContext,
  forEach: readonly ForEachDimension[],
  variables: ReadonlyMap<string, unknown>,
  sent: SentObjects,
): ListFailure[] {
  return forEach.flatMap(({ name, expression }) => {
    const result = valueOf(context, { expression }, variables, sent, []);
    if (result === undefined || result.state === 'value' || !isFinal(result, expression.references, context)) return [];
    return [{ name, expression: expression.cel, failure: result.failure.reason }];
  });
}

/**
 * Is the failure permanent: an error, or missing data of the instance itself? Missing data of another node can appear
 * later.
 */
function isFinal({ state }: Failed, references: readonly string[], { graph }: StepContext): boolean {
  return state === 'error' || !references.some((name) => graph.nodes.has(name));
}

type Failed = Exclude<Evaluated, { state: 'value' }>;

function knownDimensions(
  context: StepContext,
  node: GraphNode & { readonly forEach: readonly ForEachDimension[] },
  variables: ReadonlyMap<string, unknown>,
  sent: SentObjects,
): (Dimensions & { ok: true }) | undefined {
  const isKnown = node.forEach.every(
    ({ expression }) => valueOf(context, { expression }, variables, sent, []) !== undefined,
  );
  if (!isKnown) return undefined;
  const dimensions = evaluateDimensions({ ...context, ready: new Map(variables) }, node);
  return dimensions.ok ? dimensions : undefined;
}

/** Facts about an object that are known before its fields are filled. */
interface Certainty {
  /** Iterators without a value. */
  readonly lacking: readonly string[];
  /** Is the object certainly wanted? If so, a failed field is a failure of the instance. */
  readonly isCertain: boolean;
}

function fillObject(
  context: StepContext,
  node: GraphNode,
  variables: ReadonlyMap<string, unknown>,
  sent: SentObjects,
  { lacking, isCertain }: Certainty,
): RenderedObject {
  const unknown: UnknownField[] = [];
  const values = node.template.holes.map((hole) => {
    const result = valueOf(context, hole, variables, sent, lacking);
    if (result?.state === 'value') return fieldValue(hole, result.value);
    unknown.push(unknownField(context, node, hole, result, isCertain));
    return fieldValue(hole, markerOf(hole));
  });
  return { object: fillSkeleton(node.template.skeleton, values), unknown };
}

/** The value of an expression; undefined when the expression reads data that is not known yet. */
function valueOf(
  context: StepContext,
  hole: FieldExpression,
  variables: ReadonlyMap<string, unknown>,
  sent: SentObjects,
  lacking: readonly string[],
): Evaluated | undefined {
  const { references, cel } = hole.expression;
  if (references.some((name) => lacking.includes(name))) return undefined;
  const unread = references.filter((name) => context.graph.nodes.has(name) && !context.ready.has(name));
  if (unread.some((name) => !sent.has(name))) return undefined;
  const read = new Map(unread.flatMap((name) => asEntry(name, sent.get(name))));
  if (unread.length > 0 && !isDetermined(cel, read)) return undefined;
  return evaluateField(hole, variables, context.evaluation);
}

const asEntry = (name: string, object: JsonObject | undefined): [string, JsonObject][] =>
  object === undefined ? [] : [[name, object]];

const markerOf = ({ expression }: Hole): string => expression.template ?? `\${${expression.cel}}`;

function unknownField(
  context: StepContext,
  node: GraphNode,
  hole: Hole,
  result: Failed | undefined,
  isCertain: boolean,
): UnknownField {
  const { references, template, cel } = hole.expression;
  const read = Nodes.dimensionsOf(node)
    .filter(({ name }) => references.includes(name))
    .flatMap((list) => list.expression.references);
  const waitsFor = [...new Set([...references, ...read])].filter((name) => context.graph.nodes.has(name));
  const failure = result === undefined ? {} : { failure: result.failure.reason };
  const final =
    isCertain && result !== undefined && isFinal(result, waitsFor, context) ? { isFinal: true as const } : {};
  // Below a computed key, the path in the object differs from the path of the hole.
  return { path: objectPathOf(hole), expression: template ?? cel, waitsFor, ...failure, ...final };
}

/**
 * A copy of the object in which unknown fields are null, so that expressions of other nodes do not treat these fields
 * as sent.
 */
export function withoutUnknown({ object, unknown }: RenderedObject): JsonObject {
  return fillSkeleton(
    object,
    unknown.map(({ path }) => ({ path, value: null })),
  );
}
