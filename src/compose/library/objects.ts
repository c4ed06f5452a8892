import type { StaticType } from '../ir/types.ts';
import { and, isIn, list, literal, macro, macroVariable, not, object, TRUE, variable } from '../ir/build.ts';
import { mapOf } from '../ir/types.ts';
import { refuse } from '../trace/refusal.ts';
import { activeTrace } from '../trace/trace.ts';
import { phi, resolve } from '../value/merge.ts';
import { mergedPieces, objectNode, toNode } from '../value/nodes.ts';
import { textNode } from '../value/ops.ts';
import { setOwn } from '../value/own.ts';
import { labelOf, symbolic, wrap } from '../value/proxy.ts';
import type { MergedPiece } from '../value/symbolic.ts';
import { MERGED, Phi, Sym } from '../value/symbolic.ts';
import type { Key } from './key.ts';
import { getMember } from './member.ts';
import { truthy } from '../value/ops.ts';
import type { Node } from '../ir/node.ts';

/** `{ [key]: value }`: sets a key of an object literal. */
export function mergeKey(target: Record<string, unknown>, key: Key, value: unknown): void {
  if (key instanceof Sym) {
    const entry = object([{ key: textNode(wrap(key)), value: toNode(value) }]);
    return addPiece(target, { map: new Sym(entry) });
  }
  if (mergedPieces(target) !== undefined && typeof key === 'string')
    return addPiece(target, { keys: { [key]: value } });
  setOwn(target, key, value);
}

function addPiece(target: Record<string, unknown>, piece: MergedPiece): void {
  setOwn(target, MERGED, [...(mergedPieces(target) ?? []), piece]);
}

/** `{ ...source }`: copies the source's entries into an object literal. */
export function mergeSpread(target: Record<string, unknown>, raw: unknown): void {
  const source = resolve(raw);
  activeTrace().noteRead(source);
  if (source === undefined || source === null || typeof source === 'boolean' || typeof source === 'number') return;
  const inner = symbolic(source);
  if (inner instanceof Phi) return spreadEither(target, inner);
  if (inner instanceof Sym) return spreadSym(target, inner);
  for (const key of Reflect.ownKeys(source)) {
    const descriptor = Object.getOwnPropertyDescriptor(source, key);
    if (descriptor?.enumerable !== true) continue;
    if (key === MERGED) for (const piece of mergedPieces(source) ?? []) addPiece(target, piece);
    else mergeKey(target, key, (source as Record<PropertyKey, unknown>)[key]);
  }
}

/** `...(c ? a : b)`: the keys of both sides, each under its condition. */
function spreadEither(target: Record<string, unknown>, value: Phi): void {
  const trace = activeTrace();
  const side = (test: Node, raw: unknown): Record<string, unknown> =>
    trace.under(test, () => {
      const made: Record<string, unknown> = trace.born({});
      mergeSpread(made, raw);
      return made;
    });
  const a = side(value.test, value.then);
  const b = side(not(value.test), value.otherwise);
  if (mergedPieces(a) !== undefined || mergedPieces(b) !== undefined || mergedPieces(target) !== undefined) {
    for (const [test, made] of [
      [value.test, a],
      [not(value.test), b],
    ] as const) {
      const { ...keys } = made;
      delete (keys as { [MERGED]?: unknown })[MERGED];
      addPiece(target, { test, keys });
      for (const piece of mergedPieces(made) ?? [])
        addPiece(target, { ...piece, test: and(test, piece.test ?? TRUE()) });
    }
    return;
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const before = Object.hasOwn(target, key) ? target[key] : undefined;
    const then = Object.hasOwn(a, key) ? a[key] : before;
    const otherwise = Object.hasOwn(b, key) ? b[key] : before;
    setOwn(target, key, phi(value.test, then, otherwise));
  }
}

function spreadSym(target: Record<string, unknown>, value: Sym): void {
  const { type } = value;
  if (value.resource !== undefined)
    return refuse('no-cel', `${labelOf(value)} is a resource and cannot be spread`, 'name the fields that you need');
  if (type.kind === 'object') {
    for (const name of type.names()) {
      const member = getMember(wrap(value), name, value.absence !== undefined && !value.absence.waits);
      setOwnIfThere(target, name, member);
    }
    return;
  }
  if (type.kind === 'map' || type.kind === 'dyn') return addPiece(target, { map: value });
  if (type.kind === 'bool' || type.kind === 'number' || type.kind === 'null') return;
  const test = type.kind === 'string' ? truthy(wrap(value)) : true;
  if (test !== false)
    refuse('types', `${labelOf(value)} is a ${type.kind} and cannot be spread into an object`, 'spread an object');
}

/** A field that may be missing overrides an earlier one only where it is there. */
function setOwnIfThere(target: Record<string, unknown>, name: string, member: unknown): void {
  const inner = symbolic(member);
  const before = Object.hasOwn(target, name) ? target[name] : undefined;
  if (before !== undefined && inner instanceof Sym && inner.absence !== undefined) {
    setOwn(target, name, phi(inner.absence.has, wrap(inner.present()), before));
  } else setOwn(target, name, member);
}

/** `const { a, ...rest } = value`. */
export function restOf(raw: unknown, taken: readonly string[]): unknown {
  const value = resolve(raw);
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
  const rest: Record<string, unknown> = activeTrace().born({});
  mergeSpread(rest, value);
  // Maps among the pieces may have the keys, too.
  if (mergedPieces(rest) !== undefined) return restOf(wrap(new Sym(objectNode(rest))), taken);
  for (const name of taken) delete rest[name];
  return rest;
}
