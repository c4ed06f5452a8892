import { NOT_A_FIELD } from './build.ts';
import type { Node, Op } from './node.ts';
import type { Variable } from './node.ts';

/** Names that no variable of a macro may have: words of CEL and of kro. */
const RESERVED = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var void while ' +
    'schema instance each self runtime cel optional lists math json random hash strings base64 bool bytes double dyn duration ' +
    'int list map null_type string timestamp type uint size has omit url quantity ip cidr semver now kro'
  ).split(' '),
);

/** How tightly an operator binds; larger binds tighter. */
const PRECEDENCE: Partial<Record<Op, number>> = {
  cond: 1,
  or: 2,
  and: 3,
  eq: 4,
  lt: 4,
  le: 4,
  gt: 4,
  ge: 4,
  in: 4,
  add: 5,
  sub: 5,
  concat: 5,
  append: 5,
  mul: 6,
  div: 6,
  mod: 6,
  not: 7,
  neg: 7,
};
const ATOM = 9;

const SYMBOLS: Partial<Record<Op, string>> = {
  or: '||',
  and: '&&',
  eq: '==',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
  in: 'in',
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  mod: '%',
};

const NONE: ReadonlySet<string> = new Set();

/** Prints expressions; one printer gives one variable one name. */
export class Printer {
  private readonly ids: ReadonlySet<string>;
  private readonly taken: Set<string>;
  private readonly names: Map<Variable, string>;
  private readonly texts = new Map<Node, string>();

  /** `ids`: names that are in scope already, such as the resources' ids. */
  constructor(ids: ReadonlySet<string> = NONE, fixed: ReadonlyMap<Variable, string> = new Map()) {
    this.ids = ids;
    this.names = new Map(fixed);
    this.taken = new Set(fixed.values());
  }

  print(node: Node): string {
    const known = this.texts.get(node);
    if (known !== undefined) return known;
    const text = this.render(node);
    this.texts.set(node, text);
    return text;
  }

  private atom(node: Node): string {
    return this.at(node, 8);
  }

  /** The text, in parentheses when it binds less tightly than its place asks. */
  private at(node: Node, level: number): string {
    const text = this.print(node);
    return precedence(node) < level ? `(${text})` : text;
  }

  private render(node: Node): string {
    const [a, b, c] = node.args as [Node, Node, Node];
    switch (node.op) {
      case 'lit':
        return printLiteral(node);
      case 'var':
        return this.nameOf(node.attr as Variable);
      case 'select':
        return access(this.atom(a), '.', String(node.attr));
      case 'optselect':
        return access(this.atom(a), '.?', String(node.attr));
      case 'has':
        return `has(${access(this.atom(a), '.', String(node.attr))})`;
      case 'index':
        return `${this.atom(a)}[${this.print(b)}]`;
      case 'optindex':
        return `${this.atom(a)}[?${this.print(b)}]`;
      case 'orvalue':
        return `${this.atom(a)}.orValue(${this.print(b)})`;
      case 'call':
        return `${String(node.attr)}(${node.args.map((arg) => this.print(arg)).join(', ')})`;
      case 'method':
        return `${this.atom(a)}.${String(node.attr)}(${node.args
          .slice(1)
          .map((arg) => this.print(arg))
          .join(', ')})`;
      case 'macro':
        return this.macro(node);
      case 'not':
        return a.op === 'eq' ? this.unequal(a) : `!${this.at(a, 7)}`;
      case 'neg':
        return `-${this.at(a, 8)}`;
      case 'cond':
        return `${this.at(a, 2)} ? ${this.at(b, 2)} : ${this.at(c, 1)}`;
      case 'concat':
      case 'append':
        return node.args.map((arg) => this.at(arg, 6)).join(' + ');
      case 'list':
        return `[${node.args.map((arg) => this.print(arg)).join(', ')}]`;
      case 'object':
        return this.object(node);
      case 'raw':
        return this.raw(node);
      case 'dyn':
      case 'floor':
      case 'ceil':
      case 'round':
      case 'trunc':
        return `${node.op}(${this.print(a)})`;
      case 'tostr':
        return `string(${this.print(a)})`;
      case 'toint':
        return `int(${this.print(a)})`;
      case 'todouble':
      case 'parsenumber':
        return `double(${this.print(a)})`;
      case 'parseint':
      case 'parsefloat':
      case 'isinteger':
      case 'isfinite':
      case 'isnumber':
      case 'ofnumber':
      case 'toint32':
        return `${node.op}(${this.print(a)})`;
      case 'tofixed':
      case 'pow':
        return `${node.op}(${this.print(a)}, ${String(node.attr)})`;
      default:
        return this.binary(node);
    }
  }

  private unequal(node: Node): string {
    const [a, b] = node.args as [Node, Node];
    return `${this.at(a, 5)} != ${this.at(b, 5)}`;
  }

  private binary(node: Node): string {
    const level = precedence(node);
    const [a, b] = node.args as [Node, Node];
    const comparison = level === 4;
    return `${this.at(a, comparison ? 5 : level)} ${SYMBOLS[node.op] ?? node.op} ${this.at(b, level + 1)}`;
  }

  private macro(node: Node): string {
    const [target, ...bodies] = node.args as [Node, ...Node[]];
    const names = node.vars.map((variable) => this.nameOf(variable));
    const inner = bodies.map((body) => this.print(body));
    if (node.attr === 'bind') return `cel.bind(${names.join(', ')}, ${this.print(target)}, ${inner.join(', ')})`;
    return `${this.atom(target)}.${String(node.attr)}(${[...names, ...inner].join(', ')})`;
  }

  private object(node: Node): string {
    const flags = node.attr as readonly string[];
    const entries = flags.map((flag, position) => {
      const key = this.print(node.args[position * 2] as Node);
      return `${flag}${key}: ${this.print(node.args[position * 2 + 1] as Node)}`;
    });
    return `{${entries.join(', ')}}`;
  }

  /** Raw CEL of the author: text pieces with expressions between them. */
  private raw(node: Node): string {
    const pieces = node.attr as readonly string[];
    return pieces
      .map((piece, position) => (position === 0 ? piece : this.atom(node.args[position - 1] as Node) + piece))
      .join('');
  }

  private nameOf(variable: Variable): string {
    if (variable.role !== 'macro' && variable.role !== 'loop') return variable.name;
    const known = this.names.get(variable);
    if (known !== undefined) return known;
    let name = legalName(variable.name);
    for (let suffix = 2; this.taken.has(name) || this.ids.has(name); suffix++)
      name = `${legalName(variable.name)}${suffix}`;
    this.taken.add(name);
    this.names.set(variable, name);
    return name;
  }
}

function precedence(node: Node): number {
  if (node.op === 'not' && node.args[0]?.op === 'eq') return 4;
  if (node.op === 'lit') return node.type.kind === 'number' && printLiteral(node).startsWith('-') ? 7 : ATOM;
  if (node.op === 'raw') return isPath(node.attr as readonly string[]) ? ATOM : 0;
  return PRECEDENCE[node.op] ?? ATOM;
}

/** Raw CEL that is one path needs no parentheses; anything else does. */
function isPath(pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces;
  if (rest.length === 0) return /^[\w.]*$/.test(first);
  return first === '' && rest.length === 1 && /^(?:\.\w+)*$/.test(rest[0] as string);
}

/** A name that can stand for a variable in CEL. */
export function legalName(name: string): string {
  const cleaned = name.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
  const base = cleaned === '' || cleaned === '_' ? 'x' : cleaned;
  return RESERVED.has(base) ? `${base}_` : base;
}

function access(object: string, dot: string, field: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(field) && !NOT_A_FIELD.has(field)) return `${object}${dot}${field}`;
  return dot === '.' ? `${object}[${quote(field)}]` : `${object}[?${quote(field)}]`;
}

function printLiteral(node: Node): string {
  const { attr } = node;
  if (node.type.kind === 'number') {
    if (typeof attr === 'string') return attr;
    return node.type.number.state === 'double' && typeof attr === 'number' ? doubleText(attr) : String(attr);
  }
  return typeof attr === 'string' ? quote(attr) : String(attr);
}

/** A number as the text of a CEL double. */
export function doubleText(value: number): string {
  const text = String(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}

/** A CEL string literal. */
export function quote(text: string): string {
  let result = '"';
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (character === '"' || character === '\\') result += `\\${character}`;
    else if (character === '\n') result += '\\n';
    else if (character === '\r') result += '\\r';
    else if (character === '\t') result += '\\t';
    else if (code < 0x20 || code === 0x7f) result += `\\u${code.toString(16).padStart(4, '0')}`;
    else result += character;
  }
  return `${result}"`;
}
