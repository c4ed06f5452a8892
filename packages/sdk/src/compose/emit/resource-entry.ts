import { type JsonObject, type JsonValue, setOwn } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import { and, conjuncts, literal, macro, method, object, select, variable } from '../ir/build.ts';
import { type Node, isLiteral, mentions, Variable, walk, rewrite, substitute } from '../ir/node.ts';
import { legalName } from '../ir/variable-names.ts';
import { DYN, listOf, mapOf } from '../ir/types.ts';
import type { Target } from '../public-types.ts';
import type { LoopRecord, RecordNode, ResourceRecord } from '../trace/records.ts';
import { Refusal } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { KEYS } from '../value/key-order.ts';
import { copyKeys } from '../value/set-member.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { type MergedPiece, Maybe, MERGED, Phi, Splice, Sym } from '../value/symbolic.ts';
import { conditionNode } from './condition-node.ts';
import { propagateConditions, refuseForStock } from './propagate-conditions.ts';
import { elementFields } from './element-fields.ts';
import { ExpressionWriter } from './expression-writer.ts';
import { camelCase, isReservedId } from '../resources/create-resource.ts';
import { LEFT_OUT, templateOf } from './emit-template.ts';

/** The parts of the whole graph that are needed to write one resource. */
export interface EntryContext {
  readonly ids: ReadonlySet<string>;
  readonly records: readonly ResourceRecord[];
  readonly schemaOf: (record: ResourceRecord) => Schema | undefined;
  readonly target: Target;
  /** Writes expressions outside loops. */
  readonly writer: ExpressionWriter;
}

/** The iterators of a resource, with their filtered lists. */
interface Iterators {
  readonly dimensions: readonly { readonly name: string; readonly variable: Variable; readonly list: Node }[];
  /** Replaces loop variables by members of a composite iterator. */
  readonly replace: (node: Node) => Node;
  /** Conditions that do not depend on the elements. */
  readonly includeWhen: readonly Node[];
}

/** Writes one entry of `spec.resources`. */
export function resourceEntry(record: ResourceRecord, context: EntryContext): JsonObject {
  const iterators = iteratorsOf(record, context);
  const outer = context.writer;
  const writer = iterators.dimensions.length === 0 ? outer : writerInLoops(iterators, context);
  const { ids } = context;
  const change = (node: Node) => iterators.replace(elementFields(node, context.records, record));
  const given = record.manifest;
  // Only a manifest in a loop can read an iterator, or a resource of the same iteration of the loop.
  const manifest = record.loops.length === 0 ? given : (mapNodes(given, change) as Record<string, unknown>);
  const template = templateOf(manifest, context.schemaOf(record), { writer, target: context.target });
  const include = includeConditions(iterators, record);
  warnStatusGuards(record, include);
  const ready = record.readyWhen.map((condition) =>
    checkedReadiness(record, conditionNode(condition, 'withReadyWhen')),
  );
  const entry: JsonObject = { id: record.id };
  entry[payloadKey(record.node)] = template === LEFT_OUT ? {} : template;
  if (iterators.dimensions.length > 0) {
    entry['forEach'] = iterators.dimensions.map(({ name, list: over }) => ({
      [name]: `\${${outer.cel(elementFields(over, context.records, record))}}`,
    }));
  }
  if (include.length > 0) entry['includeWhen'] = include.map((node): JsonValue => `\${${outer.cel(node)}}`);
  if (record.deletionPolicy !== undefined) entry['deletionPolicy'] = record.deletionPolicy;
  if (record.externalFields.length > 0) {
    refuseForStock(record, context.target, 'ExternalFields');
    entry['externalFields'] = [...new Set(record.externalFields)];
  }
  if (record.propagateWhen.length > 0) entry['propagateWhen'] = propagateConditions(record, context);
  if (ready.length > 0)
    entry['readyWhen'] = ready.map(
      (node): JsonValue => `\${${new ExpressionWriter(new Set([...ids, 'each']), context.target).cel(node)}}`,
    );
  return entry;
}

/**
 * The name of the entry's field that holds the node's content. For an external reference, a Graph uses a different name
 * than a definition.
 */
const payloadKey = (node: RecordNode): string =>
  node === 'ref' && activeTrace().form === 'definition' ? 'externalRef' : node;

/** The writer for expressions inside loops. Such expressions use the names of the iterators. */
function writerInLoops({ dimensions }: Iterators, { ids, target }: EntryContext): ExpressionWriter {
  return new ExpressionWriter(ids, target, new Map(dimensions.map(({ variable: of, name }) => [of, name])));
}

/**
 * The conditions of a resource: first those of the code that makes the resource (`if`, `?:`), then those of
 * `withIncludeWhen`.
 */
function includeConditions(iterators: Iterators, record: ResourceRecord): readonly Node[] {
  const own = record.includeWhen.map((condition) => conditionNode(condition, 'withIncludeWhen'));
  const conditions = [...iterators.includeWhen, ...own];
  if (conditions.length === 0) return conditions;
  return unique(conditions.flatMap(conjuncts)).filter((node) => !isLiteral(node, true));
}

const unique = (nodes: readonly Node[]): readonly Node[] => (nodes.length < 2 ? nodes : [...new Set(nodes)]);

/**
 * The readiness condition of a resource. In a collection, the condition applies to each object.
 *
 * @throws Refusal for a condition that reads anything but the resource.
 */
function checkedReadiness(record: ResourceRecord, node: Node): Node {
  walk(node, (part) => {
    const of = part.kind === 'var' ? part.variable : undefined;
    if (of === undefined || of === record.variable || of === record.element || of.role === 'macro') return;
    const seen = of.role === 'schema' ? 'the spec' : of.name;
    const refusal = new Refusal(
      'no-cel',
      `readyWhen of ${record.id} reads ${seen}; it may read the resource itself only`,
      'compare with a field of the resource, such as self.spec.replicas, or put the value into a label',
    );
    refusal.site = activeTrace().origins.get(node) ?? record.site;
    throw refusal;
  });
  if (record.element === undefined) return node;
  const each = variable(new Variable('each', 'resource'), record.type);
  return substitute(node, record.element, each);
}

function warnStatusGuards(record: ResourceRecord, include: readonly Node[]): void {
  const reads = include.find((node) => mentions(node, (of) => of.role === 'resource'));
  if (reads === undefined) return;
  activeTrace().warn(
    'status-guard',
    `${record.kind} ${record.id} exists only while a condition on other resources holds; it is created and deleted as the condition changes`,
    undefined,
    record.site,
  );
}

/** Converts the loops of a resource to iterators. Conditions on elements filter the lists. */
function iteratorsOf(record: ResourceRecord, context: EntryContext): Iterators {
  const { loops } = record;
  const guards = unique(record.guards);
  const inLoop = (node: Node) => loops.filter((loop) => mentions(node, (of) => of === loop.variable));
  const outside = guards.filter((guard) => inLoop(guard).length === 0);
  if (loops.length === 0) return { dimensions: [], replace: (node) => node, includeWhen: outside };
  const concerning = guards.filter((guard) => inLoop(guard).length > 0);
  const dependent =
    loops.some((loop) => inLoop(loop.list).length > 0) || concerning.some((guard) => inLoop(guard).length > 1);
  const taken = new Set(context.ids);
  const nameFor = (loop: { readonly name: string }): string => {
    // kro accepts iterators in lower camel case only, and JavaScript also has variables such as `Port`, `host_name`, `_1`.
    const plain = /[A-Za-z]/.test(loop.name) ? camelCase(loop.name) : 'element';
    const base = isReservedId(plain) || legalName(plain) !== plain ? `${plain}Element` : plain;
    let name = base;
    for (let suffix = 2; taken.has(name); suffix++) name = `${base}${suffix}`;
    taken.add(name);
    return name;
  };
  if (dependent) return composite(loops, concerning, outside, nameFor({ name: 'entry' }));
  const dimensions = loops.map((loop) => {
    const tests = concerning.filter((guard) => inLoop(guard).includes(loop));
    return { name: nameFor(loop), variable: loop.variable, list: filtered(loop, tests) };
  });
  return { dimensions, replace: (node) => node, includeWhen: outside };
}

function filtered(loop: LoopRecord, tests: readonly Node[]): Node {
  if (tests.length === 0) return loop.list;
  const test = tests.reduce((a, b) => and(a, b));
  const type = loop.list.type.kind === 'list' ? listOf(loop.list.type.element) : listOf(DYN);
  return macro('filter', loop.list, [loop.variable], [test], type);
}

/**
 * Converts loops that depend on each other to one iterator. Each element of its list is an object with one member for
 * each loop variable.
 */
function composite(
  loops: readonly LoopRecord[],
  tests: readonly Node[],
  outside: readonly Node[],
  name: string,
): Iterators {
  const item = new Variable(name, 'loop');
  const type = mapOf(DYN);
  const rest = new Set(tests);
  const keys = memberNames(loops);
  const build = (depth: number): Node => {
    const loop = loops[depth] as LoopRecord;
    const known = loops.slice(0, depth + 1);
    const ownTests = [...rest].filter((test) =>
      loops.every((other) => known.includes(other) || !mentions(test, (of) => of === other.variable)),
    );
    for (const test of ownTests) rest.delete(test);
    const filteredList = filtered(loop, ownTests);
    if (depth === loops.length - 1) {
      const entry = object(
        loops.map((each, at) => ({
          key: literal(keys[at] as string),
          value: variable(each.variable, elementOf(each)),
        })),
        type,
      );
      return macro('map', filteredList, [loop.variable], [entry], listOf(type));
    }
    return method(
      'flatten',
      macro('map', filteredList, [loop.variable], [build(depth + 1)], listOf(listOf(type))),
      [],
      listOf(type),
    );
  };
  const all = build(0);
  const members = new Map(
    loops.map((loop, at) => [loop.variable, select(variable(item, type), keys[at] as string, elementOf(loop))]),
  );
  return {
    dimensions: [{ name, variable: item, list: all }],
    replace: (node) => rewrite(node, (part) => (part.kind === 'var' ? members.get(part.variable) : undefined)),
    includeWhen: outside,
  };
}

/** A unique name for the variable of each loop, because an inner loop may use the name of an outer one. */
function memberNames(loops: readonly LoopRecord[]): readonly string[] {
  const taken = new Set<string>();
  return loops.map((loop) => {
    let name = loop.name;
    for (let suffix = 2; taken.has(name); suffix++) name = `${loop.name}${suffix}`;
    taken.add(name);
    return name;
  });
}

function elementOf(loop: LoopRecord): Node['type'] {
  return loop.list.type.kind === 'list' ? loop.list.type.element : DYN;
}

/** Applies `change` to every expression in a value. */
export function mapNodes(value: unknown, change: (node: Node) => Node): unknown {
  const inner = symbolic(value);
  if (inner instanceof Sym) {
    const node = change(inner.node);
    const { absence } = inner;
    if (absence === undefined)
      return node === inner.node ? value : wrap(new Sym(node, { waits: inner.waits, label: inner.label }));
    const { optional, tested, ...rest } = absence;
    const changed = {
      ...rest,
      has: change(absence.has),
      ...(tested && { tested: change(tested) }),
      ...(optional && { optional: change(optional) }),
    };
    return wrap(new Sym(node, { absence: changed, waits: inner.waits, label: inner.label }));
  }
  if (inner instanceof Phi)
    return wrap(new Phi(change(inner.test), mapNodes(inner.then, change), mapNodes(inner.otherwise, change)));
  if (value instanceof Maybe) return new Maybe(change(value.test), mapNodes(value.value, change));
  if (value instanceof Splice) return new Splice(change(value.list), value.waits);
  if (Array.isArray(value)) return value.map((item) => mapNodes(item, change));
  if (typeof value !== 'object' || value === null) return value;
  const result: Record<PropertyKey, unknown> = {};
  for (const key of Reflect.ownKeys(value)) {
    if (key === KEYS) continue;
    const item = (value as Record<PropertyKey, unknown>)[key];
    const changed =
      key === MERGED ? (item as MergedPiece[]).map((piece) => mapPiece(piece, change)) : mapNodes(item, change);
    setOwn(result, key, changed);
  }
  copyKeys(value, result, change);
  return result;
}

function mapPiece(piece: MergedPiece, change: (node: Node) => Node): MergedPiece {
  return {
    ...(piece.test && { test: change(piece.test) }),
    ...(piece.map && { map: symbolic(mapNodes(wrap(piece.map), change)) as Sym }),
    ...(piece.keys && { keys: mapNodes(piece.keys, change) as Record<string, unknown> }),
  };
}
