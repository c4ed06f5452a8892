import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';

/** Members that every value has, and through which a program could reach functions and prototypes of the host. */
const HOST_MEMBERS: ReadonlySet<PropertyKey> = new Set([
  'constructor',
  '__proto__',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
]);

/** The functions of the host that turn a string into a function. Only the first, `Function`, is a global. */
const CODE_MAKERS: ReadonlySet<unknown> = new Set(
  [() => undefined, async () => undefined, function* () {}, async function* () {}].map((fn): unknown => fn.constructor),
);

const STACK_WRITER: unknown = Reflect.get(Error, 'captureStackTrace');

/** The functions that change their first argument, with their names for messages. */
const CHANGERS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ...(
    ['assign', 'defineProperties', 'defineProperty', 'freeze', 'preventExtensions', 'seal', 'setPrototypeOf'] as const
  ).map((name) => [Object[name], `Object.${name}`] as const),
  // Some hosts do not have this function.
  ...(STACK_WRITER === undefined ? [] : [[STACK_WRITER, 'Error.captureStackTrace'] as const]),
]);

/** In a confined program, refuses a read of a host member. A key of the program's own object is allowed. */
export function refuseHostMember(object: object, key: PropertyKey): void {
  if (!HOST_MEMBERS.has(key) || !activeTrace().isConfined) return;
  if (activeTrace().isTracked(object) && Object.hasOwn(object, key)) return;
  refuse('member', `${String(key)} is not available to this module`, 'read a member that the value has itself');
}

/** In a confined program, refuses a function that turns a string into code. */
export function refuseCodeMaker(value: unknown): void {
  if (typeof value !== 'function' || !activeTrace().isConfined || !CODE_MAKERS.has(value)) return;
  refuse('native-call', `${value.name} would run a string as code of the host`, 'write the function in the module');
}

/**
 * In a confined program, refuses a call that runs a string as code or changes an object outside the program. Also
 * refuses a call with such a function as an argument, because native code could call the function.
 */
export function refuseConfinedCall(fn: unknown, self: unknown, args: readonly unknown[]): void {
  if (!activeTrace().isConfined) return;
  for (const value of [fn, self, ...args]) refuseCodeMaker(value);
  for (const value of [self, ...args]) {
    const passed = CHANGERS.get(value);
    if (passed !== undefined)
      refuse('native-call', `${passed} cannot be passed as a value`, `pass a function that calls ${passed}()`);
  }
  const name = CHANGERS.get(fn);
  const [target] = args;
  const isObject = (typeof target === 'object' && target !== null) || typeof target === 'function';
  if (name === undefined || !isObject || activeTrace().isTracked(target)) return;
  refuse('outer-write', `${name}() would change an object outside of this module`, 'change a copy: { ...object }');
}
