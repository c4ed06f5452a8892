import { type JsonObject, type JsonValue, isJsonObject, setOwn } from '@typekro/kit/core';
import { replaceStrings } from '@typekro/cel';
import { needsNoEscape } from '@typekro/kit/golang';
import { valueAt } from '@typekro/kit/kubernetes';
import { isCrd } from '../kinds/graph-kinds.ts';
import type { Expression, Graph, GraphNode, Hole, PathStep } from '../model.ts';
import { type TextPart, joinParts, scanExpressions } from '../expressions/scan.ts';
import { isAutoscaler } from '../warnings/autoscalers.ts';
import { withLazyHash } from './graph-hash.ts';
import { type Payload, isServiceAccountName, PAYLOADS } from './parsed-graph.ts';

/**
 * The shape of a Graph's spec: its JSON with placeholders for the literals that do not affect the compiler's checks.
 * Such literals are names and the text around expressions. If a spec compiles without a problem, every spec of the same
 * shape does. `withLiterals` can make the graph of most such specs without the compiler. Ids, kinds, keys, expressions
 * and their order are part of the shape. The spec must not be too deep for the compiler (`tooDeep`).
 */
export function graphShape(spec: JsonObject): string {
  return objectText(spec, (value, key) => {
    if (key === 'nodes') return nodesShape(value);
    const isAccount = key === 'serviceAccountName' && typeof value === 'string' && isServiceAccountName(value);
    return isAccount ? TEXT : exactText(value);
  });
}

/**
 * Makes the graph of a Graph object from the graph of another object whose spec has the same shape (`graphShape`). The
 * result has the literals of `object`, and shares the expressions and their programs with `graph`. `graph` must be
 * compiled from an object, not from a document with positions.
 *
 * Returns undefined when a string with expressions differs and its program does not permit the replacement of the
 * literal text, for example because the program reads an iterator or a value of unknown type, and for a Graph with an
 * autoscaler, whose target depends on literals. In these cases, the caller must compile the object.
 *
 * @throws TypeError when the shapes differ.
 */
export function withLiterals(graph: Graph, object: JsonObject): Graph | undefined {
  const spec = valueAt(object, 'spec');
  const metadata = valueAt(object, 'metadata');
  const name = isJsonObject(metadata) ? valueAt(metadata, 'name') : undefined;
  const payloads = new Map<string, JsonValue>();
  addPayloads(isJsonObject(spec) ? spec : {}, '', payloads);
  const nodes = new Map<string, GraphNode>();
  for (const [id, node] of graph.nodes) {
    const own = nodeWith(node, payloads.get(id));
    if (own === undefined || ('template' in own && isAutoscaler(own.template.skeleton))) return undefined;
    nodes.set(id, own);
  }
  const { definedBy, instance, order, kroCompatibility, applyOrder, status, reads } = graph;
  const own = { definedBy, name: typeof name === 'string' ? name : '', instance, nodes, order, kroCompatibility };
  return withLazyHash({ ...own, applyOrder, status, reads, definition: object }, spec);
}

/** The placeholders for literals. JSON does not contain these characters outside of strings. */
const TEXT = '?';
const INTEGER = '#';
const BOOLEAN = '!';

type ShapeOf = (value: JsonValue, key: string) => string;

/** The JSON of a value, with all its literals. */
function exactText(value: JsonValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return listText(value, exactText);
  if (isJsonObject(value)) return objectText(value, exactText);
  return scalarText(value);
}

/**
 * The string form of a scalar. Different values have different strings. This includes a large integer and the nearest
 * float, and also `-0` and `0`.
 */
function scalarText(value: null | boolean | number | bigint): string {
  if (typeof value === 'bigint') return `${value}n`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The shape of a value for which the compiler checks only the JSON types of literals. */
function freeText(value: JsonValue): string {
  if (typeof value === 'string') return isPlain(value) ? TEXT : textShape(value);
  if (Array.isArray(value)) return listText(value, freeText);
  if (isJsonObject(value)) return objectText(value, freeText);
  if (typeof value === 'boolean') return BOOLEAN;
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? INTEGER : scalarText(value);
}

/**
 * Is the string a literal without expressions, and not blank? Blank strings are excluded because the compiler refuses
 * blank names.
 */
function isPlain(text: string): boolean {
  return !text.includes('${') && text.trim() !== '';
}

/** A string with expressions has placeholders for its literal parts only if the string is not longer than this. */
const MAX_MIXED_LENGTH = 1000;

/**
 * The shape of a string with expressions. Its literal parts have placeholders if the compiler analyses the string part
 * by part. It does so for short strings whose literal parts need no escape in CEL.
 */
function textShape(text: string): string {
  const parts = text.length > MAX_MIXED_LENGTH ? [] : partsOf(text);
  if (parts.length < 2) return JSON.stringify(text);
  return `$[${parts.map((part) => (part.kind === 'text' ? TEXT : JSON.stringify(part.text))).join('')}]`;
}

/** The parts of a string with expressions; empty when its literal parts have characters that CEL escapes. */
function partsOf(text: string): readonly TextPart[] {
  const scanned = scanExpressions(text, '0.10');
  return scanned.ok && scanned.parts.every((part) => part.kind !== 'text' || needsNoEscape(part.text))
    ? scanned.parts
    : [];
}

function listText(values: readonly JsonValue[], shapeOf: (value: JsonValue) => string): string {
  let text = '[';
  // Index loop: in unoptimized code for..of allocates at each step.
  for (let index = 0; index < values.length; index += 1) text += `${shapeOf(values[index] ?? null)},`;
  return `${text}]`;
}

function objectText(value: JsonObject, shapeOf: ShapeOf): string {
  let text = '{';
  const keys = Object.keys(value);
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    const member = value[key];
    if (member !== undefined) text += `${JSON.stringify(key)}:${shapeOf(member, key)},`;
  }
  return `${text}}`;
}

function nodesShape(nodes: JsonValue): string {
  return Array.isArray(nodes) ? listText(nodes, nodeShape) : exactText(nodes);
}

function nodeShape(node: JsonValue): string {
  return isJsonObject(node) ? objectText(node, payloadShape) : exactText(node);
}

const payloadShape: ShapeOf = (value, key) => {
  if (!isJsonObject(value)) return exactText(value);
  switch (key) {
    case 'def':
      return freeText(value);
    case 'graph':
      return objectText(value, (member, inner) => (inner === 'nodes' ? nodesShape(member) : exactText(member)));
    case 'patch':
    case 'template':
      return isCrd(value) ? exactText(value) : objectText(value, manifestShape);
    case 'ref':
      return objectText(value, refShape);
    default:
      return exactText(value);
  }
};

/**
 * The shape of a member of a manifest. The compiler reads the values of `apiVersion` and `kind`, so they are part of
 * the shape.
 */
const manifestShape: ShapeOf = (value, key) =>
  key === 'apiVersion' || key === 'kind' ? exactText(value) : freeText(value);

/** The shape of a member of a ref. The compiler reads all literals except the name and the namespace. */
const refShape: ShapeOf = (value, key) =>
  key === 'metadata' && isJsonObject(value) ? objectText(value, identityShape) : exactText(value);

const identityShape: ShapeOf = (value, key) =>
  key === 'name' || key === 'namespace' ? freeText(value) : exactText(value);

/**
 * Adds the payload of each node to `payloads`. The key consists of the ids of the subgraphs around the node and the
 * node's id, joined by `/`. A subgraph itself has no entry.
 */
function addPayloads(frame: JsonObject, prefix: string, payloads: Map<string, JsonValue>): void {
  const nodes = valueAt(frame, 'nodes');
  if (!Array.isArray(nodes)) return;
  for (const node of nodes) {
    if (!isJsonObject(node)) continue;
    const id = prefix + String(valueAt(node, 'id'));
    const payload = payloadOf(node);
    if (payload === undefined) continue;
    const [kind, value] = payload;
    if (kind === 'graph' && isJsonObject(value)) addPayloads(value, `${id}/`, payloads);
    else payloads.set(id, value);
  }
}

function payloadOf(node: JsonObject): readonly [Payload, JsonValue] | undefined {
  for (const kind of PAYLOADS) {
    const value = valueAt(node, kind);
    if (value !== undefined && value !== null) return [kind, value];
  }
  return undefined;
}

function nodeWith(node: GraphNode, payload: JsonValue | undefined): GraphNode | undefined {
  if (node.nodeType === 'subgraph') return node;
  const { skeleton, holes } = node.template;
  const own = { skeleton: filled(skeleton, payload) as JsonObject, holes: ownHoles(holes, payload) };
  if (own.holes === undefined) return undefined;
  if (own.skeleton === skeleton && own.holes === holes) return node;
  return { ...node, template: { skeleton: own.skeleton, holes: own.holes } };
}

/**
 * A copy of the holes. The literal text around their expressions is that of `payload`. Returns `holes` itself when the
 * text is equal, and undefined when a program does not permit the replacement of the text.
 */
function ownHoles(holes: readonly Hole[], payload: JsonValue | undefined): readonly Hole[] | undefined {
  let own: Hole[] | undefined;
  for (const [index, hole] of holes.entries()) {
    const { expression, path, isKey } = hole;
    const text = expression.template === undefined || isKey === true ? undefined : stringAt(payload, path);
    if (text === undefined || text === expression.template) continue;
    const replaced = withText(expression, text);
    if (replaced === undefined) return undefined;
    own ??= [...holes];
    own[index] = { ...hole, expression: replaced };
  }
  return own ?? holes;
}

function stringAt(payload: JsonValue | undefined, path: readonly PathStep[]): string {
  let value = payload;
  for (const step of path)
    value = Array.isArray(value) ? value[Number(step)] : valueAt(value as JsonObject, String(step));
  if (typeof value !== 'string') throw new TypeError(DIFFERENT_SHAPES);
  return value;
}

/**
 * A copy of `expression` for a string with the same expressions and other literal parts. Undefined when the program
 * does not permit the replacement of the literal parts.
 */
function withText(expression: Expression, text: string): Expression | undefined {
  const parts = partsOf(text);
  const joined = joinParts(text, parts);
  const strings = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
  const program = replaceStrings(expression.program, strings);
  return joined === undefined || program === undefined
    ? undefined
    : { ...expression, cel: joined.cel, template: text, program };
}

const DIFFERENT_SHAPES = 'the Graphs have different shapes';

/** A copy of a template's constant part with the literals of `own`; `skeleton` itself when the literals are equal. */
function filled(skeleton: JsonValue, own: JsonValue | undefined): JsonValue {
  // Null stands for an expression or for a null literal.
  if (skeleton === null) return skeleton;
  if (typeof skeleton !== typeof own || Array.isArray(skeleton) !== Array.isArray(own) || own === null) {
    throw new TypeError(DIFFERENT_SHAPES);
  }
  if (Array.isArray(skeleton)) return filledList(skeleton, own as readonly JsonValue[]);
  return isJsonObject(skeleton) ? filledObject(skeleton, own as JsonObject) : (own as JsonValue);
}

function filledList(skeleton: readonly JsonValue[], own: readonly JsonValue[]): JsonValue {
  const values = skeleton.map((value, index) => filled(value, own[index]));
  return values.some((value, index) => value !== skeleton[index])
    ? (Object.freeze(values) as JsonValue)
    : (skeleton as JsonValue);
}

function filledObject(skeleton: JsonObject, own: JsonObject): JsonObject {
  const values: JsonObject = {};
  let isSame = true;
  const keys = Object.keys(skeleton);
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    const before = skeleton[key] as JsonValue;
    const value = filled(before, valueAt(own, key));
    isSame &&= value === before;
    setOwn(values, key, value);
  }
  return isSame ? skeleton : Object.freeze(values);
}

/** The shapes of Graphs: Graphs of one shape share a compilation. */
export const GraphShape = { of: graphShape, withLiterals };
