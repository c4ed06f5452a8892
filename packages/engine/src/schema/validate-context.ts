import type { JsonValue } from '@typekro/kit/core';
import { fieldPath } from './field-error.ts';
import type { PathPart } from './field-error.ts';
import type { FieldError } from '@typekro/kit/kubernetes';

/** The state of one validation: the current path and the findings. */
export interface Context {
  readonly errors: FieldError[];
  /**
   * The errors of repeated elements of lists with the type `set` or `map`. This list is separate, because an update
   * ignores these errors if the stored object also has repeated elements.
   */
  readonly repeated: FieldError[];
  /** Steps from the root of the value. */
  readonly steps: PathPart[];
  /**
   * The number of checks so far, as a server counts them: the passed checks and most of the failed ones. If no
   * alternative matches, the errors of the alternative with the greatest number are reported.
   */
  passed: number;
  depth: number;
  add(error: FieldError): void;
  /** The path of the whole value; `<nil>` for the whole object. An error without a field of its own has this path. */
  readonly root: string;
  /** The current path inside the value, in the notation of messages; empty at the root. */
  name(): string;
  /** The current path in the notation of `field` in a cause; `<nil>` at the root. */
  field(): string;
  /** Like `field`, but with `[key]` for members of maps. Checks of lists use this notation. */
  place(): string;
}

/** Checks a value. `old` is the stored value of the same field, if it can be matched. */
export type Check = (value: JsonValue, context: Context, old: JsonValue | undefined) => void;

/**
 * Creates a context without errors.
 *
 * @param base the field path of the value in the validated object
 */
export function newContext(base: string): Context {
  const steps: PathPart[] = [];
  const errors: FieldError[] = [];
  const root = base === '' ? '<nil>' : base;
  const name = (): string => {
    let text = '';
    for (const step of steps) {
      if (typeof step === 'number') text += `[${step}]`;
      else text += `${text === '' ? '' : '.'}${typeof step === 'string' ? step : step.key}`;
    }
    return text;
  };
  return {
    errors,
    repeated: [],
    steps,
    passed: 0,
    depth: 0,
    root,
    add: (error) => {
      errors.push(error);
    },
    name,
    place: () => fieldPath(base === '' ? steps : [base, ...steps]),
    field() {
      const inner = name();
      if (inner === '') return root;
      return base === '' ? inner : `${base}.${inner}`;
    },
  };
}
