import { setOwn, TypeKroError } from '@typekro/kit/core';
import { variable } from '../ir/build.ts';
import type { Field, ObjectStaticType, StaticType } from '../ir/types.ts';
import { BOOL, DYN, FLOAT, INTEGER, joinTypes, listOf, NEVER, NULL, STRING } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { resolveMerged } from '../value/merge.ts';
import { mergedPieces, toNode } from '../value/value-nodes.ts';
import { defineFactory } from '../value/native-functions.ts';
import { isOpen } from '../value/open.ts';
import { hasTokens, symbolic, wrap } from '../value/proxy.ts';
import { Phi, SeenList, Sym } from '../value/symbolic.ts';
import { addRecord, checkId, copyOf, refuseInPredicate } from './create-resource.ts';
import { currentTrace } from '../trace/current-trace.ts';

/**
 * Names a value of a graph: a `def` node of the kind Graph. The graph computes the value once, and other nodes refer to
 * the value by its id. No object is created in the cluster. A value that is read only once needs no `def`: a `const` of
 * the function is written into the fields that use it.
 *
 * @example const naming = def('naming', { team: 'red', app: 'shop' }); ConfigMap({ name: `${naming.team}-${naming.app}` });
 * @throws TypeKroError outside the function of `graph()`, for an invalid id, or for a value that is not an object.
 */
export const def = defineFactory(<Value extends object>(id: string, value: Value): Value => {
  refuseOutsideGraph('def');
  refuseInPredicate('a def');
  const checked = checkId(id);
  const found = resolveMerged(value);
  if (!isObjectValue(found)) {
    refuse('types', `the value of def('${checked}') is not an object`, `give it members: def('${checked}', { value })`);
  }
  const type = objectType(found as Readonly<Record<string, unknown>>);
  const record = addRecord({
    id: checked,
    node: 'def',
    explicitId: true,
    manifest: copyOf(found) as Record<string, unknown>,
    apiVersion: '',
    kind: 'def',
    schema: undefined,
    type,
    options: {},
  });
  return wrap(new Sym(variable(record.element ?? record.variable, type), { label: checked })) as Value;
});

/** Are the members of the value known, so that it can be the payload of a node? */
function isObjectValue(value: unknown): boolean {
  const plain = typeof value === 'object' && value !== null && !Array.isArray(value) && symbolic(value) === undefined;
  return plain && mergedPieces(value) === undefined && !(value instanceof SeenList);
}

/** The type that a reader of the node sees. Members that may be absent are optional fields. */
function objectType(members: Readonly<Record<string, unknown>>): ObjectStaticType {
  const fields: Record<string, Field> = {};
  for (const [name, raw] of Object.entries(members)) {
    const value = resolveMerged(raw);
    if (value !== undefined) setOwn(fields, name, { type: typeOf(value), required: isPresent(value) });
  }
  return {
    kind: 'object',
    field: (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined),
    names: () => Object.keys(fields),
    open: false,
  };
}

function isPresent(raw: unknown): boolean {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym) return inner.absence === undefined || inner.absence.waits;
  if (inner instanceof Phi) return isPresent(inner.then) && isPresent(inner.otherwise);
  return value !== undefined;
}

function typeOf(raw: unknown): StaticType {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym) return inner.type;
  if (inner instanceof Phi) {
    const sides = [inner.then, inner.otherwise].map((side) => resolveMerged(side)).filter((side) => side !== undefined);
    return sides.map(typeOf).reduce((all, each) => joinTypes(all, each), NEVER);
  }
  if (value instanceof SeenList) return value.elements().type;
  switch (typeof value) {
    case 'string':
      return hasTokens(value) ? toNode(value).type : STRING;
    case 'number':
      return Number.isInteger(value) ? INTEGER : FLOAT;
    case 'boolean':
      return BOOL;
    case 'object':
      break;
    default:
      return DYN;
  }
  if (value === null) return NULL;
  if (Array.isArray(value)) {
    if (value.some(isOpen)) return toNode(value).type;
    return listOf(value.map(typeOf).reduce((all, each) => joinTypes(all, each), NEVER));
  }
  return isObjectValue(value) ? objectType(value as Readonly<Record<string, unknown>>) : toNode(value).type;
}

/**
 * Refuses a call of `def` or `patch` outside the function of `graph()`, because only a Graph can have the nodes that
 * they make.
 */
export function refuseOutsideGraph(name: 'def' | 'patch'): void {
  const trace = currentTrace();
  if (trace === undefined) {
    throw new TypeKroError(`${name}() is called outside a graph`, {
      code: 'compose/outside',
      remedy: `call it inside the function of graph(name, () => { … })`,
    });
  }
  if (trace.form === 'graph') return;
  refuse(
    'unsupported',
    `only a Graph can have the node that ${name}() makes; a composition becomes a ResourceGraphDefinition`,
    name === 'def'
      ? 'write a const: its value is written into the fields that use it'
      : 'put it into a graph(): graph(name, () => { … })',
  );
}
