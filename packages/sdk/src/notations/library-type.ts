import { CHARACTERS } from '@typekro/kit/golang';
import { type JsonObject, type JsonValue, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { asList } from '@typekro/kit/kubernetes';
import { ABSENT, CHECKS, REFUSED, TRANSFORMED, UNSUPPORTED } from './json-schema-members.ts';
import { matchRule, splitLookahead, toRe2 } from './regex-flags.ts';
import { printRe2 } from './regex/re2.ts';
import { readsVariable } from './variable-reads.ts';
import { parseRegex, WITHOUT_LOOKING, PatternProblem } from './regex/syntax.ts';

/** Reads a member of a schema library's object or function; undefined for any other value. */
export function readMember(target: unknown, name: string): unknown {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) return undefined;
  return Reflect.get(target, name);
}

/** A check that the author of a schema wrote as a function: `refine`, `narrow`, `check`. */
export interface SchemaCheck {
  /** Returns a truthy value for the values that the schema accepts. Not called for absent values and null. */
  readonly test: (value: never) => unknown;
  /** The author's message for other values. */
  readonly message: string | undefined;
}

/** The checks that the reader of a library found. A printed part refers to them by their positions. */
export type FoundChecks = SchemaCheck[];

/** A printed part that is refused, with the reason and a remedy. The code is `schema/transform` by default. */
export function refused(message: string, hint: string, code = 'transform'): JsonObject {
  return { [REFUSED]: { code, message, hint } };
}

/** The maximum nesting of a library's type, and the maximum number of its parts, each counted once. */
const [MAX_DEPTH, MAX_PARTS] = [100, 100_000];

/**
 * The printed parts of a type. A part that stands in several places is printed once, because the places can be as many
 * as two to the power of their nesting.
 */
export class PrintedParts {
  readonly #printed = new Map<unknown, JsonObject>();
  #isRefused = false;

  /** Prints a part. `open` has the parts around it. A part that contains itself, or has no end, is refused. */
  of(part: unknown, open: ReadonlySet<unknown>, print: () => JsonObject): JsonObject {
    if (open.has(part)) {
      const message = 'the type contains itself, which SimpleSchema cannot express';
      return refused(message, INNER_OBJECT, 'recursive');
    }
    const known = this.#printed.get(part);
    if (known !== undefined) return known;
    if (open.size > MAX_DEPTH || this.#printed.size > MAX_PARTS) {
      // One refusal is enough.
      if (this.#isRefused) return {};
      this.#isRefused = true;
      const isDeep = open.size > MAX_DEPTH;
      const message = isDeep
        ? `the type has more than ${MAX_DEPTH} levels`
        : `the type has more than ${MAX_PARTS} parts`;
      return refused(`${message}, or no end: a lazy type may make itself anew`, INNER_OBJECT, 'too-deep');
    }
    const printed = print();
    this.#printed.set(part, printed);
    return printed;
  }
}

/** The state of the reader of a library's type: the checks that it found, the parts around a part, and the printed parts. */
export interface Printing {
  readonly found: FoundChecks;
  readonly open: ReadonlySet<unknown>;
  readonly parts: PrintedParts;
}

/** A member of a library's object as a list; empty for any other value. */
export function unknownList(target: unknown, name: string): unknown[] {
  const value = readMember(target, name);
  return Array.isArray(value) ? (value as unknown[]) : [];
}

const INNER_OBJECT = 'use object for the inner part';

/** The remedy for a transform. */
export const IN_COMPOSITION = 'leave it out, and compute the value in the function of the composition';
/** The remedy for a check that cannot become a rule. */
const AS_PLAIN_FUNCTION = 'pass a function of the value that returns true or false, as in refine((x) => x !== "a")';

/**
 * Adds a check to a printed part. The check is refused if it does not accept the absent values (`undefined`, `null`)
 * that the part allows, because the API server calls no rule for an absent value.
 */
export function addCheck(
  printed: JsonObject,
  test: unknown,
  options: { readonly message?: unknown; readonly absent: readonly (undefined | null)[]; readonly found: FoundChecks },
): JsonObject {
  const { message, absent, found } = options;
  if (typeof test !== 'function') return refused('a check has no function that can become a rule', AS_PLAIN_FUNCTION);
  if (absent.some((value) => !accepts(test as SchemaCheck['test'], value))) {
    return refused(
      'a check refuses the absence of the value, which the type allows',
      'make the field required, or let the check return true for undefined and null',
    );
  }
  found.push({ test: test as SchemaCheck['test'], message: typeof message === 'string' ? message : undefined });
  return { ...printed, [CHECKS]: [...asList(printed[CHECKS]), found.length - 1] };
}

function accepts(test: (value: never) => unknown, value: unknown): boolean {
  try {
    return Boolean(test(value as never));
  } catch {
    // The library refuses a value for which a check throws.
    return false;
  }
}

/** The remedy for look-around in a pattern of a schema. */
const AT_THE_START =
  'write the look-ahead directly after ^, as in /^(?!kube-)[a-z-]+$/, without back references, or write two patterns';

/** The keywords for a JavaScript pattern, in the syntax of RE2. A look-ahead at the start becomes a rule. */
export function patternKeywords(pattern: RegExp): JsonObject {
  const { source } = pattern;
  const flags = pattern.flags.replaceAll(/[dg]/g, '');
  const print = (text: string): string => {
    const part = new RegExp(text, flags);
    const printed = printRe2(parseRegex(part).root, part, 'test');
    return flags === '' && isPlainPattern(text) ? toRe2(text) : printed;
  };
  const split = splitLookahead(source);
  try {
    if (flags.includes('y') || (flags.includes('m') && split.conditions.length > 0))
      throw new PatternProblem(`${String(pattern)} cannot be translated`, 'leave out the flags y and m');
    const rules = split.conditions.map((each) => ({ rule: matchRule({ ...each, pattern: print(each.pattern) }) }));
    return { pattern: print(split.pattern), ...(rules.length === 0 ? {} : { 'x-kubernetes-validations': rules }) };
  } catch (problem) {
    if (!(problem instanceof PatternProblem)) throw problem;
    const { message, hint } = problem;
    return refused(message, hint === WITHOUT_LOOKING ? AT_THE_START : hint, 'pattern');
  }
}

/**
 * Does a pattern have the same meaning in JavaScript and RE2? It then keeps its text, which authors recognise. The parts
 * of the expression are: plain characters, escapes, and classes of both.
 */
const isPlainPattern = (source: string): boolean => PLAIN_PATTERN.test(source) && !/\(\?(?!:)/.test(source);
const PLAIN_PATTERN =
  /^(?:[^\\.[\ud800-\udfff]|\\[dDwW\\.\-[\](){}+*?|^$/tnr]|\[\^?(?:[^\\\][\ud800-\udfff^]|\\[dDwW\\.\-[\](){}+*?|^$/tnr])+\])*$/;

/** A pattern that matches strings in which a transform changes something, by the name of the transform. */
const CHANGED: ReadonlyMap<string, readonly [pattern: string, message: string]> = new Map([
  ['trim', [`^[${CHARACTERS.space}]|[${CHARACTERS.space}]$`, 'no spaces around the value']],
  ['trimStart', [`^[${CHARACTERS.space}]`, 'no spaces before the value']],
  ['trimEnd', [`[${CHARACTERS.space}]$`, 'no spaces after the value']],
  ['toLowerCase', [`[${CHARACTERS.notLower}]`, 'lower case only']],
  ['toUpperCase', [`[${CHARACTERS.notUpper}]`, 'upper case only']],
]);

/**
 * The schema of the results of a transform, or a refusal. The graph reads the value that is stored in the instance, so
 * the stored value must be a result: a rule refuses all other values, and the SDK transforms the values that it writes.
 */
export function transformed(printed: JsonObject, name: string | undefined, where: string): JsonObject {
  const changed = name === undefined ? undefined : CHANGED.get(name);
  if (changed === undefined)
    return refused(`${where} changes the value, and Kubernetes stores the value as it was written`, IN_COMPOSITION);
  if (!isUncheckedText(printed)) {
    return refused(
      `${where} follows a check, which the changed value may not pass`,
      `write ${where} directly after the type, before all checks`,
    );
  }
  const [pattern, message] = changed;
  const opposite = /^to(?:Lower|Upper)Case$/.test(name ?? '') ? /^(?:lower|upper) case only$/ : undefined;
  const isUndone = (rule: JsonValue): boolean =>
    isJsonObject(rule) && rule['message'] !== message && opposite?.test(String(rule['message'])) === true;
  if (asList(printed['x-kubernetes-validations']).some(isUndone))
    return refused(
      `${where} undoes an earlier change of case, so no text with letters passes`,
      `leave one of them out`,
    );
  const rule = { rule: matchRule({ pattern, matches: false }), message };
  const rules = [...asList(printed['x-kubernetes-validations']), rule];
  return { ...printed, [TRANSFORMED]: true, 'x-kubernetes-validations': rules };
}

/** Is a printed part a string, a number or a boolean? */
export const isPrintedScalar = (part: JsonObject): boolean =>
  /^(?:string|number|integer|boolean)$/.test(String(part['type']));

/** Is a printed part a string without checks? Transforms do not count as checks. */
export const isUncheckedText = (printed: JsonObject): boolean =>
  printed['type'] === 'string' &&
  Object.keys(printed).every((key) => (isChangedByLibrary(printed) ? TRANSFORMED_TEXT.has(key) : PLAIN_TEXT.has(key)));

const PLAIN_TEXT: ReadonlySet<string> = new Set(['type', 'title', 'description']);
const TRANSFORMED_TEXT: ReadonlySet<string> = new Set([...PLAIN_TEXT, TRANSFORMED, 'x-kubernetes-validations']);

/** Does a library change the value of a printed part, for example with `trim()`? */
export const isChangedByLibrary = (printed: JsonObject): boolean =>
  printed[TRANSFORMED] === true ||
  [...asList(printed['allOf']), ...asList(printed['anyOf'])].some(
    (part) => isJsonObject(part) && isChangedByLibrary(part),
  );

/** The name of the string method that a function calls on its only argument: `trim` for `(x) => x.trim()`. */
export function methodOf(transform: unknown): string | undefined {
  const text = typeof transform === 'function' ? Function.prototype.toString.call(transform) : '';
  return /^\(?([\w$]+)\)?\s*=>\s*\1\.(\w+)\(\)$/.exec(text)?.[2];
}

/** The part of a result of Standard Schema that this project reads: a value, or the reasons of the refusal. */
export interface LibraryResult {
  readonly value?: unknown;
  readonly issues?: readonly { readonly message: string; readonly path?: readonly unknown[] }[];
}

/**
 * The function with which the library of a schema parses a value; undefined for a schema without a library. It returns
 * undefined for a promise: a library that throws for a value tries the value again asynchronously.
 */
export function libraryParser(schema: unknown): ((value: unknown) => LibraryResult | undefined) | undefined {
  const validate = readMember(readMember(schema, '~standard'), 'validate');
  if (typeof validate !== 'function') return undefined;
  return (value) => {
    const result = (validate as (value: unknown) => LibraryResult | Promise<unknown>)(value);
    if (!(result instanceof Promise)) return result;
    result.catch(() => undefined);
    return undefined;
  };
}

/** The result of a library for a value: undefined if the value is refused, or if the result is a promise. */
export function parsedBy(schema: unknown, value: unknown): { readonly value: unknown } | undefined {
  let result: LibraryResult | undefined;
  try {
    result = libraryParser(schema)?.(value);
  } catch {
    return undefined;
  }
  return result === undefined || result.issues !== undefined ? undefined : { value: result.value };
}

/** Adds the default of a type to its printed form: the value that the type makes of `undefined`. */
export const withLibraryDefault = (printed: JsonObject, schema: unknown): JsonObject =>
  constantDefault(printed, () => parsedBy(schema, undefined), schema);

/** A printed part without its default. */
export function withoutDefault({ default: _default, ...others }: JsonObject): JsonObject {
  return others;
}

/** The printed form of a member that its object requires, although the type itself has a default for `undefined`. */
export const requiredMember = (printed: JsonObject): JsonObject =>
  printed['default'] === undefined ? printed : withoutEntries(withoutDefault(printed), isAbsentEntry);

/** Removes alternatives from a printed union. */
export function withoutEntries(printed: JsonObject, excluded: (entry: JsonObject) => boolean): JsonObject {
  const { anyOf } = printed;
  if (!Array.isArray(anyOf)) return printed;
  return { ...printed, anyOf: anyOf.filter((entry) => !isJsonObject(entry) || !excluded(entry)) };
}

export const isAbsentEntry = (entry: JsonObject): boolean => entry[ABSENT] === true;

/** A printed part with the default that the type makes of an absent value; without one if it makes none, or refuses it. */
export function withAppliedDefault(printed: JsonObject, schema: unknown): JsonObject {
  if (printed['default'] === undefined) return printed;
  const isApplied = parsedBy(schema, undefined)?.value !== undefined;
  return isApplied ? withLibraryDefault(printed, schema) : withoutDefault(printed);
}

/**
 * Adds a default to a printed part. The default is refused if two calls of `make` return different values, if a call
 * reads the clock or random numbers, if JSON
 * cannot represent it, if the type changes or refuses it, or if the type also accepts null, which the API server
 * replaces by the default.
 */
export function constantDefault(
  printed: JsonObject,
  make: () => { readonly value: unknown } | undefined,
  schema: unknown,
): JsonObject {
  if (printed[REFUSED] !== undefined) return printed;
  const { result, isVariable } = readsVariable(() => [make(), make()] as const);
  const [first, second] = result;
  const value = first === undefined ? undefined : constantOf(first.value);
  const refuse = (message: string, hint: string) => refused(message, hint, 'default');
  if (first === undefined || second === undefined)
    return refuse('the default is not a value of the type', 'write a default that the type accepts');
  if (value === undefined) return refuse('JSON cannot represent the default', 'write a default that is plain data');
  if (isVariable || !jsonEquals(value, constantOf(second.value))) {
    return refuse(
      'the default function returns another value at each call, and a definition has one default',
      'write a constant, or leave the default out and make the value in the function of the composition',
    );
  }
  const again = parsedBy(schema, structuredClone(value));
  if (again === undefined || !jsonEquals(constantOf(again.value), value))
    return refuse('the type refuses or changes its own default', 'write a default that the type accepts unchanged');
  const ofNull = parsedBy(schema, null);
  if (value !== null && ofNull !== undefined && !jsonEquals(constantOf(ofNull.value), value)) {
    return refuse(
      'a type with a default also allows null, which the API server replaces by the default',
      'leave out null or the default',
    );
  }
  return { ...printed, default: value };
}

/** A constant as JSON; undefined for a value that JSON cannot represent without loss. */
export function constantOf(value: unknown): JsonValue | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'object') return undefined;
  if (Array.isArray(value)) {
    const items = value.map(constantOf);
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const converted = members.map(([name, member]): [string, JsonValue | undefined] => [name, constantOf(member)]);
  return converted.every(([, member]) => member !== undefined) ? Object.fromEntries(converted) : undefined;
}

/** Adds the description and the title of a type. */
export const withTexts = (printed: JsonObject, description: unknown, title: unknown): JsonObject => ({
  ...printed,
  ...(typeof description === 'string' ? { description } : {}),
  ...(typeof title === 'string' ? { title } : {}),
});

/** The schema of the values of an enum. */
export function constants(values: readonly unknown[]): JsonObject {
  const converted = values.map(constantOf);
  if (converted.includes(undefined)) return { [UNSUPPORTED]: 'one of the constants cannot be written as JSON' };
  return converted.length === 0 ? { not: {} } : { enum: converted.map((value) => value ?? null) };
}

/** The translation of a type whose values JSON cannot represent. */
export const unsupported = (what: string) => () => ({ [UNSUPPORTED]: `${what} cannot be written as JSON` });

/** The types of both zod and valibot whose values JSON cannot represent. */
export const UNSUPPORTED_TYPES: readonly (readonly [string, () => JsonObject])[] =
  'a bigint,a Date,a symbol,NaN,a Map,a Set,a File,a function,a promise,a custom type'
    .split(',')
    .map((what) => [what.replace(/^a | type$/g, '').toLowerCase(), unsupported(what)]);

/** May a printed part be null? */
export const allowsNull = (printed: JsonObject): boolean =>
  printed['type'] === 'null' || asList(printed['anyOf']).some((entry) => isJsonObject(entry) && allowsNull(entry));

/** Sets a keyword. If the keyword already has a value, the new value becomes a part of an intersection. */
export function restrict(printed: JsonObject, keywords: JsonObject): JsonObject {
  const isFree = Object.keys(keywords).every((name) => printed[name] === undefined);
  return isFree ? { ...printed, ...keywords } : { ...printed, allOf: [...asList(printed['allOf']), keywords] };
}
