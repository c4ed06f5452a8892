import { quoteForAuthor } from '../../javascript/index.ts';
import { type FieldAccess, type Kind, type Node, bodyOf } from './node.ts';

/** Operators of JavaScript with their precedence. A larger number binds tighter. */
const BINARY: Partial<Record<Kind, readonly [string, number]>> = {
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
/** JavaScript refuses `??` beside `&&` or `||` without parentheses, so it binds weaker than both here. */
const NULLISH = 1.5;
const BITWISE_OR = 3.5;
const UNARY = 9;
const ATOM = 10;

/** The JavaScript names of conversions and functions of numbers. */
const FUNCTIONS: Partial<Record<Kind, string>> = {
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

/** Maps a CEL method to its name in JavaScript, for methods that JavaScript has. */
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

/** Maps a macro over lists to its name in JavaScript. */
const CALLBACKS: ReadonlyMap<string, string> = new Map([
  ['map', 'map'],
  ['filter', 'filter'],
  ['exists', 'some'],
  ['all', 'every'],
]);

/** The maximum size of a printed expression, in nodes. */
const MAX_PRINTED_NODES = 60;
const UNKNOWN = '…';

/**
 * An expression as JavaScript, for messages to the author of a composition. Parts without a form in JavaScript become
 * `…`. The result is `undefined` when the expression has no such form, begins with such a part, or is too large. `spec`
 * is the author's name for the spec.
 */
export function scriptOf(node: Node, spec: string): string | undefined {
  if (node.size > MAX_PRINTED_NODES) return undefined;
  const text = script(node, spec)?.text;
  return text === undefined || text.startsWith(UNKNOWN) ? undefined : text;
}

interface Script {
  readonly text: string;
  readonly level: number;
}

type At = (part: Node, level: number) => string;

function script(node: Node, spec: string): Script | undefined {
  const at: At = (part, level) => {
    const found = script(part, spec);
    if (found === undefined) return UNKNOWN;
    return found.level < level ? `(${found.text})` : found.text;
  };
  const binary = BINARY[node.kind];
  if (binary !== undefined) {
    const [operator, level] = binary;
    const parts = node.args.map((part, position) => at(part, position === 0 ? level : level + 1));
    return { text: parts.join(` ${operator} `), level };
  }
  switch (node.kind) {
    case 'lit': {
      if (typeof node.value === 'string' && node.type.kind === 'string') return atom(quoteForAuthor(node.value));
      const text = String(node.value);
      return text.startsWith('-') ? { text, level: UNARY } : atom(text);
    }
    case 'var':
      return atom(node.variable.name);
    case 'select':
    case 'optselect':
    case 'has':
      return field(node, at, spec);
    case 'index':
      return atom(`${at(node.args[0], ATOM)}[${at(node.args[1], 1)}]`);
    case 'optindex':
      return atom(`${at(node.args[0], ATOM)}?.[${at(node.args[1], 1)}]`);
    case 'orvalue':
      return { text: `${at(node.args[0], BITWISE_OR)} ?? ${at(node.args[1], BITWISE_OR)}`, level: NULLISH };
    case 'not':
      return negated(node.args[0], at);
    case 'neg':
      return { text: `-${at(node.args[0], ATOM)}`, level: UNARY };
    case 'cond': {
      const [test, then, otherwise] = node.args;
      return { text: `${at(test, 2)} ? ${at(then, 1)} : ${at(otherwise, 1)}`, level: 1 };
    }
    case 'in': {
      const [element, of] = node.args;
      if (of.type.kind === 'list') return atom(`${at(of, ATOM)}.includes(${at(element, 1)})`);
      return { text: `${at(element, 6)} in ${at(of, 6)}`, level: 5 };
    }
    case 'append':
      return atom(`[${node.args.map((part) => `...${at(part, 1)}`).join(', ')}]`);
    case 'list':
      return atom(`[${node.args.map((part) => at(part, 1)).join(', ')}]`);
    case 'object':
      return atom(node.args.length === 0 ? '{}' : '{…}');
    case 'toint32':
      return { text: `${at(node.args[0], 4)} | 0`, level: BITWISE_OR };
    case 'tofixed':
      return atom(`${at(node.args[0], ATOM)}.toFixed(${node.digits})`);
    case 'pow':
      return { text: `${at(node.args[0], ATOM)} ** ${node.exponent}`, level: 8 };
    case 'toint':
    case 'ofnumber':
    case 'dyn':
      return script(node.args[0], spec);
    default:
      return called(node, at);
  }
}

const atom = (text: string): Script => ({ text, level: ATOM });

function field(node: FieldAccess, at: At, spec: string): Script {
  const [object] = node.args;
  const isSpec = node.field === 'spec' && object.kind === 'var' && object.variable.role === 'schema';
  if (node.kind === 'select' && isSpec) return atom(spec);
  const path = at(object, ATOM) + property(node.field, node.kind === 'optselect');
  return node.kind === 'has' ? { text: `${path} !== undefined`, level: 4 } : atom(path);
}

function negated(test: Node, at: At): Script {
  if (test.kind === 'has')
    return { text: `${at(test.args[0], ATOM)}${property(test.field, false)} === undefined`, level: 4 };
  if (test.kind === 'eq') return { text: `${at(test.args[0], 5)} !== ${at(test.args[1], 5)}`, level: 4 };
  return { text: `!${at(test, UNARY)}`, level: UNARY };
}

/** A call of a function, a method or a macro as JavaScript. */
function called(node: Node, at: At): Script | undefined {
  const [target, ...rest] = node.args;
  if (target === undefined) return undefined;
  const named = FUNCTIONS[node.kind];
  if (named !== undefined) return atom(`${named}(${at(target, 1)})`);
  const isMap = target.type.kind === 'map' || target.type.kind === 'object';
  if (node.kind === 'call' && node.name === 'size')
    return atom(isMap ? `Object.keys(${at(target, 1)}).length` : `${at(target, ATOM)}.length`);
  if (node.kind === 'call' && node.name === 'json.unmarshal') return atom(`JSON.parse(${at(target, 1)})`);
  if (node.kind === 'method' && !isMap) {
    const name = METHODS.get(node.name);
    return name === undefined
      ? undefined
      : atom(`${at(target, ATOM)}.${name}(${rest.map((part) => at(part, 1)).join(', ')})`);
  }
  if (node.kind !== 'macro' || rest.length !== 1 || isMap) return undefined;
  const callback = CALLBACKS.get(node.name);
  if (callback === undefined) return undefined;
  const names = node.vars.map(({ name }) => name).join(', ');
  const body = at(bodyOf(node), 1);
  // An arrow function reads a brace as the beginning of statements.
  return atom(`${at(target, ATOM)}.${callback}((${names}) => ${body.startsWith('{') ? `(${body})` : body})`);
}

function property(name: string, optional: boolean): string {
  if (/^[A-Za-z_$][\w$]*$/.test(name)) return `${optional ? '?.' : '.'}${name}`;
  return `${optional ? '?.' : ''}[${quoteForAuthor(name)}]`;
}
