import * as ir from '../ir/build.ts';
import { setOwn } from '@typekro/kit/core';
import { besideExtreme } from '../ir/beside-extreme.ts';
import { extremeOf, foldLoop } from '../ir/fold-loop.ts';
import type { ListFold } from '../ir/list-fold.ts';
import { type Node, isLiteral, mentions, Variable, withArgs, substitute } from '../ir/node.ts';
import { type StaticType, BOOL, DYN, INTEGER, listOf, mapOf, STRING } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { asSym, phi, resolveMerged } from '../value/merge.ts';
import { freshList, toNode } from '../value/value-nodes.ts';
import { symbolicMember, symbolic, wrap } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';
import { knowing } from './view.ts';

/** The list of a loop, the loop variable, and the type of an element. */
export type Pass = Pick<ListFold, 'list' | 'loop' | 'element'>;

/** A loop-carried value, which one iteration of a loop passes to the next one. */
export type Carried =
  | { readonly kind: 'value'; readonly variable: Variable; readonly start: Node; readonly type: StaticType }
  /** A value that is `undefined` or `null` before the first iteration that sets it. */
  | {
      readonly kind: 'optional';
      readonly variable: Variable;
      readonly present: Variable;
      readonly start: null | undefined;
      readonly type: StaticType;
    }
  /** A number that starts as `Infinity` or `-Infinity`, for which CEL has no literal. */
  | { readonly kind: 'endless'; readonly variable: Variable; readonly start: number }
  /** An object or list with fixed members, each of which is a carried value. */
  | { readonly kind: 'members'; readonly isList: boolean; readonly members: ReadonlyMap<string, Carried> };

/** A carried value that is one expression. */
export function carriedValue(name: string, start: Node): Carried {
  // The iterations may add keys to an empty object. Therefore its type is a map.
  const type = start.kind === 'object' && start.args.length === 0 ? mapOf(DYN) : start.type;
  return { kind: 'value', variable: new Variable(name, 'accumulator'), start, type };
}

/** Carries a number that starts as `Infinity` or `-Infinity`. */
export function carriedEndless(name: string, start: number): Carried {
  return { kind: 'endless', variable: new Variable(name, 'accumulator'), start };
}

export const isEndless = (value: unknown): value is number => value === Infinity || value === -Infinity;

/** Carries a value that is unset until an iteration sets it; `type` is the type of the value that an iteration sets. */
export function carriedOptional(name: string, start: null | undefined, type: StaticType): Carried {
  const [of, present] = [new Variable(name, 'accumulator'), new Variable(name, 'accumulator')];
  return { kind: 'optional', variable: of, present, start, type: type.kind === 'string' ? STRING : type };
}

/** Carries the members of an object with known keys, or of a list of fixed length, one by one. */
export function carriedMembers(start: object): Carried {
  const members = new Map<string, Carried>();
  for (const [key, raw] of Object.entries(start)) {
    const value = resolveMerged(raw);
    members.set(key, isStruct(value) ? carriedMembers(value) : startOf(key, value));
  }
  return { kind: 'members', isList: Array.isArray(start), members };
}

function startOf(name: string, value: unknown): Carried {
  if (isEndless(value)) return carriedEndless(name, value);
  return value === undefined || value === null
    ? refuse(
        'loop-carried',
        `${name} is ${String(value)} before the first iteration`,
        'give it a first value of the type that the loop assigns',
      )
    : carriedValue(name, asSym(value)?.node ?? toNode(value));
}

/** Is the value an object of the composition that has at least one key and only string keys? */
export function isStruct(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    symbolic(value) === undefined &&
    activeTrace().isTracked(value) &&
    Reflect.ownKeys(value).length > 0 &&
    Reflect.ownKeys(value).every((key) => typeof key === 'string')
  );
}

/** The carried value as an iteration of the loop reads it. */
export function seenInIteration(of: Carried): unknown {
  if (of.kind === 'value') return wrap(new Sym(ir.variable(of.variable, of.type)));
  if (of.kind === 'endless') return wrap(new Sym(ir.variable(of.variable, INTEGER)));
  if (of.kind === 'optional') {
    const missing = of.start === null ? { missing: 'null' as const } : {};
    const absence = { has: ir.variable(of.present, BOOL), plain: false, waits: false, ...missing };
    return wrap(new Sym(ir.variable(of.variable, of.type), { absence, label: of.variable.name }));
  }
  if (of.isList) return activeTrace().track([...of.members.values()].map(seenInIteration));
  const result: Record<string, unknown> = activeTrace().track({});
  for (const [key, member] of of.members) setOwn(result, key, seenInIteration(member));
  return result;
}

/** One of several carried values, with its value after one iteration. */
interface Iteration {
  readonly of: Exclude<Carried, { readonly kind: 'members' }>;
  readonly next: unknown;
}

/**
 * The carried value after the loop; `next` is its value after one iteration. `undefined` when CEL cannot express that
 * value.
 */
export function afterIterations(pass: Pass, of: Carried, next: unknown): { readonly value: unknown } | undefined {
  const iterations: Iteration[] = [];
  if (!collect(of, next, iterations)) return undefined;
  return rebuild(pass, of, iterations, { at: 0 });
}

function collect(of: Carried, next: unknown, iterations: Iteration[]): boolean {
  if (of.kind !== 'members') {
    iterations.push({ of, next });
    return true;
  }
  if (!hasMembers(next, of)) return false;
  const value = resolveMerged(next);
  const inner = symbolic(value);
  const read = (key: string) =>
    inner === undefined ? (value as Record<string, unknown>)[key] : symbolicMember(inner, key);
  return [...of.members].every(([key, member]) => collect(member, read(key), iterations));
}

/** Does the value have exactly the members of the carried value, on each side of its conditions? */
function hasMembers(raw: unknown, of: Carried & { readonly kind: 'members' }): boolean {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Phi) return hasMembers(inner.then, of) && hasMembers(inner.otherwise, of);
  if (inner instanceof Sym) {
    const { type } = inner;
    if (of.isList || type.kind !== 'object' || type.open || inner.absence !== undefined) return false;
    return sameKeys(type.names(), of) && [...of.members.keys()].every((key) => type.field(key)?.required === true);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== of.isList) return false;
  return sameKeys(
    Reflect.ownKeys(value).filter((key) => !of.isList || key !== 'length'),
    of,
  );
}

const sameKeys = (keys: readonly PropertyKey[], { members }: Carried & { readonly kind: 'members' }): boolean =>
  keys.length === members.size && keys.every((key) => typeof key === 'string' && members.has(key));

function rebuild(
  pass: Pass,
  of: Carried,
  iterations: readonly Iteration[],
  place: { at: number },
): { readonly value: unknown } | undefined {
  if (of.kind !== 'members') {
    const iteration = iterations[place.at++] as Iteration;
    if (of.kind === 'endless') return endlessAfter(pass, of, iteration.next);
    return of.kind === 'optional' ? optionalAfter(pass, of, iteration.next) : valueAfter(pass, iteration, iterations);
  }
  const result = activeTrace().track(of.isList ? [] : {});
  for (const [key, member] of of.members) {
    const after = rebuild(pass, member, iterations, place);
    if (after === undefined) return undefined;
    setOwn(result, key, after.value);
  }
  return { value: result };
}

function valueAfter(
  pass: Pass,
  { of, next }: Iteration,
  iterations: readonly Iteration[],
): { readonly value: unknown } | undefined {
  if (of.kind !== 'value') return undefined;
  const fold: ListFold = { ...pass, accumulator: of.variable, initial: of.start, next: toNode(next) };
  const others = iterations.flatMap((iteration): ListFold[] =>
    iteration.of === of || iteration.of.kind !== 'value'
      ? []
      : [{ ...pass, accumulator: iteration.of.variable, initial: iteration.of.start, next: toNode(iteration.next) }],
  );
  const carriesOther = others.some(({ accumulator }) => mentions(fold.next, (each) => each === accumulator));
  const after = carriesOther ? besideExtreme(fold, others) : foldLoop(fold);
  return after === undefined ? undefined : { value: asValue(after) };
}

/**
 * The maximum or minimum that the loop computes; the start value `-Infinity` or `Infinity` when no iteration
 * contributes a value.
 */
function endlessAfter(
  pass: Pass,
  { variable: of, start }: Carried & { readonly kind: 'endless' },
  next: unknown,
): { readonly value: unknown } | undefined {
  const found = extremeOf({ ...pass, accumulator: of, initial: ir.literal(0), next: toNode(next) });
  if (found === undefined || found.largest !== start < 0) return undefined;
  return { value: phi(ir.compare('gt', ir.size(found.list, INTEGER), ir.literal(0)), asValue(found.node), start) };
}

const asValue = (node: Node): unknown => (node.type.kind === 'list' ? freshList(node, false) : wrap(new Sym(node)));

/** The condition under which an iteration sets a value that is still unset. */
export function takesOf({ present }: Carried & { readonly kind: 'optional' }, next: unknown): Node {
  return knowing(ir.not(ir.variable(present, BOOL)), () => activeTrace().facts.simplify(presence(next)));
}

/**
 * The value after the loop. The first iteration that sets the value supplies the start value of a fold over the later
 * iterations.
 */
function optionalAfter(
  pass: Pass,
  of: Carried & { readonly kind: 'optional' },
  next: unknown,
): { readonly value: unknown } | undefined {
  if (isLiteral(takesOf(of, next), false)) return { value: of.start };
  const after = optionalFold(pass, of, next);
  return after === undefined ? undefined : { value: phi(after.some, after.value, of.start) };
}

/**
 * `some` is the condition that at least one iteration sets the value. `value` is the value after the loop when `some`
 * is true.
 */
export function optionalFold(
  pass: Pass,
  optional: Carried & { readonly kind: 'optional' },
  next: unknown,
): { readonly some: Node; readonly value: unknown } | undefined {
  const { variable: of, present } = optional;
  const { facts } = activeTrace();
  const isPresent = ir.variable(present, BOOL);
  const carried = (node: Node) => mentions(node, (each) => each === of || each === present);
  const takes = takesOf(optional, next);
  const stays = knowing(isPresent, () => facts.simplify(presence(next)));
  if (carried(takes) || !isLiteral(stays, true)) return undefined;
  const valueWhere = (...known: Node[]): Node =>
    known.reduceRight(
      (work, fact) => () => knowing(fact, work),
      () => settled(toNode(next), present),
    )();
  const first = valueWhere(ir.not(isPresent), takes);
  const later = valueWhere(isPresent, takes);
  if (carried(first) || mentions(later, (each) => each === present)) return undefined;
  const isUnchanged = (node: Node) => node.kind === 'var' && node.variable === of;
  if (!isLiteral(takes, true) && !isUnchanged(valueWhere(isPresent, ir.not(takes)))) return undefined;
  const kept = isLiteral(takes, true)
    ? pass.list
    : ir.macro('filter', pass.list, [pass.loop], [takes], listOf(pass.element));
  const some = ir.compare('gt', ir.size(kept, INTEGER), ir.literal(0));
  const neutral = neutralStart(later, of, first);
  const after = foldLoop(
    neutral !== undefined
      ? { ...pass, list: kept, accumulator: of, initial: neutral, next: later }
      : {
          ...pass,
          list: ir.method('slice', kept, [ir.literal(1), ir.size(kept, INTEGER)], kept.type),
          accumulator: of,
          initial: substitute(first, pass.loop, ir.index(kept, ir.literal(0), pass.element)),
          next: later,
        },
  );
  if (after === undefined) return undefined;
  const typed = knowing(some, () => facts.resolve(after));
  return { some, value: asValue(typed) };
}

/**
 * The condition under which a value is neither `undefined` nor `null`. A value for which the graph waits counts as
 * present.
 */
export function presence(raw: unknown): Node {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Phi) {
    const trace = activeTrace();
    return ir.cond(
      inner.test,
      trace.under(inner.test, () => presence(inner.then)),
      trace.under(ir.not(inner.test), () => presence(inner.otherwise)),
    );
  }
  if (inner instanceof Sym) return inner.absence === undefined || inner.absence.waits ? ir.TRUE() : inner.absence.has;
  return ir.literal(value !== undefined && value !== null);
}

/** Simplifies the conditions that contain the variable: a condition whose value is known is replaced by this value. */
function settled(node: Node, of: Variable): Node {
  if (!mentions(node, (each) => each === of)) return node;
  const { facts } = activeTrace();
  if (node.kind === 'cond') {
    const [test, then, otherwise] = node.args;
    const known = facts.simplify(test);
    if (known.kind === 'lit') return settled(known.value === true ? then : otherwise, of);
    return ir.cond(settled(known, of), settled(then, of), settled(otherwise, of));
  }
  if (node.type.kind === 'bool') {
    const known = facts.simplify(node);
    if (known !== node) return settled(known, of);
  }
  const settle = (arg: Node) => settled(arg, of);
  if (node.kind === 'add') return ir.add(settle(node.args[0]), settle(node.args[1]));
  const args = node.args.map(settle);
  if (node.kind === 'append') return ir.concatLists(args);
  return node.kind === 'concat' ? ir.concat(args) : withArgs(node, args);
}

/**
 * The neutral start value of a fold. It is 0 when the first iteration gives `e` and the later iterations give `n + e`,
 * where `n` is the value so far. It is an empty list when the iterations give `[e]` and `[...l, e]`, where `l` is the
 * list so far. Otherwise undefined.
 */
function neutralStart(later: Node, of: Variable, first: Node): Node | undefined {
  const isOwn = (node: Node | undefined) => node?.kind === 'var' && node.variable === of;
  const [a, b] = later.args;
  if (later.kind === 'add' && ((isOwn(a) && b === first) || (isOwn(b) && a === first))) return ir.literal(0);
  if (later.kind === 'append' && isOwn(a) && ir.concatLists(later.args.slice(1)) === first) return ir.list([]);
  return undefined;
}

/** The type of the value that an iteration sets; `undefined` when it sets none. */
export function typeOfSet(raw: unknown): StaticType | undefined {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Phi) return typeOfSet(inner.then) ?? typeOfSet(inner.otherwise);
  if (inner instanceof Sym) return inner.type;
  return value === undefined || value === null ? undefined : toNode(value).type;
}
