import type { JsonValue } from '../core/index.ts';
import type { FieldError } from './model.ts';

/** State of one validation: where it is and what it found. */
export interface Context {
  readonly errors: FieldError[];
  /** Steps from the root of the value; member names and indices as they are printed. */
  readonly steps: (string | number)[];
  /** Checks that passed; alternatives that nearly match are chosen by it. */
  passed: number;
  depth: number;
  add(error: FieldError): void;
  /** Path inside the value, as messages name it; empty at the root. */
  name(): string;
  /** Path of the field for the cause; the root is `<nil>`. */
  field(name?: string): string;
}

/** Checks a value; `old` is the value at the same place of the stored object, if it can be matched. */
export type Check = (value: JsonValue, context: Context, old: JsonValue | undefined) => void;

/** @param base field path of the value in the object reported on */
export function newContext(base: string): Context {
  const steps: (string | number)[] = [];
  const errors: FieldError[] = [];
  const name = (): string => {
    let text = '';
    for (const step of steps) {
      if (typeof step === 'number') text += `[${step}]`;
      else text += text === '' ? step : `.${step}`;
    }
    return text;
  };
  return {
    errors,
    steps,
    passed: 0,
    depth: 0,
    add: (error) => {
      errors.push(error);
    },
    name,
    field(inner = name()) {
      if (inner === '') return base === '' ? '<nil>' : base;
      return base === '' ? inner : `${base}.${inner}`;
    },
  };
}
