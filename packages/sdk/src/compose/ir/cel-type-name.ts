import { oncePerObject } from '@typekro/kit/core';
import { type MacroNode, type Node, bodyOf } from './node.ts';
import { type StaticType, holdsObjects } from './types.ts';

/**
 * Is the node an empty value that fits the type of another node? `[]` fits every list, `{}` every map, `optional.none()`
 * every optional.
 */
export function fitsEmpty(node: Node, other: Node): boolean {
  if (isEmptyOptional(node)) return other.type.kind === 'optional';
  if (node.args.length > 0 || (node.kind !== 'list' && node.kind !== 'object')) return false;
  const name = celTypeName(other);
  return name === 'dyn' || name.startsWith(node.kind === 'list' ? 'list(' : 'map(');
}

const isEmptyOptional = (node: Node): boolean => node.kind === 'call' && node.name === 'optional.none';

/** A name for the CEL type of a node. CEL treats two types with equal names as one type. */
export function celTypeName(node: Node): string {
  switch (node.kind) {
    case 'object':
      return objectTypeName(node);
    case 'list': {
      const names = new Set(node.args.map(celTypeName));
      return `list(${names.size === 1 ? [...names][0] : names.size === 0 ? '?' : 'dyn'})`;
    }
    case 'append': {
      const known = node.args.map(celTypeName).find((name) => name !== 'list(?)');
      return known ?? 'list(?)';
    }
    case 'cond': {
      const [, a, b] = node.args;
      const name = celTypeName(a);
      // An empty value has the type of the other side.
      const open = name === 'list(?)' || (a.kind === 'object' && a.args.length === 0) || isEmptyOptional(a);
      return open ? celTypeName(b) : name;
    }
    case 'method': {
      if (node.name !== 'merge') return celStaticTypeName(node.type);
      const [left, right] = node.args.map(celTypeName) as [string, string];
      return left === right || right === 'map(dyn)' ? left : left === 'map(dyn)' ? right : 'map(dyn)';
    }
    case 'macro':
      if (node.name === 'map') return isCopy(node) ? celTypeName(node.args[0]) : `list(${celTypeName(bodyOf(node))})`;
      return node.name === 'filter' ? celTypeName(node.args[0]) : celStaticTypeName(node.type);
    default:
      return celStaticTypeName(node.type) + (holdsObjects(node.type) ? `@${placeOf(node)}` : '');
  }
}

/** Is the node a copy of its list, `list.map(e, e)`? The elements of the copy keep their types. */
function isCopy(map: MacroNode): boolean {
  const [, body] = map.args;
  return map.args.length === 2 && body?.kind === 'var' && body.variable === map.vars[0];
}

/** Methods that return a list of elements of their target. */
const KEEPS_ELEMENTS: ReadonlySet<unknown> = new Set(['slice', 'reverse', 'sort', 'distinct']);

/** A path as a type name: in CEL, the objects of each resource and each field of the spec have their own type. */
function placeOf(node: Node): string {
  const steps: string[] = [];
  let step = node;
  while (step.kind !== 'var') {
    const [from] = step.args;
    const keeps =
      (step.kind === 'macro' && step.name === 'filter') || (step.kind === 'method' && KEEPS_ELEMENTS.has(step.name));
    if (from === undefined || (!keeps && step.kind !== 'select' && step.kind !== 'index')) return '';
    if (!keeps) steps.push(step.kind === 'select' ? step.field : '[]');
    step = from;
  }
  const root = step.variable;
  if (root.role === 'resource' || root.role === 'element') return String(root.key);
  return root.role === 'schema' ? steps.reverse().join('.') : '';
}

function objectTypeName(node: Node): string {
  // An entry that is certainly left out has no type of its own.
  const values = node.args.filter((value, position) => position % 2 === 1 && !isEmptyOptional(value));
  const names = new Set(values.map((value) => celTypeName(value).replace(/^optional\((.*)\)$/, '$1')));
  return `map(${names.size === 1 ? [...names][0] : 'dyn'})`;
}

/** Do two names mean the same type? The type of an empty list fits every list. */
export function sameCelType(a: string, b: string): boolean {
  return a === b || (a === 'list(?)' && b.startsWith('list(')) || (b === 'list(?)' && a.startsWith('list('));
}

/** A name for the CEL type of the values of a static type. */
function celStaticTypeName(type: StaticType): string {
  switch (type.kind) {
    case 'number':
      return type.number.state === 'double' || type.number.state === 'open' ? 'double' : 'int';
    case 'list':
      return `list(${celStaticTypeName(type.element)})`;
    case 'map':
      return `map(${celStaticTypeName(type.value)})`;
    case 'optional':
      return `optional(${celStaticTypeName(type.of)})`;
    case 'object':
      return type.joined === true ? 'dyn' : `object#${objectId(type)}`;
    default:
      return type.kind;
  }
}

let nextObject = 1;

const objectId = oncePerObject((_: object): number => nextObject++);
