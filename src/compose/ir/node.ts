import type { StaticType } from './types.ts';

/** A variable: the schema, a resource, a loop or macro variable, an accumulator of a loop. */
export class Variable {
  /** How it is printed; ids of resources are settled at the end, macro variables may be renamed. */
  name: string;
  readonly role: 'schema' | 'resource' | 'element' | 'loop' | 'macro' | 'accumulator';
  readonly key: number;
  private static next = 1;

  constructor(name: string, role: Variable['role']) {
    this.name = name;
    this.role = role;
    this.key = Variable.next++;
  }
}

/**
 * What a node does. The first group is CEL itself; the second keeps JavaScript's meaning open until the
 * types of numbers are settled (see `lower`).
 */
export type Op =
  | 'lit'
  | 'var'
  | 'select'
  | 'optselect'
  | 'has'
  | 'index'
  | 'optindex'
  | 'call'
  | 'method'
  | 'macro'
  | 'and'
  | 'or'
  | 'not'
  | 'eq'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'in'
  | 'cond'
  | 'list'
  | 'object'
  | 'raw'
  | 'concat'
  | 'append'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'mod'
  | 'neg'
  | 'tostr'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'trunc'
  | 'orvalue'
  | 'toint'
  | 'todouble'
  | 'ofnumber'
  | 'parsenumber'
  | 'parseint'
  | 'parsefloat'
  | 'toint32'
  | 'tofixed'
  | 'pow'
  | 'isinteger'
  | 'isfinite'
  | 'isnumber'
  | 'dyn';

/** What a node carries besides its operands: a literal, a name, a list of names. */
export type Attribute = string | number | bigint | boolean | null | Variable | readonly string[] | readonly Variable[];

/** One expression node. Nodes are hash-consed: equal expressions are one object with one id. */
export interface Node {
  readonly id: number;
  readonly op: Op;
  readonly args: readonly Node[];
  readonly attr: Attribute;
  readonly type: StaticType;
  /** Number of distinct-path nodes, saturating; for budgets. */
  readonly size: number;
  /** Names a macro binds; for `macro` only. */
  readonly vars: readonly Variable[];
}

/** The nodes of one composition, each once. */
export class NodeTable {
  /** Literals by their value: most nodes of a large graph are texts that stand in one resource. */
  readonly literals = new Map<Attribute, Node>();
  /** All others by what they consist of. */
  readonly others = new Map<string, Node>();
}

let nextId = 1;
let table = new NodeTable();

/** Runs `work` with a composition's own table, so that its nodes can be collected with it. */
export function withNodes<T>(own: NodeTable, work: () => T): T {
  const outer = table;
  table = own;
  try {
    return work();
  } finally {
    table = outer;
  }
}

const NO_ARGS: readonly Node[] = [];
const NO_VARS: readonly Variable[] = [];

/** The one literal with this value, whose type follows from it. */
export function literalNode(value: string | number | bigint | boolean | null, type: StaticType): Node {
  // A map takes the two zeros for one.
  if (Object.is(value, -0)) return makeNode('lit', [], value, type);
  let node = table.literals.get(value);
  if (node === undefined) {
    node = { id: nextId++, op: 'lit', args: NO_ARGS, attr: value, type, size: 1, vars: NO_VARS };
    table.literals.set(value, node);
  }
  return node;
}

/** The one node with this operator, attribute and operands. */
export function makeNode(
  op: Op,
  args: readonly Node[],
  attr: Attribute,
  type: StaticType,
  vars: readonly Variable[] = NO_VARS,
): Node {
  let key = `${op}\u0000${attributeKey(attr)}`;
  for (const arg of args) key += `\u0000${arg.id}`;
  for (const variable of vars) key += `\u0001${variable.key}`;
  const found = table.others.get(key);
  if (found !== undefined) return found;
  let size = 1;
  for (const arg of args) size += arg.size;
  const node: Node = { id: nextId++, op, args, attr, type, size: Math.min(size, Number.MAX_SAFE_INTEGER), vars };
  table.others.set(key, node);
  return node;
}

function attributeKey(attr: Attribute): string {
  if (attr instanceof Variable) return `v${attr.key}`;
  if (Array.isArray(attr)) return `l${JSON.stringify(attr)}`;
  return typeof attr === 'bigint' ? `i${attr}` : Object.is(attr, -0) ? 'number-0' : `${typeof attr}${String(attr)}`;
}

/** Is the node this literal? */
export function isLiteral(node: Node, value?: Attribute): boolean {
  return node.op === 'lit' && (value === undefined || node.attr === value);
}

/** Visits each distinct node below (and including) `root` once, operands first. */
export function walk(root: Node, visit: (node: Node) => void, seen?: Set<Node>): void {
  // Most expressions are a path: no part of it occurs twice.
  if (seen === undefined && root.args.length <= 1) {
    const [only] = root.args;
    if (only !== undefined) walk(only, visit);
    visit(root);
  } else walkGraph(root, visit, seen ?? new Set());
}

function walkGraph(root: Node, visit: (node: Node) => void, seen: Set<Node>): void {
  const stack: [Node, number][] = [[root, 0]];
  while (stack.length > 0) {
    const top = stack[stack.length - 1] as [Node, number];
    const [node, index] = top;
    if (index === 0 && seen.has(node)) {
      stack.pop();
      continue;
    }
    if (index < node.args.length) {
      top[1] += 1;
      const arg = node.args[index] as Node;
      if (!seen.has(arg)) stack.push([arg, 0]);
      if (index === 0) seen.add(node);
      continue;
    }
    seen.add(node);
    visit(node);
    stack.pop();
  }
}

/** The variable that a path begins with; `undefined` for what is no path. */
export function rootOf(node: Node): Variable | undefined {
  let current: Node | undefined = node;
  while (current?.op === 'select' || current?.op === 'index') current = current.args[0];
  return current?.op === 'var' ? (current.attr as Variable) : undefined;
}

/** Does the expression read one of the variables? */
export function mentions(root: Node, test: (variable: Variable) => boolean): boolean {
  let found = false;
  walk(root, (node) => {
    if (node.op === 'var' && test(node.attr as Variable)) found = true;
  });
  return found;
}
