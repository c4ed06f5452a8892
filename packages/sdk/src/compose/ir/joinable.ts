import { macro, macroVariable, variable } from './build.ts';
import { type Node, makeNode } from './node.ts';
import { type StaticType, DYN } from './types.ts';

/**
 * Rewrites the parts of a sum of lists, so that kro's runtime joins them as JavaScript does. In kro 0.9 a list of the
 * instance or of an object keeps its schema and performs the addition itself. Then the addition of a list literal whose
 * elements are objects or lists fails with `invalid data, expected a map for the provided schema`. A list that the API
 * server merges by key or treats as a set is merged instead of joined. Two sums that begin with the same list may write
 * the same memory. A list that CEL made has none of these problems. When one operand of a sum is empty, the result is
 * the other operand itself. Therefore every part except the last one becomes a list that CEL made.
 */
export function joinable(parts: readonly Node[], elementName: string): readonly Node[] {
  const scalar = SCALARS.has(elementName);
  return parts.map((part, position) => (position === parts.length - 1 ? part : madeByCel(part, scalar)));
}

/** Names of element types whose literals a list of the instance accepts. */
const SCALARS: ReadonlySet<string> = new Set(['string', 'int', 'double', 'bool']);

/**
 * Methods and functions that always make a new list. `sort` and `distinct` are not among them, because they return an
 * empty list unchanged.
 */
const MAKERS: ReadonlySet<string> = new Set(['split', 'slice', 'reverse', 'flatten', 'lists.range']);

function madeByCel(part: Node, scalar: boolean): Node {
  if (isMadeByCel(part) || (scalar && isInstanceList(part))) return part;
  if (part.kind === 'dyn') {
    const [inner] = part.args;
    const made = madeByCel(inner, scalar);
    return made === inner ? part : makeNode({ kind: 'dyn', args: [made], type: part.type });
  }
  if (part.kind === 'cond') {
    const [test, a, b] = part.args;
    return makeNode({ kind: 'cond', args: [test, madeByCel(a, scalar), madeByCel(b, scalar)], type: part.type });
  }
  const item = macroVariable('e');
  return macro('map', part, [item], [variable(item, elementOf(part.type))], part.type);
}

const elementOf = (type: StaticType): StaticType => (type.kind === 'list' ? type.element : DYN);

function isMadeByCel(node: Node): boolean {
  switch (node.kind) {
    case 'list':
      return true;
    case 'macro':
      return node.name === 'map' || node.name === 'filter';
    case 'method':
    case 'call':
      return MAKERS.has(node.name);
    case 'dyn':
      return isMadeByCel(node.args[0]);
    case 'append':
      return node.args.slice(-1).every(isMadeByCel);
    case 'cond':
      return isMadeByCel(node.args[1]) && isMadeByCel(node.args[2]);
    default:
      return false;
  }
}

/**
 * Is the expression a plain read of a list of the instance? kro copies the instance, so that its lists share no memory.
 */
function isInstanceList(node: Node): boolean {
  const [first, ...rest] = node.args;
  if (node.kind === 'cond') return rest.every((branch) => isMadeByCel(branch) || isInstanceList(branch));
  if (node.kind === 'orvalue') return isInstancePath(first) && rest.every(isMadeByCel);
  return isInstancePath(node);
}

function isInstancePath(node: Node | undefined): boolean {
  let root = node;
  while (root !== undefined && STEPS.has(root.kind)) root = root.args[0];
  return root !== node && root?.kind === 'var' && ROLES.has(root.variable.role);
}

const STEPS: ReadonlySet<string> = new Set(['select', 'index', 'optselect', 'optindex']);
const ROLES: ReadonlySet<string> = new Set(['schema', 'loop']);
