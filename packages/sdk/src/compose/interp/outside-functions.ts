import { oncePerObject } from '@typekro/kit/core';
import type { AnyNode } from 'acorn';
import type { FunctionLike, FunctionSource } from '../source/function-source.ts';
import { currentRun, sourceOfFunction } from '../source/current-run.ts';
import { isNativeText } from '../source/text-source.ts';
import { BUILD_TIME_NAMES } from '../library/build-time.ts';
import { unlessRefused } from '../refusal/refusal.ts';
import type { Closure } from '../value/closure.ts';
import { makesResources } from '../value/native-functions.ts';
import { assignedAround, childrenOf, visitNodes } from '../../javascript/index.ts';

interface Made {
  readonly closure: Closure | undefined;
}

/** Cached facts about functions, by run, because sources depend on the providers of the run. */
interface Known {
  readonly closures: WeakMap<FunctionLike, Made>;
  /** Must the function be traced? */
  readonly reaching: WeakMap<FunctionLike, boolean>;
  /** May the function assign a variable that is declared outside it? */
  readonly assigning: WeakMap<FunctionLike, boolean>;
}

const knownOfRun = oncePerObject((_: object): Known => ({
  closures: new WeakMap(),
  reaching: new WeakMap(),
  assigning: new WeakMap(),
}));

const cache = (): Known => knownOfRun(currentRun());

/**
 * The closure of a function outside the composition; `undefined` for functions of the host, and when the source is
 * unavailable.
 */
export function outerClosure(fn: FunctionLike): Closure | undefined {
  const { closures } = cache();
  const known = closures.get(fn);
  if (known !== undefined) return known.closure;
  const source = isOfHost(fn) ? undefined : readSource(fn);
  const closure = source === undefined ? undefined : closureFrom(source, fn);
  closures.set(fn, { closure });
  return closure;
}

/**
 * The known functions of the host, the web globals that were not read yet, and the number of modules that were
 * searched.
 */
let ofHost: { readonly functions: WeakSet<object>; readonly unread: Set<string>; modules: number } | undefined;

/**
 * Is this a function of the host itself (`path.join`, `fs.readFileSync`, `Buffer.from`, `structuredClone`)? Some
 * functions of the host have a source, but a refusal at a place inside such a function would not help the author.
 */
function isOfHost(fn: FunctionLike): boolean {
  ofHost ??= { functions: new WeakSet(), unread: new Set([...WEB_CLASSES, ...WEB_FUNCTIONS]), modules: 0 };
  const { functions, unread } = ofHost;
  for (const name of unread) {
    const found = Object.getOwnPropertyDescriptor(globalThis, name);
    // Node loads some classes when their global is first read, which takes 20 ms and more. Before that read, a program
    // cannot have a reference to a method of such a class.
    if (found?.get !== undefined) continue;
    unread.delete(name);
    if (typeof found?.value === 'function') addFunction(functions, found.value);
  }
  if (ofHost.modules === 0) addModule(functions, process);
  const loaded = loadedModules();
  for (; ofHost.modules < loaded.length; ofHost.modules += 1) {
    const name = loaded[ofHost.modules]?.replace('NativeModule ', '') ?? '';
    addModule(functions, process.getBuiltinModule?.(name));
  }
  return functions.has(fn);
}

/**
 * The modules that Node has loaded so far, oldest first. The list only grows. A program cannot have references to
 * functions of modules that are not loaded, and loading all modules is slow. The debugger could name the script of a
 * function, but costs 40 ms in each process.
 */
function loadedModules(): readonly string[] {
  return (process as { readonly moduleLoadList?: readonly string[] }).moduleLoadList ?? HOST_MODULES;
}

function addModule(found: WeakSet<object>, module: unknown): void {
  for (const value of valuesOf(module)) {
    if (typeof value === 'function') addFunction(found, value);
    else addMethods(found, value);
  }
}

/** Adds a function, or a class with its methods. */
function addFunction(found: WeakSet<object>, value: object): void {
  found.add(value);
  addMethods(found, value);
  addMethods(found, (value as { readonly prototype?: unknown }).prototype);
}

function addMethods(found: WeakSet<object>, holder: unknown): void {
  for (const value of valuesOf(holder)) if (typeof value === 'function') found.add(value);
}

function valuesOf(holder: unknown): readonly unknown[] {
  if ((typeof holder !== 'object' && typeof holder !== 'function') || holder === null) return [];
  return Object.values(Object.getOwnPropertyDescriptors(holder)).map(({ value }: { value?: unknown }) => value);
}

/** Modules whose functions compositions use, for hosts that do not list their loaded modules. */
const HOST_MODULES = ['path', 'util', 'url', 'querystring', 'os', 'buffer', 'fs', 'crypto'] as const;

/** Classes and functions of the web. Hosts differ in which of them are written in JavaScript. */
const WEB_CLASSES = [
  'AbortController',
  'AbortSignal',
  'Blob',
  'Event',
  'EventTarget',
  'FormData',
  'Headers',
  'Request',
  'Response',
  'TextDecoder',
  'TextEncoder',
  'URL',
  'URLSearchParams',
] as const;

const WEB_FUNCTIONS = [
  'atob',
  'btoa',
  'clearInterval',
  'clearTimeout',
  'fetch',
  'queueMicrotask',
  'setInterval',
  'setTimeout',
  'structuredClone',
] as const;

/**
 * The source of a function; `undefined` for native functions, and for functions and classes whose text is missing or
 * cannot be parsed.
 */
const readSource = (fn: FunctionLike): FunctionSource | undefined => unlessRefused(() => sourceOfFunction(fn));

/** Makes a closure of a function's source, without a scope of the composition. The function's own name denotes `fn`. */
function closureFrom({ node, text, shift, lookup, locate, self }: FunctionSource, fn: FunctionLike): Closure {
  const own = node.type === 'FunctionExpression' ? node.id?.name : undefined;
  return {
    node,
    scope: undefined,
    unit: { text, shift, lookup: (name) => (name === own ? { value: fn } : lookup(name)), locate },
    self: self === undefined ? { value: undefined, known: false } : { value: self(), known: true },
  };
}

/**
 * Does the function, directly or through other functions, make resources or read the time or random numbers? Such a
 * function is traced even without symbolic arguments. There are two reasons: the function may branch on fields of the
 * resources, and only the tracer refuses reads of the time and of random numbers. The search follows the names that the
 * code reads, eight levels deep. For an object such as `simple`, the search only checks whether a member makes
 * resources; it does not read the source of members.
 */
export function mustBeTraced(fn: FunctionLike, level = 0): boolean {
  if (makesResources(fn)) return true;
  const { reaching } = cache();
  const known = reaching.get(fn);
  if (known !== undefined) return known;
  reaching.set(fn, false);
  const source = level > 8 ? undefined : readSource(fn);
  const found =
    source !== undefined &&
    (readsTimeOrRandom(source.node) || namesRead(source.node).some((name) => leadsToFactory(source, name, level)));
  reaching.set(fn, found);
  return found;
}

function leadsToFactory(source: FunctionSource, name: string, level: number): boolean {
  const value = source.lookup(name);
  if (value === undefined || !('value' in value)) return false;
  const found = value.value;
  if (typeof found === 'function')
    return !isOfHost(found as FunctionLike) && mustBeTraced(found as FunctionLike, level + 1);
  // A namespace object such as `simple`.
  return (
    typeof found === 'object' &&
    found !== null &&
    Object.values(found).some((member) => typeof member === 'function' && makesResources(member as FunctionLike))
  );
}

/** Does the code read the time, random numbers or measurements of the host: `randomUUID()`, `now()`, `freemem()`? */
function readsTimeOrRandom(node: AnyNode): boolean {
  if (node.type === 'CallExpression' || node.type === 'NewExpression') {
    const { callee } = node;
    const named = callee.type === 'MemberExpression' ? callee.property : callee;
    const name = named.type === 'Identifier' ? named.name : '';
    if (name === 'Date' ? node.arguments.length === 0 : BUILD_TIME_NAMES.has(name)) return true;
  }
  return childrenOf(node).some(readsTimeOrRandom);
}

function namesRead(node: AnyNode): string[] {
  const names = new Set<string>();
  const visit = (current: AnyNode): void => {
    if (current.type === 'Identifier') names.add(current.name);
    for (const child of childrenOf(current)) visit(child);
  };
  visit(node);
  return [...names];
}

/**
 * Can the function assign a variable of an outer scope when the host calls it, without the tracer? The function itself
 * or a function that it calls can contain the assignment. The search follows names and methods eight levels deep. The
 * answer is no for functions of the host, for functions of the SDK, and for native code except bound functions. The
 * answer is yes where the search cannot decide.
 */
export function mayAssignVariables(fn: FunctionLike, level = 0): boolean {
  if (isOfHost(fn) || makesResources(fn)) return false;
  const { assigning } = cache();
  const known = assigning.get(fn);
  if (known !== undefined) return known;
  assigning.set(fn, true);
  const source = level > 8 ? undefined : readSource(fn);
  const found =
    source === undefined
      ? fn.name.startsWith('bound ') || !isNativeCode(fn)
      : assignedAround(source.node).size > 0 || callsAssigning(source, level);
  assigning.set(fn, found);
  return found;
}

const isNativeCode = (fn: FunctionLike): boolean => isNativeText(Function.prototype.toString.call(fn));

function callsAssigning(source: FunctionSource, level: number): boolean {
  const isAssigning = (found: unknown): boolean =>
    typeof found === 'function' && mayAssignVariables(found as FunctionLike, level + 1);
  const named = (name: string): boolean => {
    const found = source.lookup(name);
    return found !== undefined && (!('value' in found) || isAssigning(found.value));
  };
  if (namesRead(source.node).some(named)) return true;
  let unknown = false;
  visitNodes(
    source.node,
    (node) => {
      if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return;
      const { object, property, computed } = node.callee;
      const name = !computed && property.type === 'Identifier' ? property.name : undefined;
      const holder = object.type === 'Identifier' ? source.lookup(object.name) : undefined;
      if (name === undefined) unknown = true;
      else if (holder === undefined) unknown ||= !BUILT_IN_METHODS.has(name);
      else if (!('value' in holder) || holder.value === null || holder.value === undefined) unknown = true;
      else unknown ||= isAssigning(Reflect.get(Object(holder.value) as object, name));
    },
    true,
  );
  return unknown;
}

/** Names of the methods of JavaScript's built-in values. */
const BUILT_IN_METHODS: ReadonlySet<string> = new Set(
  [String, Array, Number, Object, RegExp, Map, Set, Boolean, Math, JSON]
    .flatMap((holder) => [holder, (holder as { readonly prototype?: object }).prototype ?? {}])
    .flatMap((holder) => Object.getOwnPropertyNames(holder)),
);
