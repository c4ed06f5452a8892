/** The functions of the host that return another value at each call, each with the object that has it. */
const SOURCES: readonly (readonly [holder: () => unknown, name: string])[] = [
  [() => Date, 'now'],
  [() => Math, 'random'],
  [() => Reflect.get(globalThis, 'crypto'), 'randomUUID'],
  [() => Reflect.get(globalThis, 'crypto'), 'getRandomValues'],
  [() => Reflect.get(globalThis, 'performance'), 'now'],
];

/**
 * Calls a function, and finds out whether it read the clock or random numbers. During the call, the functions of the
 * host that return such values are replaced by functions that call the original ones.
 */
export function readsVariable<T>(call: () => T): { readonly result: T; readonly isVariable: boolean } {
  let isVariable = false;
  const undo: (() => void)[] = [];
  const replace = (holder: object, name: string, replacement: unknown): void => {
    const known = Object.getOwnPropertyDescriptor(holder, name);
    // A host may forbid changes of its functions.
    if (!Reflect.defineProperty(holder, name, { value: replacement, configurable: true, writable: true })) return;
    undo.push(() => {
      if (known === undefined) Reflect.deleteProperty(holder, name);
      else Reflect.defineProperty(holder, name, known);
    });
  };
  for (const [holder, name] of SOURCES) {
    const owner = Object(holder()) as object;
    const original: unknown = Reflect.get(owner, name);
    if (typeof original !== 'function') continue;
    replace(owner, name, function (this: unknown, ...args: unknown[]): unknown {
      isVariable = true;
      return Reflect.apply(original, this, args);
    });
  }
  const clock = new Proxy(Date, {
    apply(target) {
      isVariable = true;
      return target();
    },
    construct(target, args: unknown[], newTarget) {
      if (args.length === 0) isVariable = true;
      return Reflect.construct(target, args, newTarget) as Date;
    },
  });
  replace(globalThis, 'Date', clock);
  try {
    const result = call();
    return { result, isVariable };
  } finally {
    for (const each of undo.toReversed()) each();
  }
}
