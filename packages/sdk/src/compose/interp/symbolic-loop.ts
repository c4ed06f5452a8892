import { allOf, compare, cond, conjuncts, list, literal, macro, not, size, TRUE } from '../ir/build.ts';
import { setOwn } from '@typekro/kit/core';
import { entryMap } from '../ir/entry-map.ts';
import { firstWhere, foldLoop, spread } from '../ir/fold-loop.ts';
import type { ListFold } from '../ir/list-fold.ts';
import { type Node, isLiteral, mentions, Variable } from '../ir/node.ts';
import { BOOL, INTEGER, listOf, sameStaticType } from '../ir/types.ts';
import { besideExtreme } from '../ir/beside-extreme.ts';
import { type Pass, afterIterations } from '../library/carried.ts';
import { refuseCarried } from '../library/reduce.ts';
import { keyedMap } from '../library/keyed.ts';
import { mergeSpread } from '../library/objects.ts';
import { collections } from './collections.ts';
import { isKnownEmpty, loopValue } from '../library/view.ts';
import { refuse } from '../refusal/refusal.ts';
import { type ProgramVariable, ProgramVariable as BindingClass } from '../trace/trace.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { asSym, phi, resolveMerged } from '../value/merge.ts';
import { freshList, listNode, mergedPieces, toNode } from '../value/value-nodes.ts';
import { KEYS } from '../value/key-order.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Earlier, MERGED, Maybe, Phi, POISON, Splice, Sym } from '../value/symbolic.ts';
import { type Run, type SymbolicLoop, firstElement, runBody, startNode } from './loop-body.ts';
import { type Completion, DEAD_END, mapLeaves, NORMAL, reaches, resultOf } from './completion.ts';
import type { LexicalEnvironment } from '../value/closure.ts';

/** The variables outside a loop body that the body assigns. */
export function bindingsFor(names: ReadonlySet<string>, scope: LexicalEnvironment | undefined): ProgramVariable[] {
  const found = new Set<ProgramVariable>();
  for (const name of names) {
    const binding = scope?.find(name);
    if (binding !== undefined && binding.initialised) found.add(binding);
  }
  return [...found];
}

const ONCE_EACH =
  'take each element once: [...new Set(list)], or list.filter((x, i) => list.findIndex((y) => y.key === x.key) === i)';
const BY_KEYS =
  'list the keys first, then what belongs to each: const keys = [...new Set(list.map((x) => x.key))]; ' +
  'Object.fromEntries(keys.map((k) => [k, list.filter((x) => x.key === k).length]))';

/** Runs the body with a symbolic element, and translates the writes of the body to expressions. */
export function symbolicLoop(loop: SymbolicLoop): Completion {
  if (isKnownEmpty(loop.view)) return NORMAL;
  const trace = activeTrace();
  const of = new Variable(loop.name, 'loop');
  const value = loopValue(loop.view, of);
  const starts = new Map(loop.bindings.map((binding) => [binding, binding.value]));
  const before = trace.resources.length;
  const run = runBody(loop, value, of);
  const made = trace.resources.length > before;
  const fold = { list: loop.view.list.node, loop: of, element: loop.view.element };
  const completion = run.outcome.result;
  const leaves = leavingCondition(completion);
  if (leaves !== undefined && made)
    refuse(
      'loop-exit',
      'a loop over a symbolic list creates resources and contains break or return',
      'filter the list first',
    );
  const holders = new Set<object>([...run.keyed.values()].map(({ slot }) => slot.holder));
  for (const object of run.keyed.keys()) fillByKeys(fold, object, run, leaves);
  for (const [ref, { before: was, after }] of run.outcome.writes) {
    if (holders.has(ref)) continue;
    if (ref instanceof BindingClass) {
      const next = (after as { value: unknown }).value;
      const start = starts.get(ref);
      if (!starts.has(ref)) refuseCarried(ref.name);
      const accumulator = run.accumulators.get(ref);
      const untouched = next instanceof Earlier || (accumulator !== undefined && isVariable(next, accumulator));
      trace.recordUndo(ref);
      if (next === POISON) {
        ref.value = POISON;
        continue;
      }
      const carried = run.carried.get(ref);
      const first = firstElement(loop.view, start);
      if (untouched) ref.value = start;
      else if (carried !== undefined) {
        const result = leaves === undefined ? afterIterations(fold, carried, next) : undefined;
        ref.value = result === undefined ? refuseCarried(ref.name) : result.value;
      } else if (first !== undefined && accumulator !== undefined && leaves === undefined) {
        const whole = foldBinding(fold, ref.name, wrap(new Sym(first)), accumulator, next, leaves);
        ref.value = phi((symbolic(resolveMerged(start)) as Sym).absence?.has ?? TRUE(), whole, undefined);
      } else
        ref.value = foldBinding(fold, ref.name, start, accumulator, next, leaves, () => foldsOf(fold, run, starts));
    } else if (run.reads.has(ref)) {
      // The body also reads this object or list, whose content then depends on earlier iterations.
      if (Array.isArray(ref)) refuseCarried('a list that the loop fills', ONCE_EACH);
      refuseCarried('an object that the loop fills', BY_KEYS);
    } else if (Array.isArray(ref)) {
      if (leaves !== undefined) refuseFilling('a list is filled');
      foldArray(
        fold,
        ref,
        (was as { items: readonly unknown[] }).items,
        (after as { items: readonly unknown[] }).items,
      );
    } else {
      if (leaves !== undefined) refuseFilling('an object is filled');
      foldObject(
        fold,
        ref,
        new Map(
          [...run.members].flatMap(([{ object: whole, key }, accumulator]) =>
            whole === ref ? [[key, accumulator]] : [],
          ),
        ),
        (was as { keys: Map<PropertyKey, unknown> }).keys,
        (after as { keys: Map<PropertyKey, unknown> }).keys,
        () => foldsOf(fold, run, starts),
      );
    }
  }
  return leaves === undefined ? NORMAL : exits(fold, completion);
}

/** Refuses to fill a list or object in a loop that may end early: the number of iterations is not known. */
function refuseFilling(what: string): never {
  return refuse(
    'loop-exit',
    `${what} in a loop that runs over a symbolic list and may end early`,
    'filter the list first',
  );
}

/**
 * Translates `object[key] = f(object[key])` in the body: each key gets the value that results from the iterations with
 * this key.
 */
function fillByKeys(pass: Pass, object: object, run: Run, leaves: Node | undefined): void {
  const trace = activeTrace();
  const { slot, carried } = run.keyed.get(object) as NonNullable<ReturnType<Run['keyed']['get']>>;
  if (leaves !== undefined) refuseFilling('an object is filled');
  // Notes the read for an enclosing loop, whose earlier iterations may have written the object.
  trace.noteRead(object);
  const after = run.outcome.writes.get(slot.holder)?.after;
  const next = after?.kind === 'object' ? after.keys.get('value') : undefined;
  const isRead = run.reads.has(object) || run.outcome.writes.has(object);
  const map = isRead ? undefined : keyedMap(pass, slot, carried, next);
  if (map === undefined) return refuseCarried('an object that the loop fills', BY_KEYS);
  trace.recordUndo(object);
  if (map !== 'empty') mergeSpread(object as Record<string, unknown>, wrap(new Sym(map)));
}

/**
 * The folds of the variables and members whose values before the loop and after an iteration can be written as
 * expressions.
 */
function foldsOf(
  pass: Pass,
  { accumulators, members, outcome }: Run,
  starts: ReadonlyMap<ProgramVariable, unknown>,
): ListFold[] {
  const folds: ListFold[] = [];
  const note = (accumulator: Variable, start: unknown, after: unknown) => {
    const [initial, next] = [startNode(start), startNode(after)];
    if (initial !== undefined && next !== undefined) folds.push({ ...pass, accumulator, initial, next });
  };
  for (const [binding, accumulator] of accumulators) {
    const after = outcome.writes.get(binding)?.after;
    if (after?.kind === 'binding') note(accumulator, starts.get(binding), after.value);
  }
  for (const [{ object, key }, accumulator] of members) {
    const written = outcome.writes.get(object);
    if (written?.before.kind === 'object' && written.after.kind === 'object')
      note(accumulator, written.before.keys.get(key), written.after.keys.get(key));
  }
  return folds;
}

function isVariable(value: unknown, of: Variable): boolean {
  const inner = symbolic(value);
  return inner instanceof Sym && inner.node.kind === 'var' && inner.node.variable === of;
}

/** The condition under which an iteration leaves the loop; `undefined` when none does. */
function leavingCondition(completion: Completion): Node | undefined {
  const test = reaches(completion, (leaf) => leaf.kind !== 'normal' && leaf.kind !== 'dead');
  if (test === false) return undefined;
  return test === true ? TRUE() : test;
}

/** The different `break` and `continue` statements with which a body leaves the loop. */
function leapsOf(completion: Completion, found = new Map<string, Completion>()): Iterable<Completion> {
  if (completion.kind === 'fork') {
    leapsOf(completion.then, found);
    leapsOf(completion.otherwise, found);
  } else if (completion.kind === 'break' || completion.kind === 'continue') {
    found.set(`${completion.kind} ${completion.label ?? ''}`, completion);
  }
  return found.values();
}

/** The value of an assigned variable after the loop. */
function foldBinding(
  pass: Pass,
  name: string,
  start: unknown,
  accumulator: Variable | undefined,
  next: unknown,
  leaves: Node | undefined,
  others: () => readonly ListFold[] = () => [],
): unknown {
  if (leaves !== undefined) return firstAssigned(pass, name, start, accumulator, next, leaves);
  if (accumulator === undefined) return lastAssigned(pass, name, start, next);
  const initial = startNode(start) as Node;
  const chosen = (initial.type.kind === 'object' || initial.type.kind === 'list') && symbolic(next) instanceof Phi;
  const node = initial.kind === 'object' || chosen ? toNode(next) : startNode(next);
  if (initial.kind === 'object' && node !== undefined && !mentions(node, (of) => of === accumulator))
    return lastAssigned(pass, name, start, next);
  const same = node !== undefined && (initial.kind === 'object' || sameStaticType(node.type, initial.type));
  const loop = same ? foldOne({ ...pass, accumulator, initial, next: node }, others) : undefined;
  if (loop === undefined) return refuseCarried(name);
  const folded = collections(loop, activeTrace().resources);
  return folded.type.kind === 'list' ? freshList(folded, false) : wrap(new Sym(folded));
}

/**
 * The expression of a fold. If the fold keeps a value together with the largest or least key, one of `others` must
 * compute this key.
 */
function foldOne(fold: ListFold, others: () => readonly ListFold[]): Node | undefined {
  const isOther = (of: Variable) => of.role === 'accumulator' && of !== fold.accumulator;
  return mentions(fold.next, isOther) ? (besideExtreme(fold, others()) ?? foldLoop(fold)) : foldLoop(fold);
}

/** The value of a variable after a loop with `if (c) { x = e; break }`. */
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
    inner.node.kind === 'cond' &&
    inner.node.args[0] === leaves
  )
    value = wrap(new Sym(inner.node.args[1]));
  else if (
    inner instanceof Sym &&
    inner.absence === undefined &&
    inner.node.kind === 'cond' &&
    inner.node.args[0] === not(leaves)
  )
    value = wrap(new Sym(inner.node.args[2]));
  else if (inner instanceof Sym && inner.node.type.kind === 'bool') value = boolWhere(inner.node, leaves, accumulator);
  else if (isLiteral(leaves, true)) value = next;
  if (value === undefined) return refuseEarlyEnd(name);
  const node = asSym(value)?.node ?? toNode(value);
  if (accumulator !== undefined && mentions(node, (of) => of === accumulator)) return refuseEarlyEnd(name);
  const first = firstWhere(pass, leaves, node);
  return phi(first.exists, wrap(new Sym(first.value)), start);
}

function refuseEarlyEnd(name: string): never {
  return refuse(
    'loop-exit',
    `${name} changes in a loop that runs over a symbolic list and may end early`,
    "cut the list first: const end = list.findIndex((x) => x === 'stop'); list.slice(0, end < 0 ? list.length : end)",
  );
}

/**
 * The value of a boolean at the iteration that leaves the loop; undefined when it depends on earlier iterations, or
 * when other iterations change the boolean.
 */
function boolWhere(node: Node, leaves: Node, accumulator: Variable | undefined): unknown {
  const trace = activeTrace();
  const whereLeft = trace.under(leaves, () => trace.facts.resolve(node));
  if (accumulator !== undefined && mentions(whereLeft, (of) => of === accumulator)) return undefined;
  const elsewhere = trace.under(not(leaves), () => trace.facts.resolve(node));
  return accumulator !== undefined && elsewhere.kind === 'var' && elsewhere.variable === accumulator
    ? wrap(new Sym(whereLeft))
    : undefined;
}

function isEarlier(value: unknown, accumulator: Variable | undefined): boolean {
  return value instanceof Earlier || (accumulator !== undefined && isVariable(value, accumulator));
}

/** The value of a variable after a loop with `x = e`, where `e` does not read the earlier value. */
function lastAssigned(pass: Pass, name: string, start: unknown, next: unknown): unknown {
  const inner = symbolic(next);
  const take = (test: Node, value: unknown): unknown => {
    const node = asSym(resolveMerged(value))?.node ?? toNode(value);
    const list = isLiteral(test, true)
      ? pass.list
      : macro('filter', pass.list, [pass.loop], [test], listOf(pass.element));
    const marker = new Variable(name, 'accumulator');
    const folded = foldLoop({ ...pass, list, accumulator: marker, initial: node, next: node });
    const exists = isLiteral(test, true) ? undefined : macro('exists', pass.list, [pass.loop], [test], BOOL);
    if (folded === undefined) return refuseCarried(name);
    const some = exists ?? compare('gt', size(pass.list, INTEGER), literal(0));
    const last = folded.kind === 'cond' ? (folded.args[1] === node ? folded.args[2] : folded.args[1]) : folded;
    return phi(some, wrap(new Sym(last)), start);
  };
  if (inner instanceof Phi && inner.otherwise instanceof Earlier) return take(inner.test, inner.then);
  if (inner instanceof Phi && inner.then instanceof Earlier) return take(not(inner.test), inner.otherwise);
  if (inner instanceof Phi || next === undefined) return refuseCarried(name);
  return take(TRUE(), next);
}

/** Translates `list.push(…)` in the body: appends the elements of all iterations. */
function foldArray(pass: Pass, ref: unknown[], was: readonly unknown[], after: readonly unknown[]): void {
  const same = was.every(
    (item, position) => Object.is(item, after[position]) || (item instanceof Maybe && after[position] === item),
  );
  if (!same) refuseCarried('a list');
  activeTrace().recordUndo(ref);
  const added = after.slice(was.length);
  if (added.length === 0) return;
  const { outer, items } = splitTest(pass, added);
  const each = elementsOfIterations(pass, items);
  const node = cond(outer, each, list([]));
  ref.push(
    new Splice(
      node,
      mentions(node, (of) => of.role === 'resource' || of.role === 'element'),
    ),
  );
}

/**
 * Splits the condition of a `push` into the part that does not depend on the iteration (`outer`) and the rest. Where
 * `outer` is false, no element is read.
 */
function splitTest(
  pass: Pass,
  added: readonly unknown[],
): { readonly outer: Node; readonly items: readonly unknown[] } {
  const [only] = added;
  if (added.length !== 1 || !(only instanceof Maybe)) return { outer: TRUE(), items: added };
  const ofIteration = (test: Node) => mentions(test, (of) => of === pass.loop || of.role === 'element');
  const tests = conjuncts(only.test);
  const own = tests.filter(ofIteration);
  const item = own.length === 0 ? only.value : new Maybe(allOf(own), only.value);
  return { outer: allOf(tests.filter((test) => !ofIteration(test))), items: [item] };
}

/**
 * The elements that the iterations add, as one list. If these are resources that the loop creates, the list is their
 * collection.
 */
export function elementsOfIterations(pass: Pass, added: readonly unknown[]): Node {
  const all = spread({ ...pass, accumulator: pass.loop, initial: literal(0), next: literal(0) }, listNode(added));
  return collections(all, activeTrace().resources);
}

const KEYS_BEFORE = 'give the object its keys before the loop: const all = { seen: false }';

const nameOfKey = (key: PropertyKey): string =>
  typeof key === 'symbol' ? 'an object' : `the key ${key === '' ? "''" : String(key)} of an object`;

/**
 * Translates `object[key] = value` in the body as a map that is made entry by entry, and `object.name = value` as the
 * fold of a member.
 */
function foldObject(
  pass: Pass,
  ref: object,
  accumulators: ReadonlyMap<PropertyKey, Variable>,
  was: ReadonlyMap<PropertyKey, unknown>,
  after: ReadonlyMap<PropertyKey, unknown>,
  others: () => readonly ListFold[],
): void {
  for (const key of was.keys()) if (!after.has(key)) refuseCarried(nameOfKey(key));
  const folded = new Map<PropertyKey, unknown>();
  for (const [key, value] of after) {
    const accumulator = accumulators.get(key);
    if (accumulator !== undefined) {
      if (isVariable(value, accumulator)) continue;
      folded.set(key, foldBinding(pass, String(key), was.get(key), accumulator, value, undefined, others));
    } else if (typeof key === 'string' && !was.has(key)) {
      refuse(
        'loop-carried',
        `${nameOfKey(key)} is first set by an iteration of a loop over a symbolic list`,
        KEYS_BEFORE,
      );
    } else if (key !== MERGED && key !== KEYS && !Object.is(was.get(key), value)) refuseCarried(nameOfKey(key));
  }
  if (was.has(KEYS) && was.get(KEYS) !== after.get(KEYS)) refuseCarried('an object');
  activeTrace().recordUndo(ref);
  for (const [key, value] of folded) setOwn(ref, key, value);
  if (was.get(MERGED) === after.get(MERGED)) return;
  const before = mergedPieces(Object.fromEntries(was)) ?? ((was.get(MERGED) ?? []) as readonly never[]);
  const pieces = (after.get(MERGED) ?? []) as NonNullable<ReturnType<typeof mergedPieces>>;
  const grown = pieces.slice(before.length).map((piece) => {
    if (piece.map === undefined) return refuseCarried('an object');
    const { node } = piece.map;
    const list =
      piece.test === undefined
        ? pass.list
        : macro('filter', pass.list, [pass.loop], [piece.test], listOf(pass.element));
    return { map: new Sym(entryMap(list, pass.loop, node)) };
  });
  Object.defineProperty(ref, MERGED, {
    value: [...before, ...grown],
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/**
 * Translates `if (c) return e`, `break` and `continue outer` in the body: the first element for which the condition is
 * true decides how the loop ends.
 */
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
    const exists = activeTrace().facts.simplify(firstWhere(pass, test, literal(true)).exists);
    if (exists.kind === 'lit') return exists.value === true ? leap : NORMAL;
    return { kind: 'fork', test: exists, then: leap, otherwise: NORMAL };
  }
  const value = resultOf(mapLeaves(completion, (leaf) => (leaf.kind === 'normal' ? DEAD_END : leaf)));
  const constant = symbolic(value) === undefined && (typeof value !== 'object' || value === null);
  const first = firstWhere(pass, test, constant ? literal(true) : (asSym(resolveMerged(value))?.node ?? toNode(value)));
  const exists = activeTrace().facts.simplify(first.exists);
  const result = constant ? value : wrap(new Sym(first.value));
  return { kind: 'fork', test: exists, then: { kind: 'return', value: result }, otherwise: NORMAL };
}

/**
 * Returns a condition without variables of the open loops: the rule is true in every iteration of the loops whose
 * variables the rule reads.
 */
export function overLoops(rule: Node): Node {
  return activeTrace().loops.reduceRight(
    (inner, loop) =>
      mentions(inner, (of) => of === loop.variable) ? macro('all', loop.list, [loop.variable], [inner], BOOL) : inner,
    rule,
  );
}
