import { setOwn } from '@typekro/kit/core';
import { and, isIn, list, literal, macro, macroVariable, not, object, TRUE, variable } from '../ir/build.ts';
import { type StaticType, mapOf } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace, decide } from '../trace/current-trace.ts';
import { type Members, keyEntries, KEYS, mapOfMembers } from '../value/key-order.ts';
import { deleteMember, setMember, setMemberWhen } from '../value/set-member.ts';
import { mergeValues, resolveMerged } from '../value/merge.ts';
import { mergedPieces, objectNode, toNode } from '../value/value-nodes.ts';
import { textNode, truthy } from '../value/ops.ts';
import { hasTokens, labelOf, symbolic, wrap } from '../value/proxy.ts';
import { type MergedPiece, MERGED, Phi, Sym } from '../value/symbolic.ts';
import type { Key } from './key.ts';
import { getMember } from './member.ts';
import { type Node, isLiteral } from '../ir/node.ts';

/** `{ [key]: value }`: sets a key of an object literal. */
export function mergeKey(target: Record<string, unknown>, key: Key, value: unknown): void {
  if (key instanceof Sym) {
    const entry = object([{ key: textNode(wrap(key)), value: toNode(value) }]);
    activeTrace().noteCopied(resolveMerged(value));
    return addPiece(target, { map: new Sym(entry) });
  }
  if (mergedPieces(target) !== undefined && typeof key === 'string')
    return addPiece(target, { keys: { [key]: value } });
  setMember(target, key, value);
}

/** Sets a key of an object literal under a condition. */
function mergeKeyWhen(target: Record<string, unknown>, key: string, test: Node, value: unknown): void {
  const known = decide(test);
  if (known === false) return;
  if (known === true) return mergeKey(target, key, value);
  if (mergedPieces(target) !== undefined) return addPiece(target, { test: known, keys: { [key]: value } });
  setMemberWhen(target, key, known, value);
}

function addPiece(target: Record<string, unknown>, piece: MergedPiece): void {
  setOwn(target, MERGED, [...(mergedPieces(target) ?? []), piece]);
}

/**
 * `{ ...source }`: copies the entries of the source into an object literal. With `omitsMissing`, missing fields of a
 * resource are left out; otherwise the graph waits for them.
 */
export function mergeSpread(target: Record<string, unknown>, raw: unknown, omitsMissing = false): void {
  const source = resolveMerged(raw);
  activeTrace().noteRead(source);
  if (source === undefined || source === null || typeof source === 'boolean' || typeof source === 'number') return;
  const inner = symbolic(source);
  if (inner instanceof Phi) return spreadEither(target, inner, omitsMissing);
  if (inner instanceof Sym) return spreadSym(target, inner, omitsMissing);
  if (typeof source === 'string' && hasTokens(source)) return spreadSym(target, new Sym(textNode(source)));
  mergeMembers(target, mapOfMembers(Object(source) as object));
}

/** Copies the members of an object whose keys are known, each under the condition of its key. */
function mergeMembers(target: Record<string, unknown>, members: Members): void {
  for (const { key, test } of keyEntries(members)) mergeKeyWhen(target, key, test, members.get(key));
  for (const [key, value] of members) {
    if (key === MERGED) for (const piece of value as readonly MergedPiece[]) addPiece(target, piece);
    else if (typeof key === 'symbol' && key !== KEYS) setOwn(target, key, value);
  }
}

/** `...(c ? a : b)`: adds the keys of both sides, each under its condition. */
function spreadEither(target: Record<string, unknown>, value: Phi, omitsMissing: boolean): void {
  const trace = activeTrace();
  const side = (test: Node, raw: unknown): Record<string, unknown> =>
    trace.under(test, () => {
      const made: Record<string, unknown> = trace.track({});
      mergeSpread(made, raw, omitsMissing);
      return made;
    });
  const a = side(value.test, value.then);
  const b = side(not(value.test), value.otherwise);
  if (mergedPieces(a) !== undefined || mergedPieces(b) !== undefined || mergedPieces(target) !== undefined) {
    for (const [test, made] of [
      [value.test, a],
      [not(value.test), b],
    ] as const) {
      const members = mapOfMembers(made);
      const sure: Record<string, unknown> = {};
      for (const { key, test: present } of keyEntries(members)) {
        if (isLiteral(present, true)) setOwn(sure, key, members.get(key));
        else addPiece(target, { test: and(test, present), keys: { [key]: members.get(key) } });
      }
      if (Object.keys(sure).length > 0) addPiece(target, { test, keys: sure });
      for (const piece of mergedPieces(made) ?? [])
        addPiece(target, { ...piece, test: and(test, piece.test ?? TRUE()) });
    }
    return;
  }
  mergeMembers(target, mergeValues.members(value.test, mapOfMembers(a), mapOfMembers(b)));
}

function spreadSym(target: Record<string, unknown>, value: Sym, omitsMissing = false): void {
  const { type } = value;
  if (value.resource !== undefined)
    return refuse('no-cel', `${labelOf(value)} is a resource and cannot be spread`, 'name the fields that you need');
  if (type.kind === 'object') {
    for (const name of type.names()) {
      const read = getMember(wrap(value), name, value.absence !== undefined && !value.absence.waits);
      const member = omitsMissing ? asFound(read) : read;
      const missing = type.field(name)?.missing;
      if (missing === 'null') mergeKey(target, name, member);
      else setOwnIfThere(target, name, member);
    }
    return;
  }
  if (type.kind === 'map' || type.kind === 'dyn') return addPiece(target, { map: value });
  if (type.kind === 'bool' || type.kind === 'number' || type.kind === 'null') return;
  const test = type.kind === 'string' ? truthy(wrap(value)) : true;
  if (test !== false)
    refuse('types', `${labelOf(value)} is a ${type.kind} and cannot be spread into an object`, 'spread an object');
}

/** The value of a field in a copy. A missing field of a resource is `undefined`, and the graph does not wait for it. */
export function asFound(member: unknown): unknown {
  const inner = symbolic(member);
  if (!(inner instanceof Sym) || inner.absence?.waits !== true) return member;
  return wrap(new Sym(inner.node, { absence: { ...inner.absence, waits: false }, waits: true, label: inner.label }));
}

/** Sets a field that may be missing. Where the field is missing, an earlier value of the same key stays. */
function setOwnIfThere(target: Record<string, unknown>, name: string, member: unknown): void {
  const inner = symbolic(member);
  const absence = inner instanceof Sym ? inner.absence : undefined;
  // The graph waits for a field of a resource, unless an earlier member has the same name.
  const mayBeAbsent = absence !== undefined && (!absence.waits || Object.hasOwn(target, name));
  if (mayBeAbsent) mergeKeyWhen(target, name, absence.has, wrap((inner as Sym).present()));
  else mergeKey(target, name, member);
}

/** The value of `rest` in `const { a, ...rest } = value`. */
export function restOf(raw: unknown, taken: readonly string[]): unknown {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym && (inner.type.kind === 'map' || inner.type.kind === 'dyn')) {
    const of: StaticType = inner.type.kind === 'map' ? inner.type : mapOf({ kind: 'dyn' });
    const element = of.kind === 'map' ? of.value : ({ kind: 'dyn' } as const);
    const [k, v] = [macroVariable('k'), macroVariable('v')];
    const keep = not(isIn(variable(k, { kind: 'string' }), list(taken.map((name) => literal(name)))));
    return wrap(
      new Sym(macro('transformMap', inner.node, [k, v], [keep, variable(v, element)], of), { waits: inner.waits }),
    );
  }
  const rest: Record<string, unknown> = activeTrace().track({});
  mergeSpread(rest, value);
  // Maps among the merged pieces may also have the keys in `taken`, so these keys are removed from the merged
  // expression.
  if (mergedPieces(rest) !== undefined) return restOf(wrap(new Sym(objectNode(rest))), taken);
  for (const name of taken) deleteMember(rest, name);
  return rest;
}
