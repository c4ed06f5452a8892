import { and, compare, cond, has, index, isIn, literal, optIndex, optSelect, select, size } from '../ir/build.ts';
import { requireInteger } from '../ir/lower.ts';
import { type Node, isLiteral } from '../ir/node.ts';
import { type StaticType, describeType, DYN, INTEGER, sameStaticType } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace, decide } from '../trace/current-trace.ts';
import { optionalNode } from '../value/value-nodes.ts';
import { labelOf, symbolic, wrap } from '../value/proxy.ts';
import { type Absence, Sym, testedPresence } from '../value/symbolic.ts';
import { stringMethod } from './string-methods.ts';
import { forElement, converted } from './view.ts';

/**
 * Prepares the read of a member of a value. `has` is set if the read itself is optional (`value?.member`), or if a `?.`
 * precedes it in the chain. Where `has` is false, the member is absent.
 */
export function baseOf(
  value: Sym,
  optional: boolean,
): { readonly node: Node; readonly has: Node | undefined; readonly optional: Node | undefined } {
  const { absence } = value;
  if (absence === undefined) return { node: value.node, has: undefined, optional: undefined };
  if (optional) {
    const short = absence.tested === undefined ? optionalNode(value) : undefined;
    return { node: value.node, has: testedPresence(absence), optional: short };
  }
  if (absence.chain !== undefined) {
    const own = absence.chain === absence.has;
    return { node: value.node, has: absence.chain, optional: own ? optionalNode(value) : undefined };
  }
  return { node: value.node, has: undefined, optional: undefined };
}

/** A value computed from another value. With `optional`, the result is missing where the other value is missing. */
export function derive(value: Sym, node: Node, optional: boolean): Sym {
  const base = baseOf(value, optional);
  if (base.has === undefined) return new Sym(node, { waits: value.waits });
  const plain = value.absence?.plain ?? true;
  return new Sym(node, { absence: { has: base.has, plain, waits: false, chain: base.has }, waits: value.waits });
}

/** The read of a member: its expression, and the condition under which it is present. */
export interface MemberAccess {
  readonly node: Node;
  /** The condition under which the member itself is present; `undefined` when the member is always present. */
  readonly has: Node | undefined;
  readonly optional: (base: Node) => Node;
  /** The value of a missing member in JavaScript. */
  readonly missing?: Absence['missing'];
}

/** The value of a member, which is absent where its object or the member itself is absent. */
export function accessed(value: Sym, access: MemberAccess, optional: boolean, label: string): Sym {
  const base = baseOf(value, optional);
  const { waits } = value;
  if (base.has === undefined) {
    if (access.has === undefined) return new Sym(access.node, { waits, label });
    const { has, missing } = access;
    const absence: Absence = {
      has,
      optional: access.optional(base.node),
      plain: true,
      waits,
      ...(missing && { missing }),
    };
    return new Sym(access.node, { absence, waits, label });
  }
  const has = access.has === undefined ? base.has : and(base.has, access.has);
  const short = base.optional === undefined ? undefined : access.optional(base.optional);
  const plain = value.absence?.plain ?? true;
  const absence: Absence = { has, plain, waits: false, chain: base.has, ...(short && { optional: short }) };
  return new Sym(access.node, { absence, waits, label });
}

/** `map[key]`. */
export function mapMember(value: Sym, key: Node, optional: boolean): unknown {
  const type = value.type.kind === 'map' ? value.type.value : DYN;
  const name =
    key.kind === 'lit' && typeof key.value === 'string' && /^[A-Za-z_]\w*$/.test(key.value) ? key.value : undefined;
  const access: MemberAccess =
    name === undefined
      ? {
          node: index(value.node, key, type),
          has: isKeyOf(key, value.node) ? undefined : isIn(key, value.node),
          optional: (base) => optIndex(base, key, type),
        }
      : {
          node: select(value.node, name, type),
          has: has(value.node, name),
          optional: (base) => optSelect(base, name, type),
        };
  const label = `${labelOf(value)}${name === undefined ? '[…]' : `.${name}`}`;
  return wrap(converted(accessed(value, access, optional, label)));
}

/** Is the key an element of a list of keys of the map? */
function isKeyOf(key: Node, map: Node): boolean {
  const [list] = key.args;
  if (key.kind !== 'index' || list?.type.kind !== 'list') return false;
  return forElement(list, key, () => decide(isIn(key, map))) === true;
}

/** `list[position]`. */
export function elementAt(value: Sym, position: Sym, optional = false): unknown {
  if (position.type.kind !== 'number' && position.type.kind !== 'dyn') {
    const key = `${labelOf(position)} is a ${describeType(position.type)}, but the positions of a ${value.type.kind} are numbers`;
    refuse('types', key, position.type.kind === 'string' ? 'convert it with Number() first' : 'pass a number');
  }
  if (value.type.kind === 'string') return characterAt(value, position, optional);
  requireInteger(position.node);
  const element = value.type.kind === 'list' ? value.type.element : DYN;
  const at = position.node;
  const written =
    at.kind === 'lit' && value.absence === undefined ? writtenElement(value.node, Number(at.value)) : undefined;
  if (written !== undefined) return wrap(converted(new Sym(written, { waits: value.waits })));
  const inside = isInside(at, size(value.node, INTEGER), value.node);
  const access: MemberAccess = {
    node: index(value.node, at, element),
    has: isLiteral(inside, true) ? undefined : inside,
    optional: (base) => optIndex(base, at, element),
  };
  const found = converted(accessed(value, access, optional, `${labelOf(value)}[${labelOf(position)}]`));
  const { absence } = found;
  if (absence?.waits !== true) return wrap(found);
  return wrap(new Sym(found.node, { absence: { ...absence, element: true }, waits: found.waits, label: found.label }));
}

/**
 * `text[position]`. Beyond the end, a test for presence is false, and every other use gets an empty string. With `?.`,
 * the character of an absent string is absent.
 */
export function characterAt(value: Sym, position: Sym, optional = false): unknown {
  const base = baseOf(value, optional);
  const isInText = isInside(position.node, size(value.node, INTEGER));
  const text = base.has === undefined ? value : new Sym(value.node, { waits: value.waits });
  const found = symbolic(stringMethod(text, 'charAt', [wrap(position)]));
  if (!(found instanceof Sym)) return found === undefined ? '' : wrap(found);
  if (base.has !== undefined) {
    const absence: Absence = { has: and(base.has, isInText), plain: false, waits: false, chain: base.has };
    return wrap(new Sym(found.node, { absence, waits: value.waits }));
  }
  if (value.absence !== undefined) return wrap(found);
  return wrap(new Sym(found.node, { absence: { has: isInText, plain: false, waits: true }, waits: value.waits }));
}

/** The condition under which a string, or the given list, has the position. */
function isInside(at: Node, count: Node, list?: Node): Node {
  if (at.kind === 'lit') return compareLiteral(Number(at.value), count, list);
  if (at.kind === 'cond' && list !== undefined) {
    const [test, a, b] = at.args;
    return cond(test, isInside(a, count, list), isInside(b, count, list));
  }
  const known = list && (insideFromEnd(at, count, list) ?? insideByRemainder(at, count));
  return known ?? and(greaterEqual(at), less(at, count));
}

/** The element of a list literal, or of one of two list literals: `const [a, b] = c ? [1, 2] : [3, 4]`. */
function writtenElement(node: Node, position: number): Node | undefined {
  if (node.kind === 'list') return node.args[position];
  if (node.kind !== 'cond') return undefined;
  const [test, a, b] = node.args;
  const then = writtenElement(a, position);
  const otherwise = writtenElement(b, position);
  if (then === undefined || otherwise === undefined || !sameStaticType(then.type, otherwise.type)) return undefined;
  return cond(test, then, otherwise);
}

/** The condition under which `list[list.length - n]` exists: the list has at least n elements. */
function insideFromEnd(at: Node, count: Node, list: Node): Node | undefined {
  const [from, back] = at.args;
  if (at.kind !== 'sub' || from !== count || back?.kind !== 'lit' || !(Number(back.value) >= 1)) return undefined;
  return Number(back.value) <= minimumLength(list) ? literal(true) : compare('ge', count, back);
}

/**
 * The number of elements that a list is known to have at least. A string that is split, for example, has at least one
 * piece.
 */
export function minimumLength(list: Node): number {
  const [first, separator] = list.args;
  switch (list.kind) {
    case 'list':
      return list.args.length;
    case 'append':
      return list.args.reduce((sum, part) => sum + minimumLength(part), 0);
    case 'cond':
      return Math.min(...list.args.slice(1).map(minimumLength));
    case 'macro':
      if (list.name !== 'map' || list.args.length !== 2 || first?.type.kind !== 'list') return 0;
      return minimumLength(first);
    case 'method':
      if (list.name === 'split')
        return list.args.length === 2 && separator?.kind === 'lit' && String(separator.value) !== '' ? 1 : 0;
      return (list.name === 'reverse' || list.name === 'sort') && first !== undefined ? minimumLength(first) : 0;
    case 'var':
    case 'select':
    case 'index':
      return list.type.kind === 'list' ? (list.type.minItems ?? 0) : 0;
    default:
      return 0;
  }
}

function compareLiteral(position: number, count: Node, list?: Node): Node {
  if (position < 0) return literal(false);
  return list !== undefined && position < minimumLength(list) ? literal(true) : compare('gt', count, literal(position));
}

/** The condition under which `x % m` is a position of a list that has at least `m` elements. */
function insideByRemainder(at: Node, count: Node): Node | undefined {
  const [value, by] = at.args;
  const long =
    at.kind === 'mod' && by?.kind === 'lit' && count.kind === 'lit' && Number(by.value) <= Number(count.value);
  if (!long || value === undefined || !(Number(by.value) > 0)) return undefined;
  return isNeverNegativeOnPath(value) ? literal(true) : greaterEqual(at);
}

/** Is the number known not to be negative on the current path? */
function isNeverNegativeOnPath(node: Node): boolean {
  if (node.kind === 'lit') return Number(node.value) >= 0;
  if (node.kind === 'add' || node.kind === 'mul') return node.args.every(isNeverNegativeOnPath);
  return isLiteral(activeTrace().facts.simplify(greaterEqual(node)), true);
}

function greaterEqual(node: Node): Node {
  return node.kind === 'call' && node.name === 'size' ? literal(true) : compare('ge', node, literal(0));
}

const less = (a: Node, b: Node): Node => compare('lt', a, b);

/** The node with another type, for example an object literal that is treated as a map. */
export function makeTyped(node: Node, type: StaticType): Node {
  return { ...node, type };
}
