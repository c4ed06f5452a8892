import { firstDefined } from '@typekro/kit/core';
import { type Site, Refusal, refuse } from '../refusal/refusal.ts';
import { hasTokens, labelOf, splitTokens, symbolic } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';

const LATER =
  'create the resource immediately; to wait for another resource, read a field of it, or name it in dependsOn()';

/**
 * Functions that run callbacks later. A composition is traced once, when it is created, and the callbacks would run
 * after the trace.
 */
const TIMERS: ReadonlySet<string> = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'nextTick',
]);

/** Methods of `Promise`. A composition cannot contain the promise that such a method returns. */
const WAITING: ReadonlySet<string> = new Set(['all', 'allSettled', 'any', 'race', 'resolve']);

/** Refuses calls of host functions that have no meaning in a composition, such as `setTimeout`. */
export function refuseHostCall(self: unknown, fn: { readonly name: string }, label: string): void {
  const isTimer = TIMERS.has(fn.name) && (fn === Reflect.get(globalThis, fn.name) || self === process);
  if (isTimer)
    refuse(
      'native-call',
      `a composition has no clock: the callback of ${label}() would run after the composition`,
      LATER,
    );
  if (self === Promise && WAITING.has(fn.name)) {
    refuse(
      'native-call',
      `a composition does not wait for promises, so it cannot use ${label}()`,
      `leave out ${label}(): a factory returns its resource immediately`,
    );
  }
}

const REFUSED_NEW = 'use plain objects and functions';
const PASS_IN =
  'call it before the composition, and pass its result with the spec; if the function only passes its argument on, mark it with opaque()';

/** Remedies for functions that cannot read a symbolic value, by module and name. */
const INSTEAD: readonly (readonly [module: string | undefined, name: RegExp, hint: (value: string) => string])[] = [
  [
    'fs',
    /./,
    () => 'pass the contents of the file with the spec, or read a file with a constant name before the composition',
  ],
  [
    'crypto',
    /^(?:update|digest|hash|sign|verify|pbkdf2Sync|scryptSync|hkdfSync)$/,
    (value) =>
      `pass the checksum with the spec; to restart pods when ${value} changes, write ${value} itself into an annotation of the pods`,
  ],
  ['buffer', /./, (value) => `write btoa(${value}) for base64; stringData of a Secret takes ${value} as it is`],
  ['path', /^(?:join|resolve|normalize)$/, () => 'write the path as a template string: `${a}/${b}`'],
  ['util', /^(?:format|inspect)$/, () => 'write a template string: `${a} ${b}`, or JSON.stringify(value)'],
  [undefined, /^structuredClone$/, () => 'use the value itself, or { ...value } to change the copy'],
  [
    undefined,
    /^(?:stringify|dump|safeDump)$/,
    () => 'write JSON.stringify(value), which is also valid YAML, or a template string',
  ],
];

/** Refuses a call of a function whose source is unavailable, with a remedy. */
export function refuseNativeCall(fn: HostFunction, self: unknown, args: readonly unknown[], label: string): never {
  const value = firstSymbolic([...args, self]);
  const shown = value === undefined ? 'that value' : labelOf(value);
  const row = INSTEAD.find(([module, name]) => name.test(fn.name) && (module === undefined || isOf(module, fn, self)));
  return refuse('native-call', needsKnown(`${shortLabel(label)}()`, value), row?.[2](shown) ?? PASS_IN);
}

/** Refuses `new X(…)` of a class whose source is unavailable. */
export function refuseNew(fn: HostFunction, args: readonly unknown[]): never {
  const value = firstSymbolic(args);
  const hint =
    (fn as unknown) === globalThis.URL && value !== undefined
      ? `extract the part from the string, for example the host: ${labelOf(value)}.split('/')[2] ?? ''; or pass the part with the spec`
      : REFUSED_NEW;
  return refuse('native-call', needsKnown(`new ${fn.name}()`, value), hint);
}

/**
 * The label of a call. Compilers write the call of an import as `(0, module.name)(…)`, which is shortened to `name`.
 */
const shortLabel = (label: string): string => /^\(?0,.*\.([\w$]+)\)?$/.exec(label)?.[1] ?? label;

interface HostFunction {
  readonly name: string;
}

const needsKnown = (what: string, value: Sym | undefined): string =>
  `${what} needs a value that is known while the graph is built, and ${value === undefined ? 'its argument' : labelOf(value)} is not`;

/** Does the module of the host export `fn`, or is `fn` a method of `self`, which the module exports or creates? */
function isOf(module: string, fn: HostFunction, self: unknown): boolean {
  const found: unknown = process.getBuiltinModule?.(`node:${module}`);
  if (typeof found !== 'object' || found === null) return false;
  const members: readonly unknown[] = Object.values(found);
  const isMade = (member: unknown): boolean =>
    typeof member === 'function' && typeof member.prototype === 'object' && self instanceof member;
  return members.some((member) => member === fn || (self !== undefined && (member === self || isMade(member))));
}

/** The first symbolic value, also inside strings, lists and objects. */
function firstSymbolic(value: unknown, level = 0): Sym | undefined {
  const found = symbolic(value);
  if (found !== undefined) return found instanceof Sym ? found : undefined;
  if (typeof value === 'string')
    return hasTokens(value) ? splitTokens(value).find((part) => part instanceof Sym) : undefined;
  if (typeof value !== 'object' || value === null || level > 8) return undefined;
  const items = Object.values(Object.getOwnPropertyDescriptors(value)) as { value?: unknown }[];
  return firstDefined(items, (item) => firstSymbolic(item.value, level + 1));
}

/**
 * Replaces a refusal from inside a traced function of the host or of a package. The new refusal is at the call in the
 * author's code, and names the called function. Other errors stay as they are.
 */
export function atCaller(error: unknown, caller: Site | undefined, refuseCall: () => never): unknown {
  if (!(error instanceof Refusal) || error.site === undefined || caller === undefined) return error;
  if (!isForeign(error.site) || isForeign(caller)) return error;
  try {
    return refuseCall();
  } catch (refusal) {
    return refusal;
  }
}

/** Is the place in the code of the host or of a package? The author cannot change this code. */
export function isForeign(site: Site): boolean {
  const file = site.locate(site.start)?.file;
  return file !== undefined && /^node:|(?:^|[\\/])node_modules[\\/]/.test(file);
}
