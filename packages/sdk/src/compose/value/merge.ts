import { and, cond, list, literal, not, TRUE } from '../ir/build.ts';
import { type Node, isLiteral, rootOf } from '../ir/node.ts';
import { holdsObjects, NULL, sameStaticType } from '../ir/types.ts';
import { isStackOverflow, refuse, thrownInBranch } from '../refusal/refusal.ts';
import { activeTrace, currentTrace, decide } from '../trace/current-trace.ts';
import type { MergeValues } from '../trace/trace.ts';
import { type KeyEntry, type Members, joinKeys, keyEntries, KEYS, notable } from './key-order.ts';
import type { Absence, MergedPiece } from './symbolic.ts';
import { DEAD, Earlier, Maybe, MERGED, Phi, POISON, Splice, Sym, testedPresence, Untranslated } from './symbolic.ts';
import { symbolic, wrap } from './proxy.ts';

/**
 * Returns the `Sym` of a symbolic value that is not a whole resource, and a literal `Sym` for a finite number, string,
 * boolean or bigint. Returns `undefined` for any other value.
 */
export function asSym(value: unknown): Sym | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint')
    return new Sym(literal(value));
  if (typeof value === 'number') return Number.isFinite(value) ? new Sym(literal(value)) : undefined;
  const inner = symbolic(value);
  return inner instanceof Sym && inner.resource === undefined ? inner : undefined;
}

/**
 * A value simplified by the facts of the current path. Decided conditions are resolved. A value that is known to be
 * present loses its `Absence`. A value that is known to be missing becomes `undefined` or `null`, but stays symbolic if
 * it may be either of them.
 */
export function resolveMerged(value: unknown): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
  const inner = symbolic(value);
  if (inner === undefined) return known(value);
  if (currentTrace() === undefined) return value;
  if (inner instanceof Phi) {
    const test = decide(inner.test);
    if (test === true) return resolveMerged(inner.then);
    if (test === false) return resolveMerged(inner.otherwise);
    return value;
  }
  return resolveSym(inner, value);
}

/** A value that is not symbolic. Refuses a value that must not be read. */
function known(value: object): unknown {
  if (value instanceof Untranslated) return refuse(value.code, value.message, value.remedy);
  return value instanceof Earlier ? refuseEarlier(value) : value;
}

function refuseEarlier(value: Earlier): never {
  value.wasRead = true;
  return refuse(
    'loop-carried',
    `${value.name} depends on its own earlier value in a loop over a symbolic list`,
    'sums, string joins, counts, min/max, any/all, push and first match are supported',
  );
}

function resolveSym(inner: Sym, value: unknown): unknown {
  if (inner.resource !== undefined) return value;
  const node = activeTrace().facts.resolve(inner.node);
  const presentWhen = inner.absence === undefined ? true : decide(inner.absence.has);
  if (presentWhen === false && inner.absence?.missing !== 'either')
    return inner.absence?.missing === 'null' ? null : undefined;
  if (node === inner.node && (inner.absence === undefined) === (presentWhen === true)) return value;
  const absence = presentWhen === true ? waitingOnly(inner.absence) : inner.absence;
  return wrap(new Sym(node, { absence, waits: inner.waits, label: inner.label }));
}

/** The absence of a value that is present as soon as the graph has waited for it; undefined for other values. */
function waitingOnly(absence: Absence | undefined): Absence | undefined {
  const has = absence?.tested === undefined ? true : decide(absence.tested);
  return typeof has === 'boolean' ? undefined : { has, plain: true, waits: true };
}

/** Joins two values under a condition. The result is one expression where CEL can express it, otherwise a `Phi`. */
export function phi(test: Node, then: unknown, otherwise: unknown): unknown {
  if (then === POISON || otherwise === POISON) return POISON;
  if (isLiteral(test, true)) return then;
  if (isLiteral(test, false)) return otherwise;
  if (Object.is(then, otherwise) || otherwise === DEAD) return then;
  if (then === DEAD) return otherwise;
  if (test.kind === 'not') return phi(test.args[0], otherwise, then);
  const a = asSym(then);
  const b = asSym(otherwise);
  if (a !== undefined && otherwise === undefined) return wrap(guarded(test, a));
  if (b !== undefined && then === undefined) return wrap(guarded(not(test), b));
  if (a !== undefined && b !== undefined) {
    const joined = joinSyms(test, a, b);
    if (joined !== undefined) return wrap(joined);
  }
  return wrap(new Phi(test, then, otherwise));
}

/**
 * A value that is present only when a condition is true. If the value is a plain read of a resource's field, the
 * presence of the field is not added to the condition, because the graph waits for the field.
 */
function guarded(test: Node, value: Sym): Sym {
  const { absence } = value;
  if (absence === undefined || (absence.waits && absence.element !== true)) {
    const tested = absence === undefined ? {} : { tested: and(test, absence.has) };
    return new Sym(value.node, { absence: { has: test, ...tested, plain: false, waits: false }, label: value.label });
  }
  const { has, tested, missing } = absence;
  return new Sym(value.node, {
    absence: {
      has: and(test, has),
      ...(tested && { tested: and(test, tested) }),
      plain: false,
      waits: false,
      ...missingOf([undefined, missing]),
    },
    label: value.label,
  });
}

function joinSyms(test: Node, a: Sym, b: Sym): Sym | undefined {
  if (!sameStaticType(a.type, b.type) || a.type.kind === 'null' || a.type === NULL) return undefined;
  if (a.node === b.node && a.absence === b.absence) return a;
  // In CEL the objects of two resources have different types, even when the resources have the same kind.
  if (holdsObjects(a.type) && rootOf(a.node) !== rootOf(b.node)) return undefined;
  const node = cond(test, a.node, b.node);
  const waits = a.waits || b.waits;
  const doubts = [a.absence, b.absence].filter((absence) => absence !== undefined);
  if (doubts.length === 0) return new Sym(node, { waits });
  if (new Set(doubts.map((absence) => absence.waits)).size > 1) return undefined;
  const has = cond(test, presentWhere(test, a), presentWhere(not(test), b));
  if (isLiteral(has, true) && doubts[0]?.waits === false) return new Sym(node, { waits });
  const isTested = doubts.some(({ tested }) => tested !== undefined);
  const absence: Absence = {
    has,
    ...(isTested && {
      tested: cond(test, presentWhere(test, a, testedPresence), presentWhere(not(test), b, testedPresence)),
    }),
    plain: doubts.every((doubt) => doubt.plain),
    waits: (doubts[0] as Absence).waits,
    ...missingOf(doubts.map(({ missing }) => missing)),
  };
  return new Sym(node, { absence, waits });
}

/**
 * The condition under which a value is present, simplified for the case that `test` is true. The `test`, such as a case
 * of a `switch`, may already imply the presence.
 */
function presentWhere(test: Node, { absence }: Sym, presence = ({ has }: Absence) => has): Node {
  const trace = currentTrace();
  const has = absence === undefined ? TRUE() : presence(absence);
  return trace === undefined ? has : trace.under(test, () => trace.facts.simplify(has));
}

/** The `Absence.missing` of a value that was joined from several values. */
function missingOf(all: readonly Absence['missing'][]): Pick<Absence, 'missing'> {
  const [first] = all;
  if (all.some((missing) => missing !== first)) return { missing: 'either' };
  return first === undefined ? {} : { missing: first };
}

/** An element of a list, under an additional condition. */
export function itemWhen(test: Node, item: unknown): unknown {
  if (item instanceof Maybe) return new Maybe(and(test, item.test), item.value);
  if (item instanceof Splice) return new Splice(cond(test, item.list, list([])), item.waits);
  return new Maybe(test, item);
}

/** The functions that merge the values of two branches. */
export const mergeValues: MergeValues = {
  value: phi,
  members: mergeMembers,
  items(test, a, b) {
    const merged: unknown[] = [];
    let start = 0;
    while (start < a.length && start < b.length && sameItem(a[start], b[start])) merged.push(a[start++]);
    const left = a.slice(start);
    const right = b.slice(start);
    const plain = (item: unknown) => !(item instanceof Maybe) && !(item instanceof Splice);
    if (left.length === right.length && left.every(plain) && right.every(plain)) {
      return [...merged, ...left.map((item, index) => phi(test, item, right[index]))];
    }
    return [...merged, ...left.map((item) => itemWhen(test, item)), ...right.map((item) => itemWhen(not(test), item))];
  },
};

/**
 * The members of an object after two branches. If a key or the order of the keys depends on a condition, the member
 * `KEYS` lists the keys with their conditions.
 */
function mergeMembers(test: Node, a: Members, b: Members): Map<PropertyKey, unknown> {
  const joined = joinKeys(test, keyEntries(a), keyEntries(b));
  const members = new Map<PropertyKey, unknown>();
  for (const { key } of joined) if (!members.has(key)) members.set(key, phi(test, a.get(key), b.get(key)));
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    if (typeof key === 'string' || key === KEYS) continue;
    const [then, otherwise] = [a.get(key), b.get(key)];
    members.set(
      key,
      key === MERGED
        ? mergePieces(test, (then ?? []) as readonly MergedPiece[], (otherwise ?? []) as readonly MergedPiece[])
        : phi(test, then, otherwise),
    );
  }
  const noted = notable(joined, members);
  if (noted !== undefined) members.set(KEYS, a.has(KEYS) && sameEntries(noted, keyEntries(a)) ? a.get(KEYS) : noted);
  return members;
}

/** Are two lists of key entries equal? */
function sameEntries(a: readonly KeyEntry[], b: readonly KeyEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ key, test, value }, place) => {
      const other = b[place];
      return key === other?.key && test === other.test && Object.is(value, other.value);
    })
  );
}

/**
 * The pieces that two branches merged into one object: the common pieces, then those of each branch under its
 * condition.
 */
function mergePieces(test: Node, a: readonly MergedPiece[], b: readonly MergedPiece[]): MergedPiece[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  const when = (holds: Node) => (piece: MergedPiece) => ({ ...piece, test: and(holds, piece.test ?? TRUE()) });
  return [...a.slice(0, start), ...a.slice(start).map(when(test)), ...b.slice(start).map(when(not(test)))];
}

function sameItem(a: unknown, b: unknown): boolean {
  if (a instanceof Maybe && b instanceof Maybe) return a.test === b.test && Object.is(a.value, b.value);
  if (a instanceof Splice && b instanceof Splice) return a.list === b.list;
  return Object.is(a, b);
}

/** Applies an operation to each possible value of a `Phi`, under its condition. */
export function distribute(value: Phi, apply: (side: unknown) => unknown): unknown {
  const trace = activeTrace();
  const test = trace.facts.simplify(value.test);
  if (test.kind === 'lit') return apply(test.value === true ? value.then : value.otherwise);
  const [a, b] = trace.fork(
    test,
    () => onSide(value.then, apply),
    () => onSide(value.otherwise, apply),
    (result) => result === DEAD,
    mergeValues,
  );
  return phi(test, a, b);
}

/**
 * Applies an operation to one side. An error of JavaScript (`NaN.indexOf(…)`) becomes a refusal, because the error
 * depends on a condition.
 */
function onSide(side: unknown, apply: (side: unknown) => unknown): unknown {
  try {
    return apply(resolveMerged(side));
  } catch (error) {
    const isOfJavaScript = error instanceof TypeError || error instanceof RangeError;
    throw isOfJavaScript && !isStackOverflow(error) ? thrownInBranch(error) : error;
  }
}
