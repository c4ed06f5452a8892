import type { Node, Op, Variable } from './node.ts';

/** How tightly an operator of JavaScript binds; larger binds tighter. */
const BINARY: Partial<Record<Op, readonly [string, number]>> = {
  or: ['||', 2],
  and: ['&&', 3],
  eq: ['===', 4],
  lt: ['<', 5],
  le: ['<=', 5],
  gt: ['>', 5],
  ge: ['>=', 5],
  concat: ['+', 6],
  add: ['+', 6],
  sub: ['-', 6],
  mul: ['*', 7],
  div: ['/', 7],
  mod: ['%', 7],
};
const ATOM = 10;

/** Conversions and functions of numbers, by what JavaScript calls them. */
const FUNCTIONS: Partial<Record<Op, string>> = {
  tostr: 'String',
  floor: 'Math.floor',
  ceil: 'Math.ceil',
  round: 'Math.round',
  trunc: 'Math.trunc',
  todouble: 'Number',
  parsenumber: 'Number',
  parseint: 'parseInt',
  parsefloat: 'parseFloat',
  isinteger: 'Number.isInteger',
  isfinite: 'Number.isFinite',
};

/** Methods by what JavaScript calls them; those that it has not are left out. */
const METHODS: ReadonlyMap<string, string> = new Map([
  ['lowerAscii', 'toLowerCase'],
  ['upperAscii', 'toUpperCase'],
  ['contains', 'includes'],
  ['reverse', 'toReversed'],
  ['flatten', 'flat'],
  ...['join', 'split', 'slice', 'trim', 'startsWith', 'endsWith', 'indexOf', 'lastIndexOf', 'charAt', 'substring'].map(
    (name) => [name, name] as const,
  ),
]);

/** Macros over lists by what JavaScript calls them. */
const CALLBACKS: ReadonlyMap<string, string> = new Map([
  ['map', 'map'],
  ['filter', 'filter'],
  ['exists', 'some'],
  ['all', 'every'],
]);

/** Largest expression that is printed, in nodes. */
const MAX_SIZE = 60;
const UNKNOWN = '…';

/**
 * An expression as JavaScript, for messages to the author of a composition; `…` for parts that JavaScript writes
 * in another way, `undefined` where that is the whole. `spec` is what the author calls the spec.
 */
export function scriptOf(node: Node, spec: string): string | undefined {
  if (node.size > MAX_SIZE) return undefined;
  const text = script(node, spec)?.text;
  return text === undefined || text.startsWith(UNKNOWN) ? undefined : text;
}

interface Script {
  readonly text: string;
  readonly level: number;
}

function script(node: Node, spec: string): Script | undefined {
  const [a, b, c] = node.args as [Node, Node, Node];
  const at = (part: Node, level: number): string => {
    const found = script(part, spec);
    if (found === undefined) return UNKNOWN;
    return found.level < level ? `(${found.text})` : found.text;
  };
  const atom = (text: string): Script => ({ text, level: ATOM });
  const prefix = (operator: string, part: Node): Script => ({ text: `${operator}${at(part, 9)}`, level: 9 });
  const binary = BINARY[node.op];
  if (binary !== undefined) {
    const [operator, level] = binary;
    const [first, ...rest] = node.args as [Node, ...Node[]];
    return { text: [at(first, level), ...rest.map((part) => at(part, level + 1))].join(` ${operator} `), level };
  }
  const named = FUNCTIONS[node.op];
  if (named !== undefined) return atom(`${named}(${at(a, 1)})`);
  switch (node.op) {
    case 'lit':
      return atom(typeof node.attr === 'string' && node.type.kind === 'string' ? quoted(node.attr) : String(node.attr));
    case 'var':
      return atom((node.attr as Variable).name);
    case 'select':
      if (node.attr === 'spec' && a.op === 'var' && (a.attr as Variable).role === 'schema') return atom(spec);
      return atom(at(a, ATOM) + property(String(node.attr), false));
    case 'optselect':
      return atom(at(a, ATOM) + property(String(node.attr), true));
    case 'has':
      return { text: `${at(a, ATOM)}${property(String(node.attr), false)} !== undefined`, level: 4 };
    case 'index':
      return atom(`${at(a, ATOM)}[${at(b, 1)}]`);
    case 'optindex':
      return atom(`${at(a, ATOM)}?.[${at(b, 1)}]`);
    case 'orvalue':
      return { text: `${at(a, 3)} ?? ${at(b, 3)}`, level: 2 };
    case 'not':
      return a.op === 'eq' || a.op === 'has' ? negated(a, at) : prefix('!', a);
    case 'neg':
      return prefix('-', a);
    case 'cond':
      return { text: `${at(a, 2)} ? ${at(b, 1)} : ${at(c, 1)}`, level: 1 };
    case 'in':
      if (b.type.kind === 'list') return atom(`${at(b, ATOM)}.includes(${at(a, 1)})`);
      return { text: `${at(a, 6)} in ${at(b, 6)}`, level: 5 };
    case 'append':
      return atom(`[${node.args.map((part) => `...${at(part, 1)}`).join(', ')}]`);
    case 'list':
      return atom(`[${node.args.map((part) => at(part, 1)).join(', ')}]`);
    case 'object':
      return atom(node.args.length === 0 ? '{}' : '{…}');
    case 'toint32':
      return { text: `${at(a, 2)} | 0`, level: 2 };
    case 'tofixed':
      return atom(`${at(a, ATOM)}.toFixed(${String(node.attr)})`);
    case 'pow':
      return { text: `${at(a, 9)} ** ${String(node.attr)}`, level: 8 };
    case 'toint':
    case 'ofnumber':
    case 'dyn':
      return script(a, spec);
    default:
      return called(node, at);
  }
}

function negated(test: Node, at: (part: Node, level: number) => string): Script {
  const [a, b] = test.args as [Node, Node];
  if (test.op === 'has') return { text: `${at(a, ATOM)}${property(String(test.attr), false)} === undefined`, level: 4 };
  return { text: `${at(a, 5)} !== ${at(b, 5)}`, level: 4 };
}

/** Functions, methods and macros. */
function called(node: Node, at: (part: Node, level: number) => string): Script | undefined {
  const [target, ...rest] = node.args;
  if (target === undefined) return undefined;
  const atom = (text: string): Script => ({ text, level: ATOM });
  const isMap = target.type.kind === 'map' || target.type.kind === 'object';
  if (node.op === 'call' && node.attr === 'size')
    return atom(isMap ? `Object.keys(${at(target, 1)}).length` : `${at(target, ATOM)}.length`);
  if (node.op === 'call' && node.attr === 'json.unmarshal') return atom(`JSON.parse(${at(target, 1)})`);
  if (node.op === 'method' && !isMap) {
    const name = METHODS.get(String(node.attr));
    return name === undefined
      ? undefined
      : atom(`${at(target, ATOM)}.${name}(${rest.map((part) => at(part, 1)).join(', ')})`);
  }
  const callback = node.op === 'macro' && rest.length === 1 && !isMap ? CALLBACKS.get(String(node.attr)) : undefined;
  if (callback === undefined) return undefined;
  const names = node.vars.map(({ name }) => name).join(', ');
  return atom(`${at(target, ATOM)}.${callback}((${names}) => ${at(rest[0] as Node, 1)})`);
}

function property(name: string, optional: boolean): string {
  if (/^[A-Za-z_$][\w$]*$/.test(name)) return `${optional ? '?.' : '.'}${name}`;
  return `${optional ? '?.' : ''}[${quoted(name)}]`;
}

const quoted = (text: string): string =>
  `'${JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`)}'`;
