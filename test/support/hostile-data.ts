import { pick, type Choices } from './choices.ts';

/**
 * Records the effects of hostile data. An entry means that code of the data has run, or that an inherited property was
 * read.
 */
export interface Alarm {
  readonly events: string[];
}

const KEYS = ['a', 'b', 'name', 'items', '__proto__', 'constructor', 'toString', 'length', '', 'é', '0'];

/**
 * Generates a JSON value, or a value that JSON cannot express, for example with functions, getters, cycles or exotic
 * prototypes.
 */
export function hostileValue(choices: Choices, alarm: Alarm, depth = 3): unknown {
  const scalars: readonly (() => unknown)[] = [
    () => 1,
    () => 'text',
    () => null,
    () => true,
    () => 1.5,
    () => 9007199254740993n,
    () => Number.NaN,
    () => Number.MAX_VALUE,
    () => -0,
    () => 2n ** 70n,
    () => '\ud800',
    () => 'x'.repeat(100_000),
    () => undefined,
    () => Symbol('secret'),
    () => () => alarm.events.push('a function was called'),
    () => new Date(0),
    () => /x/,
    () => new Map([['a', 1]]),
    () => new Uint8Array([1, 2]),
  ];
  if (depth <= 0 || choices.below(3) === 0) return pick(choices, scalars)();
  const inner = () => hostileValue(choices, alarm, depth - 1);
  return pick<() => unknown>(choices, [
    () => Array.from({ length: choices.below(5) }, inner),
    () => ordinaryObject(choices, inner),
    () => cyclicObject(inner),
    () => withGetter(choices, alarm),
    () => withPrototype(choices, alarm),
    () => nested(choices.below(3_000)),
    () => sparseArray(),
  ])();
}

function ordinaryObject(choices: Choices, inner: () => unknown): object {
  const object = {};
  for (let i = choices.below(5); i > 0; i--) {
    Object.defineProperty(object, pick(choices, KEYS), {
      value: inner(),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

function cyclicObject(inner: () => unknown): object {
  const object: Record<string, unknown> = { a: inner(), items: [] };
  object.b = object;
  (object.items as unknown[]).push(object);
  return object;
}

function withGetter(choices: Choices, alarm: Alarm): object {
  return Object.defineProperty({ a: 1 }, pick(choices, KEYS), {
    enumerable: true,
    configurable: true,
    get() {
      alarm.events.push('a getter was called');
      return 'leaked';
    },
  });
}

function withPrototype(choices: Choices, alarm: Alarm): object {
  const prototype = {};
  for (const key of KEYS) {
    if (key === '__proto__') continue;
    Object.defineProperty(prototype, key, {
      get() {
        alarm.events.push(`the inherited property ${key} was read`);
        return 'leaked';
      },
    });
  }
  const object = Object.create(prototype) as Record<string, unknown>;
  Object.defineProperty(object, pick(choices, ['a', 'other']), {
    value: 1,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return object;
}

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

function sparseArray(): unknown[] {
  const list: unknown[] = [1];
  list[4] = 2;
  return list;
}
