import { entriesOf, NOT_A_FIELD } from './build.ts';
import type { Kind, Literal, Macro, Node, ObjectLiteral, Raw, Variable } from './node.ts';

/** Names that no variable of a macro may have: words of CEL and of kro. */
const RESERVED = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var void while ' +
    'schema instance each self runtime cel optional lists math json random hash strings base64 bool bytes double dyn duration ' +
    'int list map null_type string timestamp type uint size has omit url quantity ip cidr semver now kro'
  ).split(' '),
);

/** How tightly an operator binds; larger binds tighter. */
const PRECEDENCE: Partial<Record<Kind, number>> = {
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

const SYMBOLS: Partial<Record<Kind, string>> = {
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
    switch (node.kind) {
      case 'lit':
        return printLiteral(node);
      case 'var':
        return this.nameOf(node.variable);
      case 'select':
        return access(this.atom(node.args[0]), '.', node.field);
      case 'optselect':
        return access(this.atom(node.args[0]), '.?', node.field);
      case 'has':
        return `has(${access(this.atom(node.args[0]), '.', node.field)})`;
      case 'index':
        return `${this.atom(node.args[0])}[${this.print(node.args[1])}]`;
      case 'optindex':
        return `${this.atom(node.args[0])}[?${this.print(node.args[1])}]`;
      case 'orvalue':
        return `${this.atom(node.args[0])}.orValue(${this.print(node.args[1])})`;
      case 'call':
        return `${node.name}(${this.list(node.args)})`;
      case 'method': {
        const [target, ...args] = node.args;
        return `${this.atom(target)}.${node.name}(${this.list(args)})`;
      }
      case 'macro':
        return this.macro(node);
      case 'not': {
        const [a] = node.args;
        return a.kind === 'eq' ? `${this.at(a.args[0], 5)} != ${this.at(a.args[1], 5)}` : `!${this.at(a, 7)}`;
      }
      case 'neg':
        return `-${this.at(node.args[0], 8)}`;
      case 'cond': {
        const [test, then, otherwise] = node.args;
        return `${this.at(test, 2)} ? ${this.at(then, 2)} : ${this.at(otherwise, 1)}`;
      }
      case 'concat':
      case 'append':
        return node.args.map((arg) => this.at(arg, 6)).join(' + ');
      case 'list':
        return `[${this.list(node.args)}]`;
      case 'object':
        return this.object(node);
      case 'raw':
        return this.raw(node);
      case 'tostr':
        return `string(${this.print(node.args[0])})`;
      case 'toint':
        return `int(${this.print(node.args[0])})`;
      case 'todouble':
      case 'parsenumber':
        return `double(${this.print(node.args[0])})`;
      case 'tofixed':
        return `tofixed(${this.print(node.args[0])}, ${node.digits})`;
      case 'pow':
        return `pow(${this.print(node.args[0])}, ${node.exponent})`;
      default: {
        const symbol = SYMBOLS[node.kind];
        return symbol === undefined ? `${node.kind}(${this.list(node.args)})` : this.binary(node, symbol);
      }
    }
  }

  private list(nodes: readonly Node[]): string {
    return nodes.map((node) => this.print(node)).join(', ');
  }

  private binary(node: Node, symbol: string): string {
    const level = precedence(node);
    const first = level === 4 ? 5 : level;
    return node.args.map((arg, position) => this.at(arg, position === 0 ? first : level + 1)).join(` ${symbol} `);
  }

  private macro(node: Macro): string {
    const [target, ...bodies] = node.args;
    const names = node.vars.map((variable) => this.nameOf(variable));
    const inner = bodies.map((body) => this.print(body));
    if (node.name === 'bind') return `cel.bind(${names.join(', ')}, ${this.print(target)}, ${inner.join(', ')})`;
    return `${this.atom(target)}.${node.name}(${[...names, ...inner].join(', ')})`;
  }

  private object(node: ObjectLiteral): string {
    const entries = entriesOf(node).map(
      ({ key, value, optional }) => `${optional === true ? '?' : ''}${this.print(key)}: ${this.print(value)}`,
    );
    return `{${entries.join(', ')}}`;
  }

  /** Raw CEL of the author: text pieces with expressions between them. */
  private raw({ pieces, args }: Raw): string {
    const texts = args.map((arg) => this.atom(arg));
    return pieces.map((piece, position) => (texts[position - 1] ?? '') + piece).join('');
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
  if (node.kind === 'not' && node.args[0]?.kind === 'eq') return 4;
  if (node.kind === 'lit') return node.type.kind === 'number' && printLiteral(node).startsWith('-') ? 7 : ATOM;
  if (node.kind === 'raw') return isPath(node.pieces) ? ATOM : 0;
  return PRECEDENCE[node.kind] ?? ATOM;
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

function printLiteral(node: Literal): string {
  const { value } = node;
  if (node.type.kind === 'number') {
    if (typeof value === 'string') return value;
    return node.type.number.state === 'double' && typeof value === 'number' ? doubleText(value) : String(value);
  }
  return typeof value === 'string' ? quote(value) : String(value);
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
