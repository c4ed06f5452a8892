import { type JsonValue, canonicalJson } from '@typekro/kit/core';
import { type PathPart, fieldPath } from './field-error.ts';
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
  /**
   * The number of schemas that were applied so far, and of the members, elements and thousands of characters that they
   * looked at. The messages of alternatives, and the texts of `identity`, count too.
   */
  applied: number;
  /** The work of comparisons with patterns so far (see `SearchMeter` of the room `cel`). */
  visits: number;
  /** The total length of the messages in `errors`, in characters. */
  length: number;
  /** Were checks left out because of one of the limits? */
  isCut: boolean;
  /** Is one of the limits reached? The rest of the value is then not checked. */
  readonly isFull: boolean;
  /**
   * The canonical JSON of a value, for a comparison with many others. Of an object or a list, it is computed once, and
   * its length counts as applied schemas.
   */
  identity(value: JsonValue): string;
  /** Adds an error, unless a limit is reached. */
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

/** The maximum number of errors of a value. */
export const MAX_ERRORS = 1000;

/** The maximum length of all messages together, in characters. One message may be as long as the enum of its schema. */
const MAX_ERRORS_LENGTH = 1024 * 1024;

/**
 * The maximum of `Context.applied`. An object of 1.5 MiB has fewer parts; only many alternatives for many elements or
 * members reach the limit.
 */
const MAX_APPLIED = 1_000_000;

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
  const identities = new WeakMap<object, string>();
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
    applied: 0,
    visits: 0,
    length: 0,
    isCut: false,
    root,
    get isFull() {
      return errors.length >= MAX_ERRORS || this.length >= MAX_ERRORS_LENGTH || this.applied >= MAX_APPLIED;
    },
    identity(value) {
      if (typeof value !== 'object' || value === null) return canonicalJson(value);
      let text = identities.get(value);
      this.applied += text === undefined ? 0 : text.length >> 10;
      if (text === undefined) {
        text = canonicalJson(value);
        identities.set(value, text);
        this.applied += text.length >> 4;
      }
      return text;
    },
    add(error) {
      if (this.isFull) this.isCut = true;
      else {
        errors.push(error);
        this.length += error.message.length;
      }
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
