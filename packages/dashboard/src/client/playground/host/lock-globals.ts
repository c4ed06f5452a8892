/** The globals that stay in the worker: those of the language, and those of the browser that the engine uses. */
const KEPT: ReadonlySet<string> = new Set(
  (
    'globalThis self undefined NaN Infinity Object Function Array String Number Boolean Symbol BigInt Math JSON Date RegExp ' +
    'Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError Map Set WeakMap WeakSet ' +
    'WeakRef FinalizationRegistry Promise Proxy Reflect Intl Iterator Atomics ArrayBuffer SharedArrayBuffer DataView ' +
    'Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array ' +
    'Float16Array Float32Array Float64Array parseInt parseFloat isNaN isFinite encodeURI encodeURIComponent decodeURI ' +
    'decodeURIComponent escape unescape console performance queueMicrotask structuredClone btoa atob TextEncoder ' +
    'TextDecoder URL URLSearchParams addEventListener onmessage'
  ).split(' '),
);

/**
 * Removes every global of this worker that reaches the network, storage or other threads, or that runs a string as
 * code. The interpreter offers none of these globals to the user's code. This second barrier does not depend on the
 * interpreter, or on the headers of the page's server.
 */
export function lockGlobals(scope: object): void {
  refuseCode();
  const objectPrototype: unknown = Object.prototype;
  for (let holder: unknown = scope; isObject(holder) && holder !== objectPrototype;) {
    for (const name of Object.getOwnPropertyNames(holder)) {
      if (KEPT.has(name) || name === 'constructor') continue;
      if (!Reflect.deleteProperty(holder, name)) Reflect.defineProperty(holder, name, { value: undefined });
    }
    holder = Object.getPrototypeOf(holder) as unknown;
  }
}

/** Makes each constructor of functions throw instead of compiling a string. */
function refuseCode(): void {
  const refuse = function Function(): never {
    throw new TypeError('this worker does not run strings as code');
  };
  refuse.prototype = Function.prototype;
  const samples = [() => {}, async () => {}, function* () {}, async function* () {}];
  for (const sample of samples) Object.defineProperty(Object.getPrototypeOf(sample), 'constructor', { value: refuse });
  Object.defineProperty(globalThis, 'Function', { value: refuse });
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
