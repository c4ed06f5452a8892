import { macro, macroVariable, variable } from './build.ts';
import type { Node } from './node.ts';
import { makeNode } from './node.ts';
import type { StaticType } from './types.ts';
import { DYN } from './types.ts';

/**
 * The parts of a sum of lists, in a form that kro's own runtime joins as JavaScript does. In kro 0.9 a list of the
 * instance or of an object keeps its schema, and it is that list that adds: an element that is an object or a list
 * literal then fails with `invalid data, expected a map for the provided schema`, a list that the API server merges
 * by key or holds as a set is merged, and two sums of one list may write the same memory. A list that CEL made has
 * none of this. An empty list gives the sum to its neighbour, so every part but the last is made one.
 */
export function joinable(parts: readonly Node[], elementName: string): readonly Node[] {
  const scalar = SCALARS.has(elementName);
  return parts.map((part, position) => (position === parts.length - 1 ? part : madeByCel(part, scalar)));
}

/** Names of element types whose literals a list of the instance takes. */
const SCALARS: ReadonlySet<string> = new Set(['string', 'int', 'double', 'bool']);

/** Methods and functions that make a list in every case; `sort` and `distinct` return an empty one as it is. */
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

/** A list that is read from the instance as it is: kro copies the instance, so that its lists share no memory. */
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
