import { refuse } from '../refusal/refusal.ts';
import type { StaticType } from './types.ts';

/** A variable: the schema, a resource, a loop or macro variable, an accumulator of a loop. */
export class Variable {
  /** The printed name. Ids of resources are decided at the end; macro variables may be renamed. */
  name: string;
  /**
   * The role. An expression that is written into the graph must not contain a variable with the role `accumulator`,
   * because CEL has no value for it.
   */
  readonly role: 'schema' | 'resource' | 'element' | 'loop' | 'macro' | 'accumulator';
  readonly key: number;
  private static next = 1;

  constructor(name: string, role: Variable['role']) {
    this.name = name;
    this.role = role;
    this.key = Variable.next++;
  }
}

/** The length that `push` or `unshift` returns where the number of elements is not known. */
export class UnknownLength extends Variable {
  constructor(method: 'push' | 'unshift') {
    super(`the result of ${method}()`, 'accumulator');
  }
}

/** The members of every node. Nodes are hash-consed: equal expressions are one object with one id. */
interface Base<Operands extends readonly Node[]> {
  readonly id: number;
  /** All operands, in their written order, so that code can visit nodes of any kind in the same way. */
  readonly args: Operands;
  readonly type: StaticType;
  /**
   * The number of nodes of the written tree, in which a shared node counts at each occurrence. Size limits use this
   * number.
   */
  readonly size: number;
}

/** The value of a literal. A literal that must be a double, such as `1.0`, is stored as the text of its number. */
export type LiteralValue = string | number | bigint | boolean | null;

/** A constant. */
export interface LiteralNode extends Base<readonly []> {
  readonly kind: 'lit';
  readonly value: LiteralValue;
}

/** A variable that is read. */
export interface VariableRead extends Base<readonly []> {
  readonly kind: 'var';
  readonly variable: Variable;
}

/** `object.field`, `object.?field` and `has(object.field)`. */
export interface FieldAccess extends Base<readonly [object: Node]> {
  readonly kind: 'select' | 'optselect' | 'has';
  readonly field: string;
}

/** `object[key]` and `object[?key]`. */
export interface Lookup extends Base<readonly [object: Node, key: Node]> {
  readonly kind: 'index' | 'optindex';
}

/** `name(args…)`. */
export interface FunctionCall extends Base<readonly Node[]> {
  readonly kind: 'call';
  readonly name: string;
}

/** `target.name(args…)`. */
export interface MethodCall extends Base<readonly [target: Node, ...args: Node[]]> {
  readonly kind: 'method';
  readonly name: string;
}

/** `target.name(vars…, bodies…)`; `cel.bind(var, target, body)` for the name `bind`. */
export interface MacroNode extends Base<readonly [target: Node, ...bodies: Node[]]> {
  readonly kind: 'macro';
  readonly name: string;
  readonly vars: readonly Variable[];
}

/** Operators of CEL between two values. */
export interface Binary extends Base<readonly [left: Node, right: Node]> {
  readonly kind: 'and' | 'or' | 'eq' | 'lt' | 'le' | 'gt' | 'ge' | 'in' | 'add' | 'sub' | 'mul' | 'div' | 'mod';
}

/** Operators and conversions of one value. {@link Lowering} translates JavaScript's conversions of numbers. */
export interface Unary extends Base<readonly [operand: Node]> {
  readonly kind:
    | 'not'
    | 'neg'
    | 'dyn'
    | 'tostr'
    | 'toint'
    | 'todouble'
    | 'toint32'
    | 'floor'
    | 'ceil'
    | 'round'
    | 'trunc'
    | 'isinteger'
    | 'isfinite'
    | 'isnumber'
    | 'ofnumber'
    | 'parsefloat';
}

/** `test ? then : otherwise`. */
export interface Conditional extends Base<readonly [test: Node, then: Node, otherwise: Node]> {
  readonly kind: 'cond';
}

/** `optional.orValue(fallback)`. */
export interface OrValue extends Base<readonly [optional: Node, fallback: Node]> {
  readonly kind: 'orvalue';
}

/** A list literal, a concatenation of strings, or a concatenation of lists. */
export interface Sequence extends Base<readonly Node[]> {
  readonly kind: 'list' | 'concat' | 'append';
}

/** A map literal. The operands alternate between keys and values; `?` marks the entries whose value is optional. */
export interface ObjectLiteral extends Base<readonly Node[]> {
  readonly kind: 'object';
  readonly flags: readonly EntryFlag[];
}

export type EntryFlag = '' | '?';

/** CEL of the author or of a factory: text pieces with the operands between them. */
export interface Raw extends Base<readonly Node[]> {
  readonly kind: 'raw';
  readonly pieces: readonly string[];
}

/** `Number(text)`. With `as: 'double'`, the result is a double also where an integer is expected. */
export interface ParseNumber extends Base<readonly [text: Node]> {
  readonly kind: 'parsenumber';
  readonly as: 'double' | undefined;
}

/**
 * `parseInt(value)`. With the base `ten`, the radix is 10; with `any`, a prefix `0x` makes the string hexadecimal, as
 * in JavaScript.
 */
export interface ParseInteger extends Base<readonly [value: Node]> {
  readonly kind: 'parseint';
  readonly base: 'ten' | 'any';
}

/** `value.toFixed(digits)`. */
export interface ToFixed extends Base<readonly [value: Node]> {
  readonly kind: 'tofixed';
  readonly digits: number;
}

/** `base ** exponent` for a whole exponent. */
export interface Power extends Base<readonly [base: Node]> {
  readonly kind: 'pow';
  readonly exponent: number;
}

/** One expression node. Constructors that simplify are in `build.ts`. */
export type Node =
  | Binary
  | FunctionCall
  | Conditional
  | FieldAccess
  | LiteralNode
  | Lookup
  | MacroNode
  | MethodCall
  | ObjectLiteral
  | OrValue
  | ParseInteger
  | ParseNumber
  | Power
  | Raw
  | VariableRead
  | Sequence
  | ToFixed
  | Unary;

export type Kind = Node['kind'];

/** A node that is not in the table yet and therefore has no id and no size. */
type Unregistered<T> = T extends Node ? Omit<T, 'id' | 'size'> : never;

/** The nodes of one composition, without duplicates. */
export class NodeTable {
  /** Literals by value. They have their own map, because most nodes of a large graph are string literals. */
  readonly literals = new Map<LiteralValue, LiteralNode>();
  /** All other nodes by kind, attributes and operands. */
  readonly others = new Map<string, Node>();
}

/** The maximum number of operands. CEL has the same limit for the characters of an expression. */
const MAX_OPERANDS = 100_000;

/** The maximum length of a constant. etcd stores no larger object. */
export const MAX_CONSTANT_LENGTH = 1_572_864;

let nextId = 1;
let table = new NodeTable();

/**
 * Runs `work` with the table of a run, so that the nodes of a composition can be garbage-collected together with the
 * run. The constructors of nodes are in a layer below the run and have no access to the run. Therefore `withTrace`, the
 * only caller, sets the table for them.
 */
export function withNodes<T>(own: NodeTable, work: () => T): T {
  const outer = table;
  table = own;
  try {
    return work();
  } finally {
    table = outer;
  }
}

/** Returns the only node for the literal. The value determines the type. */
export function literalNode(value: LiteralValue, type: StaticType): Node {
  // A `Map` treats 0 and -0 as one key.
  if (Object.is(value, -0)) return makeNode({ kind: 'lit', args: [], value, type });
  let node = table.literals.get(value);
  if (node === undefined) {
    const length = typeof value === 'string' ? value.length : 0;
    if (length > MAX_CONSTANT_LENGTH) refuse('too-large', `a constant has ${length} characters`);
    node = { id: nextId++, kind: 'lit', args: [], value, type, size: 1 };
    table.literals.set(value, node);
  }
  return node;
}

/**
 * Returns the only node of this kind with these operands and attributes. A new node is the passed object itself, so the
 * caller passes an object that it does not use again. A copy would take longer than the rest of the function.
 */
export function makeNode(node: Unregistered<Node>): Node {
  if (node.args.length > MAX_OPERANDS) refuse('too-large', `an expression has grown to ${node.args.length} parts`);
  let key = `${node.kind}\u0000${attributeKey(node)}`;
  for (const arg of node.args) key += `\u0000${arg.id}`;
  if (node.kind === 'macro') for (const variable of node.vars) key += `\u0001${variable.key}`;
  const found = table.others.get(key);
  if (found !== undefined) return found;
  let size = 1;
  for (const arg of node.args) size += arg.size;
  const made = Object.assign(node, { id: nextId++, size: Math.min(size, Number.MAX_SAFE_INTEGER) }) as Node;
  table.others.set(key, made);
  return made;
}

/** The node with other operands. The number of operands must fit the kind. */
export function withArgs(node: Node, args: readonly Node[], type: StaticType = node.type): Node {
  return makeNode({ ...node, args, type } as Unregistered<Node>);
}

/** The attributes that distinguish a node from others of its kind with the same operands. */
function attributeKey(node: Unregistered<Node>): string {
  switch (node.kind) {
    case 'lit':
      return Object.is(node.value, -0) ? '-0' : `${typeof node.value} ${String(node.value)}`;
    case 'var':
      return String(node.variable.key);
    case 'select':
    case 'optselect':
    case 'has':
      return node.field;
    case 'call':
    case 'method':
    case 'macro':
      return node.name;
    case 'object':
      return node.flags.join(',');
    case 'raw':
      // Equal pieces may have different types, because the author may declare the type of hand-written CEL.
      return `${node.type.kind} ${JSON.stringify(node.pieces)}`;
    case 'parsenumber':
      return node.as ?? '';
    case 'parseint':
      return node.base;
    case 'tofixed':
      return String(node.digits);
    case 'pow':
      return String(node.exponent);
    default:
      return '';
  }
}

/** The expression that a macro computes for each element: the last of its bodies. */
export function bodyOf({ args }: MacroNode): Node {
  return args[args.length - 1] ?? args[0];
}

/** The value that a map literal certainly has for a key; `undefined` where an entry of that key may be left out. */
export function memberOfLiteral(node: ObjectLiteral, key: string): Node | undefined {
  const place = node.flags.findIndex((_, position) => node.args[position * 2] === table.literals.get(key));
  return node.flags[place] === '' ? node.args[place * 2 + 1] : undefined;
}

/** Is the node a literal? With `value`: is it a literal with this value? */
export function isLiteral(node: Node): node is LiteralNode;
export function isLiteral(node: Node, value: LiteralValue): boolean;
export function isLiteral(node: Node, value?: LiteralValue): boolean {
  return node.kind === 'lit' && (value === undefined || node.value === value);
}

/** Visits each distinct node below (and including) `root` once, operands first. */
export function walk(root: Node, visit: (node: Node) => void, seen?: Set<Node>): void {
  // Most expressions are a path, in which no part occurs twice.
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

/** The variable with which a path begins; `undefined` for an expression that is not a path. */
export function rootOf(node: Node): Variable | undefined {
  let current: Node | undefined = node;
  while (current?.kind === 'select' || current?.kind === 'index') current = current.args[0];
  return current?.kind === 'var' ? current.variable : undefined;
}

/** Does the expression read a variable for which `test` is true? */
export function mentions(root: Node, test: (variable: Variable) => boolean): boolean {
  let found = false;
  walk(root, (node) => {
    if (node.kind === 'var' && test(node.variable)) found = true;
  });
  return found;
}

/** Is the expression the variable itself? */
export function isVariable(node: Node, variable: Variable): boolean {
  return node.kind === 'var' && node.variable === variable;
}

/** The expression with a variable replaced by another expression. The types of the other nodes do not change. */
export function substitute(root: Node, of: Variable, by: Node): Node {
  return rewrite(root, (node) => (node.kind === 'var' && node.variable === of ? by : undefined));
}

/** Replaces each node of an expression for which `replace` returns another node. */
export function rewrite(root: Node, replace: (node: Node) => Node | undefined): Node {
  const done = new Map<Node, Node>();
  const visit = (node: Node): Node => {
    const known = done.get(node);
    if (known !== undefined) return known;
    let result = replace(node);
    if (result === undefined) {
      const args = node.args.map(visit);
      result = args.every((arg, position) => arg === node.args[position]) ? node : withArgs(node, args);
    }
    done.set(node, result);
    return result;
  };
  return visit(root);
}
