import type { JsonValue } from '../core/index.ts';
import { fieldPath } from './field-error.ts';
import type { PathPart } from './field-error.ts';
import type { FieldError } from '../kubernetes/index.ts';

/** The state of one validation: the current path and the findings. */
export interface Context {
  readonly errors: FieldError[];
  /** The errors of repeated elements of sets and maps. An update compares them with those of the stored object. */
  readonly repeated: FieldError[];
  /** Steps from the root of the value. */
  readonly steps: PathPart[];
  /**
   * The number of checks that passed, as a server counts them: it also counts most checks that fail. If no alternative
   * matches, the errors are those of the alternative with the greatest number.
   */
  passed: number;
  depth: number;
  add(error: FieldError): void;
  /** The path of the whole value, which errors without a field of their own name; `<nil>` for the whole object. */
  readonly root: string;
  /** Path inside the value, as messages name it; empty at the root. */
  name(): string;
  /** Path of the field for the cause; the root is `<nil>`. */
  field(): string;
  /** As `field`, but members of maps are written `[key]`. Checks of lists name fields in this form. */
  place(): string;
}

/** Checks a value; `old` is the value at the same place of the stored object, if it can be matched. */
export type Check = (value: JsonValue, context: Context, old: JsonValue | undefined) => void;

/**
 * Makes a context without findings.
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
