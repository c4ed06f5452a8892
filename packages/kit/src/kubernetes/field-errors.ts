import { count } from '../core/index.ts';
import { formatGeneral, goQuote } from '../golang/index.ts';

/** The values of `reason` in a cause of a Kubernetes `Status`. */
export type FieldErrorReason =
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotFound'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError';

/** One problem of an object. Corresponds to one entry of `details.causes` in a Kubernetes `Status`. */
export interface FieldError {
  readonly reason: FieldErrorReason;
  /** Field path as Kubernetes writes it: `spec.ports[0].port`, `spec.labels[a.b]`. */
  readonly field: string;
  /** Message of the cause, e.g. `Invalid value: 11: spec.replicas in body should be less than or equal to 10`. */
  readonly message: string;
}

const withDetail = (text: string, detail: string): string => (detail === '' ? text : `${text}: ${detail}`);

/**
 * Constructors of field errors, as in Kubernetes' `validation/field` package, with the messages of
 * `field.Error.ErrorBody`. `printObject` prints objects and lists as JSON. The caller chooses the member order: Go
 * sorts the members of maps (custom resources) and keeps the field order of structs (built-in kinds). It is called once
 * for each object, which must not change afterwards.
 */
export function fieldErrors(printObject: (value: object) => string) {
  // A list of which each element is wrong is printed once, and all messages share its text.
  const printed = new WeakMap<object, string>();
  const printOnce = (value: object): string => {
    const text = printed.get(value) ?? printObject(value);
    printed.set(value, text);
    return text;
  };
  /** Formats a value for an error message. */
  const print = (value: unknown): string => {
    if (typeof value === 'string') return goQuote(value);
    // A number beyond 2^53 that is not a `bigint` was written with a fraction or an exponent, so Go decodes it as a
    // float.
    if (typeof value === 'number' && !Number.isSafeInteger(value)) return formatGeneral(value);
    return typeof value === 'object' && value !== null ? printOnce(value) : String(value ?? null);
  };
  return {
    print,
    required: (field: string, detail = '') =>
      ({ reason: 'FieldValueRequired', field, message: withDetail('Required value', detail) }) as const,
    invalidWithoutValue: (field: string, detail: string) =>
      ({ reason: 'FieldValueInvalid', field, message: withDetail('Invalid value', detail) }) as const,
    invalid: (field: string, value: unknown, detail: string) =>
      ({ reason: 'FieldValueInvalid', field, message: withDetail(`Invalid value: ${print(value)}`, detail) }) as const,
    typeInvalid: (field: string, value: unknown, detail: string) =>
      ({
        reason: 'FieldValueTypeInvalid',
        field,
        message: withDetail(`Invalid value: ${print(value)}`, detail),
      }) as const,
    notSupported: (field: string, value: unknown, values: readonly string[]) => {
      const supported = values.length === 0 ? '' : `supported values: ${values.map(goQuote).join(', ')}`;
      const message = withDetail(`Unsupported value: ${print(value)}`, supported);
      return { reason: 'FieldValueNotSupported', field, message } as const;
    },
    duplicate: (field: string, value: unknown) =>
      ({ reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${print(value)}` }) as const,
    forbidden: (field: string, detail: string) =>
      ({ reason: 'FieldValueForbidden', field, message: withDetail('Forbidden', detail) }) as const,
    notFound: (field: string, value: unknown) =>
      ({ reason: 'FieldValueNotFound', field, message: `Not found: ${print(value)}` }) as const,
    tooLong: (field: string, maxBytes: number | bigint) =>
      ({
        reason: 'FieldValueTooLong',
        field,
        message: `Too long: may not be more than ${count(maxBytes, 'byte')}`,
      }) as const,
    tooMany: (field: string, actual: number, max: number | bigint) =>
      ({
        reason: 'FieldValueTooMany',
        field,
        message: `Too many: ${actual}: must have at most ${count(max, 'item')}`,
      }) as const,
  };
}
