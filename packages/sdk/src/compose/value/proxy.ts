import { inspect } from 'node:util';
import { MADE_AT, oncePerObject, TypeKroError } from '@typekro/kit/core';
import { scriptOf } from '../ir/script.ts';
import type { Node } from '../ir/node.ts';
import { activeTrace, currentTrace, interpreter } from '../trace/current-trace.ts';
import { type Site, refuse } from '../refusal/refusal.ts';
import { toText } from '../ir/build.ts';
import { isScalar } from '../ir/types.ts';
import { Phi, Sym } from './symbolic.ts';

const behind = new WeakMap<object, Sym | Phi>();

/** The symbolic value behind a proxy; `undefined` for other values. */
export function symbolic(value: unknown): Sym | Phi | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  const known = behind.get(value);
  if (known !== undefined || currentTrace() === undefined) return known;
  return references.get(value)?.();
}

/** References to parts of other compositions, each with a function that makes its symbolic value in the current run. */
const references = new WeakMap<object, () => Sym>();

/** Reads a member of a symbolic value for native code. */
export function symbolicMember(value: Sym | Phi, key: string): unknown {
  return interpreter.member(wrap(value), key);
}

/**
 * An object that represents something outside the current composition. Inside a composition it is the symbolic value
 * that `bring` returns. Outside, `read` returns its fields. Without `read`, only the members of `known` can be read
 * outside.
 */
export function referenceTo(
  label: string,
  known: Readonly<Record<string, unknown>>,
  bring: () => Sym,
  read?: (key: string) => unknown,
): object {
  const outside = (key: string): unknown => {
    if (read !== undefined && key !== 'toString' && key !== 'valueOf') return read(key);
    throw new TypeKroError(`${label}.${key} is read outside a composition`, {
      code: 'compose/outside',
      remedy: 'read it inside the function of another composition; there it becomes a reference',
    });
  };
  const target = Object.defineProperty({}, inspect.custom, { value: () => `CEL<${label}>`, enumerable: false });
  const handler: ProxyHandler<object> = {
    get(_, key) {
      if (currentTrace() !== undefined) return new Traps(bring()).get(target, key);
      if (key === inspect.custom || key === MADE_AT) return Reflect.get(target, key) as unknown;
      if (typeof key === 'symbol' || key === 'then' || key === 'toJSON') return undefined;
      return Object.hasOwn(known, key) && read === undefined ? known[key] : outside(key);
    },
    set: (_, key) => refuse('read-only', `${label}.${String(key)} is read-only`),
    deleteProperty: (_, key) => refuse('read-only', `${label}.${String(key)} is read-only`),
    has: (_, key) =>
      currentTrace() === undefined ? Object.hasOwn(known, key) : untraced(bring(), 'searched with "in"'),
    ownKeys: () => {
      if (currentTrace() !== undefined) return untraced(bring(), 'enumerated');
      return read === undefined ? Reflect.ownKeys(target) : [...Object.keys(known), inspect.custom];
    },
    getOwnPropertyDescriptor: (_, key) => {
      const isField = read !== undefined && typeof key === 'string' && Object.hasOwn(known, key);
      if (!isField || currentTrace() !== undefined) return Reflect.getOwnPropertyDescriptor(target, key);
      return { value: read(key), enumerable: true, configurable: true, writable: false };
    },
  };
  const reference = new Proxy(target, handler);
  references.set(reference, bring);
  return reference;
}

/** The maximum length of an expression that is shown as a name, in characters. */
const MAX_LABEL_LENGTH = 120;

/** The name of a symbolic value in messages: the author's text for the value, if the text is known. */
export function labelOf(value: Sym | Phi): string {
  const text = labelText(value);
  return text.length > MAX_LABEL_LENGTH ? `${text.slice(0, MAX_LABEL_LENGTH)}…` : text;
}

function labelText(value: Sym | Phi): string {
  const resource = value instanceof Sym ? value.resource : undefined;
  if (resource !== undefined) return resource.label ?? resource.id;
  if (value instanceof Phi) {
    const test = scriptInWords(value.test);
    return writtenText(value) ?? (test === undefined ? 'this value' : `a value that depends on ${test}`);
  }
  return value.label ?? writtenText(value.node) ?? scriptInWords(value.node) ?? 'this value';
}

/** An expression of the graph as the author would write it. */
function scriptInWords(node: Node): string | undefined {
  return scriptOf(node, currentTrace()?.specName ?? 'spec');
}

/** The text that the author wrote for a value; `undefined` when no text is known. */
function writtenText(of: Node | Phi): string | undefined {
  const site = currentTrace()?.written.get(of);
  return site?.text.slice(site.start, site.end).replaceAll(/\s+/g, ' ');
}

/** Notes the place of an expression, for messages about its value, and returns the value. */
export function noteWritten<T>(value: T, site: Site): T {
  const inner = symbolic(value);
  if (inner === undefined) return value;
  const { written, repeated } = activeTrace();
  const of = inner instanceof Phi ? inner : inner.node;
  const first = written.get(of);
  if (first === undefined) written.set(of, site);
  else if (first.start !== site.start || first.text !== site.text) repeated.add(of);
  return value;
}

/** The method by which `console.log` shows a proxy. It is read from the target, and called on the proxy. */
const INSPECT_PROPERTY = {
  value(this: object): string {
    const value = behind.get(this);
    return value === undefined ? 'CEL' : `CEL<${labelOf(value)}>`;
  },
  enumerable: false,
};

/** The value in the form that variables hold and untraced code receives: a constant, or a proxy. */
export function wrap(value: Sym | Phi): unknown {
  if (
    value instanceof Sym &&
    value.absence === undefined &&
    value.node.kind === 'lit' &&
    typeof value.node.value !== 'bigint'
  ) {
    return value.node.value;
  }
  if (value.proxy !== undefined) return value.proxy;
  const target: object = value instanceof Sym && value.type.kind === 'list' ? [] : {};
  Object.defineProperty(target, inspect.custom, INSPECT_PROPERTY);
  const proxy = new Proxy(target, new Traps(value));
  behind.set(proxy, value);
  value.proxy = proxy;
  return proxy;
}

const TOKEN_OPEN = '\uE0F0';
const TOKEN_CLOSE = '\uE0F1';
const TOKEN = /\uE0F0(\d+)\uE0F1/g;

/** A placeholder for a symbolic value in a string that untraced code makes. */
interface Token {
  readonly value: Sym;
  /** The stack frame of the code that made the text. */
  readonly frame: string;
  used: boolean;
}

const tokensOf = oncePerObject((_: object) => new Map<number, Token>());
let nextToken = 1;

/** Returns a placeholder for a value, for use in a string. It stays in the string until the graph is written. */
export function tokenFor(value: Sym): string {
  const trace = currentTrace();
  if (trace === undefined) return untraced(value, 'turned into a string outside a composition');
  const id = nextToken++;
  tokensOf(trace).set(id, { value, frame: callerFrame(), used: false });
  return `${TOKEN_OPEN}${id}${TOKEN_CLOSE}`;
}

/** The first frame of the stack outside this module. */
function callerFrame(): string {
  const lines = (new Error('where').stack ?? '').split('\n').slice(1);
  return (lines.find((line) => !/value[/\\]proxy\.[jt]s/.test(line)) ?? '').trim();
}

/**
 * Refuses placeholders that were made but are not in the graph. Untraced code has read such a placeholder, and the
 * graph does not contain the decisions of that code.
 */
export function refuseLostTexts(): void {
  const trace = currentTrace();
  const own = trace === undefined ? undefined : tokensOf(trace);
  for (const { value, frame, used } of own?.values() ?? []) {
    if (used) continue;
    refuse(
      'lost-text',
      `${labelOf(value)} was turned into a string by code that is not traced, and that string is not in the graph (${frame})`,
      'do this in the composition itself',
    );
  }
}

/** Does the text contain placeholders? */
export function hasTokens(text: string): boolean {
  return text.includes(TOKEN_OPEN) || text.includes(TOKEN_CLOSE);
}

/** The pieces of a string: plain strings and the values of placeholders. */
export function splitTokens(text: string): (string | Sym)[] {
  const parts: (string | Sym)[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) parts.push(text.slice(end, match.index));
    const trace = currentTrace();
    const token = trace === undefined ? undefined : tokensOf(trace).get(Number(match[1]));
    if (token === undefined) refuse('lost-text', 'a string of another composition was used in this one');
    token.used = true;
    parts.push(token.value);
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push(text.slice(end));
  if (parts.some((part) => typeof part === 'string' && hasTokens(part))) {
    refuse('lost-text', 'a string made from a symbolic value was cut by code that is not traced');
  }
  return parts;
}

function untraced(value: Sym | Phi, as: string): never {
  return refuse(
    'untraced',
    `${labelOf(value)} is ${as} by code that is not traced`,
    'do this in the composition itself, or pass only known values to such code',
  );
}

/** The traps of one symbolic value. */
class Traps implements ProxyHandler<object> {
  readonly #value: Sym | Phi;

  constructor(value: Sym | Phi) {
    this.#value = value;
  }

  get(target: object, key: string | symbol): unknown {
    const value = this.#value;
    if (key === inspect.custom) return Reflect.get(target, key) as unknown;
    if (key === Symbol.toPrimitive) return (hint: string) => toPrimitive(value, hint);
    if (key === 'toJSON') return () => untraced(value, 'made JSON');
    if (key === Symbol.iterator) return () => untraced(value, 'iterated');
    // Promises and test libraries read `then`; a symbolic value is not a promise.
    if (typeof key === 'symbol' || key === 'then') return undefined;
    return symbolicMember(value, key);
  }

  set(): never {
    return refuse('read-only', `${labelOf(this.#value)} is read-only; the spec and the resources cannot be changed`);
  }

  deleteProperty(): never {
    return this.set();
  }

  has(): never {
    return untraced(this.#value, 'searched with "in"');
  }

  ownKeys(target: object): (string | symbol)[] {
    return currentTrace() === undefined ? Reflect.ownKeys(target) : untraced(this.#value, 'enumerated');
  }
}

function toPrimitive(value: Sym | Phi, hint: string): string {
  if (hint === 'number') return untraced(value, 'used as a number');
  if (value instanceof Phi) return untraced(value, 'turned into a string');
  if (hint === 'default' && value.type.kind !== 'string') return untraced(value, 'used with an operator');
  if (value.absence !== undefined && !value.absence.waits) {
    refuse(
      'absent',
      `${labelOf(value)} may be absent and is printed into a string (it would print "undefined")`,
      'give it a default with ??, or test it first',
    );
  }
  if (!isScalar(value.type) && value.type.kind !== 'dyn') return untraced(value, 'turned into a string');
  return tokenFor(new Sym(toText(value.node), { label: value.label, waits: value.waits }));
}
