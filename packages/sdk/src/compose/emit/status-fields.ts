import { type JsonObject, type JsonValue, nearestName, refuseMovedName, setOwn } from '@typekro/kit/core';
import { isOpen } from '../value/open.ts';
import { cond, literal, object, select } from '../ir/build.ts';
import { type Node, isLiteral, mentions } from '../ir/node.ts';
import { quoteCel } from '../ir/to-cel.ts';
import { getMember } from '../library/member.ts';
import { refuseIterable } from '../library/marked-sets.ts';
import { Refusal, refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { resolveMerged } from '../value/merge.ts';
import { listNode, mergedPieces, objectNode, toNode } from '../value/value-nodes.ts';
import { textNode } from '../value/ops.ts';
import { classOf, isPlainObject } from '../value/printed.ts';
import { hasTokens, labelOf, symbolic, wrap } from '../value/proxy.ts';
import { Phi, SeenList, Sym } from '../value/symbolic.ts';
import type { ExpressionWriter } from './expression-writer.ts';
import { mergeSides } from './emit-template.ts';
import { presence } from '../library/carried.ts';

/**
 * Writes the status fields of a graph. Each leaf is an expression; a constant is written as an expression that reads
 * the instance.
 */
export function statusFields(raw: unknown, writer: ExpressionWriter): JsonObject {
  const value = resolveMerged(raw);
  if (value === undefined || value === null) return {};
  // A composition of one resource may return the resource: `(spec) => Deployment({ … })`.
  const whole = symbolic(value);
  if (whole instanceof Sym && whole.resource !== undefined) return {};
  if (Array.isArray(value)) {
    return refuse('types', 'the composition returns a list, but a status is an object', 'return { field: value, … }');
  }
  const fields = memberwise(whole) ?? value;
  const { conditions, rest } = withoutConditions(fields);
  const written = field(rest, writer);
  if (written === undefined) return {};
  if (typeof written !== 'object' || written === null || Array.isArray(written)) {
    return refuse(
      'types',
      'the composition returns something that is not an object of status fields',
      'return { field: value, … }',
    );
  }
  return conditions === undefined ? written : { ...written, conditions: ownConditions(conditions, writer) };
}

/** Takes the author's conditions out of an object of status fields. */
function withoutConditions(fields: unknown): { readonly conditions?: unknown; readonly rest: unknown } {
  if (!isFields(fields) || mergedPieces(fields) !== undefined || !Object.hasOwn(fields, 'conditions'))
    return { rest: fields };
  const { conditions, ...rest } = fields as Readonly<Record<string, unknown>>;
  return { conditions: resolveMerged(conditions), rest };
}

/**
 * Splits an object that is one expression, as in `for (…) if (…) return { a, b }`, into an object with one expression
 * per field.
 */
export function memberwise(value: Sym | Phi | undefined): object | undefined {
  if (value instanceof Phi) {
    const sides = [value.then, value.otherwise].map((side) => {
      const found = resolveMerged(side);
      return memberwise(symbolic(found)) ?? (isFields(found) ? found : undefined);
    });
    const [then, otherwise] = sides;
    return then === undefined || otherwise === undefined ? undefined : mergeSides(new Phi(value.test, then, otherwise));
  }
  if (!(value instanceof Sym) || value.type.kind !== 'object' || value.absence !== undefined) return undefined;
  const fields: Record<string, unknown> = {};
  for (const name of value.type.names()) setOwn(fields, name, getMember(wrap(value), name));
  return fields;
}

/** Is the value an object whose names are known, or that has spreads of unknown names (`mergedPieces`)? */
export const isFields = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && symbolic(value) === undefined;

function field(raw: unknown, writer: ExpressionWriter): JsonValue | undefined {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym) return symField(inner, writer);
  if (inner instanceof Phi) {
    const merged = mergeSides(inner);
    return merged === undefined ? phiField(inner, writer) : field(merged, writer);
  }
  if (typeof value === 'string' && hasTokens(value)) return text(textNode(value), writer);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'function') {
    refuseMovedName(value);
    return refuse('types', 'a function cannot be a status field', 'call it, and return its result');
  }
  if (value instanceof SeenList) {
    refuseIterable(value, 'a status field');
    return symField(value.elements(), writer);
  }
  if (typeof value === 'object') activeTrace().countWritten();
  if (Array.isArray(value)) return listField(value as unknown[], writer);
  if (typeof value === 'object') return objectField(value as Record<string, unknown>, writer);
  if (typeof value === 'bigint')
    return refuse(
      'types',
      `the BigInt ${value}n cannot be a status field`,
      'return a number, or a string: String(value)',
    );
  if (typeof value === 'symbol') return refuse('types', 'a symbol cannot be a status field');
  if (typeof value === 'number' && !Number.isFinite(value)) return refuse('types', `${value} cannot be a status field`);
  return constant(toNode(value), writer);
}

function symField(value: Sym, writer: ExpressionWriter): JsonValue {
  if (value.resource !== undefined)
    return refuse(
      'types',
      `the whole resource ${value.resource.id} is a status field`,
      'name the fields that you need',
    );
  refuseIterable(value, 'a status field');
  const { absence } = value;
  if (absence === undefined || absence.plain) return text(value.node, writer);
  return text(missingWhen(absence.has, value.node), writer);
}

/**
 * An expression that yields the value when the condition is true. When the condition is false, the expression fails
 * like the read of a missing field, and the status field is left out.
 */
function missingWhen(has: Node, node: Node): Node {
  return select(cond(has, object([{ key: literal('v'), value: node }]), object([])), 'v', node.type);
}

function text(node: Node, writer: ExpressionWriter): JsonValue {
  try {
    // A variable of a macro is not a reference: a macro over constants is a constant.
    const refers = mentions(node, ({ role }) => role !== 'macro' && role !== 'loop');
    return refers || writer.readsByHand(node) ? writer.field(node) : constant(node, writer);
  } catch (error) {
    if (error instanceof Refusal) error.site ??= activeTrace().origins.get(node);
    throw error;
  }
}

/**
 * Writes a constant status field as an expression that reads the instance's name, because kro refuses a status field
 * without a reference.
 */
function constant(node: Node, writer: ExpressionWriter): JsonValue {
  const text = node.kind === 'lit' && typeof node.value === 'string' ? quoteCel(node.value) : writer.cel(node);
  const cel = node.kind === 'lit' || node.kind === 'list' || node.kind === 'object' ? text : `(${text})`;
  return `\${schema.metadata.name != "" ? ${cel} : ${cel}}`;
}

function phiField(value: Phi, writer: ExpressionWriter): JsonValue | undefined {
  const sides = [value.then, value.otherwise].map(resolveMerged);
  const handle = sides.map(symbolic).find((side) => side instanceof Sym && side.resource !== undefined);
  if (handle !== undefined)
    return refuse('types', `${labelOf(value)} is a whole resource`, 'name the fields that you need');
  const presentWhen = presence(wrap(value));
  if (isLiteral(presentWhen, false)) return undefined;
  if (isLiteral(presentWhen, true)) return text(toNode(wrap(value)), writer);
  const found = activeTrace().under(presentWhen, () => toNode(wrap(value)));
  return text(missingWhen(presentWhen, found), writer);
}

function listField(items: readonly unknown[], writer: ExpressionWriter): JsonValue | undefined {
  if (items.some(isOpen)) return text(listNode(items), writer);
  if (items.length === 0) return constant(listNode([]), writer);
  return items.map((item) => {
    if (mayBeNullish(item))
      return refuse('absent', 'an element of a list may be absent', 'filter it out: .filter((x) => x !== undefined)');
    return field(item, writer) ?? null;
  });
}

/**
 * May the value be `undefined` or null in JavaScript? `undefined` would become null, and a list in a status cannot
 * contain null.
 */
function mayBeNullish(raw: unknown): boolean {
  const value = resolveMerged(raw);
  if (value === undefined || value === null) return true;
  const inner = symbolic(value);
  if (inner instanceof Phi) return mayBeNullish(inner.then) || mayBeNullish(inner.otherwise);
  return inner instanceof Sym && inner.absence !== undefined && !inner.absence.waits;
}

function objectField(value: Record<string, unknown>, writer: ExpressionWriter): JsonValue | undefined {
  if (!isPlainObject(value))
    return refuse('types', `a value of the class ${classOf(value)} cannot be a status field`, 'return plain data');
  if (mergedPieces(value) !== undefined) return text(objectNode(value), writer);
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const written = field(item, writer);
    if (written !== undefined) setOwn(result, key, written);
  }
  return result;
}

/** The members of a condition. The controller adds the time and the generation. */
const MEMBERS: readonly string[] = ['type', 'status', 'reason', 'message'];
const REQUIRED: readonly string[] = ['type', 'status'];
const STATES: readonly unknown[] = ['True', 'False', 'Unknown'];
const FORM =
  "write { type: 'Open', status: web.status.readyReplicas > 0 ? 'True' : 'False', reason: 'Pods', message: '' }";

/**
 * Writes the conditions that a composition returns in its status, each as one expression: `runtime.newCondition({…})`
 * of kro. Hand-written CEL stays as it is.
 */
function ownConditions(value: unknown, writer: ExpressionWriter): JsonValue {
  if (!Array.isArray(value) || symbolic(value) !== undefined)
    return refuse('types', 'the conditions of a status are not a list', `${FORM} in a list`);
  return value.map((item: unknown) => {
    if (isOpen(item)) {
      return refuse('absent', 'a condition of the status may be absent', "return it always, with the status 'Unknown'");
    }
    return ownCondition(resolveMerged(item), writer);
  });
}

function ownCondition(value: unknown, writer: ExpressionWriter): JsonValue {
  const inner = symbolic(value);
  if (inner instanceof Sym && inner.resource === undefined) return writer.field(inner.node);
  if (typeof value !== 'object' || value === null || inner !== undefined || !isPlainObject(value))
    return refuse('types', 'a condition of the status is not an object', FORM);
  if (mergedPieces(value) !== undefined)
    return refuse('types', 'the members of a condition of the status are known only when the graph runs', FORM);
  const given = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, MEMBERS);
    const hint = near === undefined ? `a condition has ${MEMBERS.join(', ')}` : `did you mean "${near}"?`;
    return refuse('types', `a condition has no "${unknown}"`, hint);
  }
  const members = MEMBERS.flatMap((name) => {
    const member = resolveMerged(given[name]);
    if (member !== undefined) return [`${name}: ${writer.cel(textOf(name, member))}`];
    return REQUIRED.includes(name) ? refuse('types', `a condition needs a ${name}`, FORM) : [];
  });
  return `\${runtime.newCondition({${members.join(', ')}})}`;
}

function textOf(name: string, value: unknown) {
  if (typeof value === 'string' && hasTokens(value)) return textNode(value);
  if (symbolic(value) !== undefined) return toNode(value);
  if (typeof value !== 'string') return refuse('types', `the ${name} of a condition is not a string`, FORM);
  if (name === 'status' && !STATES.includes(value))
    return refuse('types', `"${value}" is not a status of a condition`, "write 'True', 'False' or 'Unknown'");
  return toNode(value);
}
