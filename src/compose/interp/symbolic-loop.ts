import { compare, index, literal, macro, not, object, size, TRUE, variable } from '../ir/build.ts';
import { entryMap } from '../ir/entry-map.ts';
import { firstMatch, foldLoop, spread } from '../ir/fold.ts';
import type { Fold } from '../ir/fold.ts';
import type { Node } from '../ir/node.ts';
import { isLiteral, mentions, Variable } from '../ir/node.ts';
import { BOOL, DYN, INTEGER, listOf, mapOf, sameType, STRING } from '../ir/types.ts';
import type { StaticType } from '../ir/types.ts';
import { refuseCarried } from '../library/reduce.ts';
import { collections } from './collections.ts';
import { factOf, loopValue } from '../library/view.ts';
import type { View } from '../library/view.ts';
import { refuse } from '../trace/refusal.ts';
import type { Binding } from '../trace/trace.ts';
import { activeTrace, Binding as BindingClass } from '../trace/trace.ts';
import { asSym, phi, resolve } from '../value/merge.ts';
import { freshList, listNode, mergedPieces, toNode } from '../value/nodes.ts';
import { setOwn } from '../value/own.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Earlier, MERGED, Maybe, Phi, POISON, Splice, Sym } from '../value/symbolic.ts';
import type { AssignedMember } from './member-accumulators.ts';
import type { Completion } from './completion.ts';
import { DEAD_END, mapLeaves, NORMAL, reaches, resultOf } from './completion.ts';
import type { Scope } from './env.ts';
import { unlessDead } from './branches.ts';

/** A loop over a symbolic list. */
export interface SymbolicLoop {
  readonly view: View;
  readonly name: string;
  /** Variables outside that the body assigns. */
  readonly bindings: readonly Binding[];
  /** Members of objects outside that the body assigns. */
  readonly members?: readonly AssignedMember[];
  /** What is known in every turn. */
  readonly fact?: (loop: Sym) => Node | undefined;
  readonly turn: (value: unknown) => Completion;
}

/** The variables outside a body that it assigns. */
export function bindingsFor(names: ReadonlySet<string>, scope: Scope | undefined): Binding[] {
  const found = new Set<Binding>();
  for (const name of names) {
    const binding = scope?.find(name);
    if (binding !== undefined && binding.initialised) found.add(binding);
  }
  return [...found];
}

/** Runs the body once with a symbolic element and makes expressions of what it wrote. */
export function symbolicLoop(loop: SymbolicLoop): Completion {
  const trace = activeTrace();
  const of = new Variable(loop.name, 'loop');
  const value = loopValue(loop.view, of);
  const starts = new Map(loop.bindings.map((binding) => [binding, binding.value]));
  const accumulators = new Map<Binding, Variable>();
  const members = new Map<AssignedMember, Variable>();
  const before = trace.resources.length;
  const mark = trace.facts.mark();
  trace.loops.push({ variable: of, list: loop.view.list.node, name: loop.name });
  let recorded;
  try {
    recorded = trace.recordingReads(() =>
      trace.isolate(() => {
        for (const binding of loop.bindings) {
          if (binding.value === POISON) continue;
          trace.touch(binding);
          const start = startNode(binding.value) ?? firstElement(loop.view, binding.value);
          if (start === undefined) {
            binding.value = new Earlier(binding.name);
            continue;
          }
          const accumulator = new Variable(binding.name, 'accumulator');
          accumulators.set(binding, accumulator);
          binding.value = wrap(new Sym(variable(accumulator, wider(start.type))));
        }
        for (const member of loop.members ?? []) startMember(member, members);
        const known = [loop.fact?.(value), factOf(loop.view.list.node, value.node)];
        for (const fact of known) if (fact !== undefined) trace.facts.assume(fact);
        return trace.accumulating([...members.keys()], () =>
          unlessDead(() => loop.turn(loop.view.show(value)), DEAD_END),
        );
      }),
    );
  } finally {
    trace.loops.pop();
    trace.facts.rollback(mark);
  }
  const { result: outcome, reads } = recorded;
  const made = trace.resources.length > before;
  const fold = { list: loop.view.list.node, loop: of, element: loop.view.element };
  const completion = outcome.result;
  const leaves = leavingCondition(completion);
  if (leaves !== undefined && made)
    refuse(
      'loop-exit',
      'break or return inside a loop over a symbolic list that creates resources',
      'filter the list first',
    );
  for (const [cell, { before: was, after }] of outcome.writes) {
    if (cell instanceof BindingClass) {
      const next = (after as { value: unknown }).value;
      const start = starts.get(cell);
      if (!starts.has(cell)) refuseCarried(cell.name);
      const accumulator = accumulators.get(cell);
      const untouched = next instanceof Earlier || (accumulator !== undefined && isVariable(next, accumulator));
      trace.touch(cell);
      if (next === POISON) {
        cell.value = POISON;
        continue;
      }
      const first = firstElement(loop.view, start);
      if (untouched) cell.value = start;
      else if (first !== undefined && accumulator !== undefined && leaves === undefined) {
        const whole = foldBinding(fold, cell.name, wrap(new Sym(first)), accumulator, next, leaves);
        cell.value = phi((symbolic(resolve(start)) as Sym).absence?.has ?? TRUE(), whole, undefined);
      } else cell.value = foldBinding(fold, cell.name, start, accumulator, next, leaves);
    } else if (reads.has(cell)) {
      // What a turn reads of it depends on the turns before.
      refuseCarried(Array.isArray(cell) ? 'a list that the loop fills' : 'an object that the loop fills');
    } else if (Array.isArray(cell)) {
      if (leaves !== undefined)
        refuse(
          'loop-exit',
          'a list is filled in a loop over a symbolic list that may end early',
          'filter the list first',
        );
      foldArray(
        fold,
        cell,
        (was as { items: readonly unknown[] }).items,
        (after as { items: readonly unknown[] }).items,
      );
    } else {
      if (leaves !== undefined)
        refuse(
          'loop-exit',
          'an object is filled in a loop over a symbolic list that may end early',
          'filter the list first',
        );
      foldObject(
        fold,
        cell,
        new Map(
          [...members].flatMap(([{ object: of, key }, accumulator]) => (of === cell ? [[key, accumulator]] : [])),
        ),
        (was as { keys: Map<PropertyKey, unknown> }).keys,
        (after as { keys: Map<PropertyKey, unknown> }).keys,
      );
    }
  }
  return leaves === undefined ? NORMAL : exits(fold, completion);
}

/** `let best = list[0]` before a loop over the list: in every turn it is there. */
function firstElement(view: View, raw: unknown): Node | undefined {
  const value = raw instanceof Earlier ? undefined : symbolic(resolve(raw));
  if (!(value instanceof Sym) || value.absence === undefined || value.waits || !view.plain) return undefined;
  return value.node === index(view.list.node, literal(0), view.element) ? value.node : undefined;
}

/** Makes a member an accumulator, where what it holds has an expression. */
function startMember(member: AssignedMember, accumulators: Map<AssignedMember, Variable>): void {
  const { object: of, key } = member;
  const start = startNode((of as Record<string, unknown>)[key]);
  if (start === undefined || start.op === 'object') return;
  activeTrace().touch(of);
  const accumulator = new Variable(key, 'accumulator');
  accumulators.set(member, accumulator);
  setOwn(of, key, wrap(new Sym(variable(accumulator, wider(start.type)))));
}

/** What a variable holds before the loop, as an expression; `undefined` where it has none. */
function startNode(raw: unknown): Node | undefined {
  if (raw instanceof Earlier) return undefined;
  const value = resolve(raw);
  if (Array.isArray(value) && symbolic(value) === undefined) {
    const plain = value.every(
      (item) => item instanceof Splice || asSym(resolve(item instanceof Maybe ? item.value : item)) !== undefined,
    );
    return plain ? listNode(value) : undefined;
  }
  if (isEmptyObject(value)) return object([], mapOf(DYN));
  const start = asSym(value);
  return start === undefined || start.absence !== undefined ? undefined : start.node;
}

/** `{}` of the composition: a loop may replace it by one with more keys in each turn. */
function isEmptyObject(value: unknown): boolean {
  const isObject = typeof value === 'object' && value !== null && symbolic(value) === undefined;
  return isObject && activeTrace().owns(value) && Reflect.ownKeys(value).length === 0;
}

/** The type of a variable whatever a turn assigns: the values of an enumeration do not count. */
function wider(type: StaticType): StaticType {
  return type.kind === 'string' ? STRING : type;
}

type Pass = Pick<Fold, 'list' | 'loop' | 'element'>;

function isVariable(value: unknown, of: Variable): boolean {
  const inner = symbolic(value);
  return inner instanceof Sym && inner.node.op === 'var' && inner.node.attr === of;
}

/** The condition under which a turn leaves the loop; `undefined` when none does. */
function leavingCondition(completion: Completion): Node | undefined {
  const test = reaches(completion, (leaf) => leaf.kind !== 'normal' && leaf.kind !== 'dead');
  if (test === false) return undefined;
  return test === true ? TRUE() : test;
}

/** The ways in which a body leaves the loop for a statement around it, each once. */
function leapsOf(completion: Completion, found = new Map<string, Completion>()): Iterable<Completion> {
  if (completion.kind === 'fork') {
    leapsOf(completion.then, found);
    leapsOf(completion.otherwise, found);
  } else if (completion.kind === 'break' || completion.kind === 'continue') {
    found.set(`${completion.kind} ${completion.label ?? ''}`, completion);
  }
  return found.values();
}

/** What an assigned variable is after the loop. */
function foldBinding(
  pass: Pass,
  name: string,
  start: unknown,
  accumulator: Variable | undefined,
  next: unknown,
  leaves: Node | undefined,
): unknown {
  if (leaves !== undefined) return firstAssigned(pass, name, start, accumulator, next, leaves);
  if (accumulator === undefined) return lastAssigned(pass, name, start, next);
  const initial = startNode(start) as Node;
  const chosen = initial.type.kind === 'object' && symbolic(next) instanceof Phi;
  const node = initial.op === 'object' || chosen ? toNode(next) : startNode(next);
  if (initial.op === 'object' && node !== undefined && !mentions(node, (of) => of === accumulator))
    return lastAssigned(pass, name, start, next);
  const same = node !== undefined && (initial.op === 'object' || sameType(node.type, initial.type));
  const loop = same ? foldLoop({ ...pass, accumulator, initial, next: node }) : undefined;
  if (loop === undefined) return refuseCarried(name);
  const folded = collections(loop, activeTrace().resources);
  return folded.type.kind === 'list' ? freshList(folded, false) : wrap(new Sym(folded));
}

/** `if (c) { x = e; break }`. */
function firstAssigned(
  pass: Pass,
  name: string,
  start: unknown,
  accumulator: Variable | undefined,
  next: unknown,
  leaves: Node,
): unknown {
  const inner = symbolic(next);
  let value: unknown;
  if (inner instanceof Phi && inner.test === leaves && isEarlier(inner.otherwise, accumulator)) value = inner.then;
  else if (inner instanceof Phi && inner.test === not(leaves) && isEarlier(inner.then, accumulator))
    value = inner.otherwise;
  else if (
    inner instanceof Sym &&
    inner.absence === undefined &&
    inner.node.op === 'cond' &&
    inner.node.args[0] === leaves
  )
    value = wrap(new Sym(inner.node.args[1] as Node));
  else if (inner instanceof Sym && inner.node.type.kind === 'bool') value = boolWhere(inner.node, leaves, accumulator);
  else if (isLiteral(leaves, true)) value = next;
  if (value === undefined) return refuseCarried(name);
  const node = asSym(value)?.node ?? toNode(value);
  if (accumulator !== undefined && mentions(node, (of) => of === accumulator)) return refuseCarried(name);
  const first = firstMatch(pass, leaves, node);
  return phi(first.exists, wrap(new Sym(first.value)), start);
}

/** A boolean that is set where the loop is left: what it is there. */
function boolWhere(node: Node, leaves: Node, accumulator: Variable | undefined): unknown {
  const trace = activeTrace();
  const there = trace.under(leaves, () => trace.facts.resolve(node));
  if (accumulator !== undefined && mentions(there, (of) => of === accumulator)) return undefined;
  const elsewhere = trace.under(not(leaves), () => trace.facts.resolve(node));
  return accumulator !== undefined && elsewhere.op === 'var' && elsewhere.attr === accumulator
    ? wrap(new Sym(there))
    : undefined;
}

function isEarlier(value: unknown, accumulator: Variable | undefined): boolean {
  return value instanceof Earlier || (accumulator !== undefined && isVariable(value, accumulator));
}

/** `x = e`, for a variable that held nothing expressible before. */
function lastAssigned(pass: Pass, name: string, start: unknown, next: unknown): unknown {
  const inner = symbolic(next);
  const take = (test: Node, value: unknown): unknown => {
    const node = asSym(resolve(value))?.node ?? toNode(value);
    const list = isLiteral(test, true)
      ? pass.list
      : macro('filter', pass.list, [pass.loop], [test], listOf(pass.element));
    const marker = new Variable(name, 'accumulator');
    const folded = foldLoop({ ...pass, list, accumulator: marker, initial: node, next: node });
    const exists = isLiteral(test, true) ? undefined : macro('exists', pass.list, [pass.loop], [test], BOOL);
    if (folded === undefined) return refuseCarried(name);
    const some = exists ?? compare('gt', size(pass.list, INTEGER), literal(0));
    const last = folded.op === 'cond' ? (folded.args[1] === node ? folded.args[2] : folded.args[1]) : folded;
    return phi(some, wrap(new Sym(last as Node)), start);
  };
  if (inner instanceof Phi && inner.otherwise instanceof Earlier) return take(inner.test, inner.then);
  if (inner instanceof Phi && inner.then instanceof Earlier) return take(not(inner.test), inner.otherwise);
  if (inner instanceof Phi || next === undefined) return refuseCarried(name);
  return take(TRUE(), next);
}

/** `list.push(…)` in the body: the elements of every turn. */
function foldArray(pass: Pass, cell: unknown[], was: readonly unknown[], after: readonly unknown[]): void {
  const same = was.every(
    (item, position) => Object.is(item, after[position]) || (item instanceof Maybe && after[position] === item),
  );
  if (!same) refuseCarried('a list');
  activeTrace().touch(cell);
  const added = after.slice(was.length);
  if (added.length === 0) return;
  const node = elementsOfTurns(pass, added);
  cell.push(
    new Splice(
      node,
      mentions(node, (of) => of.role === 'resource' || of.role === 'element'),
    ),
  );
}

/** The elements that the turns add, as one list; those made from resources of the loop are the collections. */
export function elementsOfTurns(pass: Pass, added: readonly unknown[]): Node {
  const all = spread({ ...pass, accumulator: pass.loop, initial: literal(0), next: literal(0) }, listNode(added));
  return collections(all, activeTrace().resources);
}

const nameOfKey = (key: PropertyKey): string =>
  typeof key === 'symbol' ? 'an object' : `the key ${String(key)} of an object`;

/** `object[key] = value` in the body: a map made entry by entry. */
function foldObject(
  pass: Pass,
  cell: object,
  accumulators: ReadonlyMap<PropertyKey, Variable>,
  was: ReadonlyMap<PropertyKey, unknown>,
  after: ReadonlyMap<PropertyKey, unknown>,
): void {
  for (const key of was.keys()) if (!after.has(key)) refuseCarried(nameOfKey(key));
  const folded = new Map<PropertyKey, unknown>();
  for (const [key, value] of after) {
    const accumulator = accumulators.get(key);
    if (accumulator !== undefined) {
      if (isVariable(value, accumulator)) continue;
      folded.set(key, foldBinding(pass, String(key), was.get(key), accumulator, value, undefined));
    } else if (key !== MERGED && !Object.is(was.get(key), value)) refuseCarried(nameOfKey(key));
  }
  activeTrace().touch(cell);
  for (const [key, value] of folded) setOwn(cell, key, value);
  if (was.get(MERGED) === after.get(MERGED)) return;
  const before = mergedPieces(Object.fromEntries(was)) ?? ((was.get(MERGED) ?? []) as readonly never[]);
  const pieces = (after.get(MERGED) ?? []) as NonNullable<ReturnType<typeof mergedPieces>>;
  const added = pieces.slice(before.length).map((piece) => {
    if (piece.map === undefined) return refuseCarried('an object');
    const { node } = piece.map;
    const list =
      piece.test === undefined
        ? pass.list
        : macro('filter', pass.list, [pass.loop], [piece.test], listOf(pass.element));
    return { map: new Sym(entryMap(list, pass.loop, node)) };
  });
  Object.defineProperty(cell, MERGED, {
    value: [...before, ...added],
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** `if (c) return e`, `break`, `continue outer` in the body: the first element for which it holds decides. */
function exits(pass: Pass, completion: Completion): Completion {
  const test = leavingCondition(completion) as Node;
  const leaps = [...leapsOf(completion)];
  const returns = reaches(completion, (leaf) => leaf.kind === 'return');
  if (leaps.length > 1 || (leaps.length > 0 && returns !== false)) {
    return refuse(
      'loop-exit',
      'a loop over a symbolic list is left in two ways (break, return, continue of an outer loop)',
      'use one of them',
    );
  }
  const [leap] = leaps;
  if (leap !== undefined) {
    const exists = activeTrace().facts.simplify(firstMatch(pass, test, literal(true)).exists);
    if (exists.op === 'lit') return exists.attr === true ? leap : NORMAL;
    return { kind: 'fork', test: exists, then: leap, otherwise: NORMAL };
  }
  const value = resultOf(mapLeaves(completion, (leaf) => (leaf.kind === 'normal' ? DEAD_END : leaf)));
  const constant = symbolic(value) === undefined && (typeof value !== 'object' || value === null);
  const first = firstMatch(pass, test, constant ? literal(true) : (asSym(resolve(value))?.node ?? toNode(value)));
  const exists = activeTrace().facts.simplify(first.exists);
  const result = constant ? value : wrap(new Sym(first.value));
  return { kind: 'fork', test: exists, then: { kind: 'return', value: result }, otherwise: NORMAL };
}

/** A rule that must hold in every turn of the loops that are open. */
export function overLoops(rule: Node): Node {
  return activeTrace().loops.reduceRight(
    (inner, loop) =>
      mentions(inner, (of) => of === loop.variable) ? macro('all', loop.list, [loop.variable], [inner], BOOL) : inner,
    rule,
  );
}
