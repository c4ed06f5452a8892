import { type JsonValue, getOwn, isJsonObject, oncePerObject } from '@typekro/kit/core';
import { type Check, type Context, MAX_ERRORS, newContext } from './validate-context.ts';
import { isUnchanged } from './correlate.ts';
import { arrayCheck, objectCheck } from './validate-containers.ts';
import { enumCheck, formatOrPatternCheck, numberCheck, typeCheck } from './validate-scalars.ts';
import { combinedCheck } from './validate-combined.ts';
import { embeddedErrors, embeddedResources } from './validate-embedded.ts';
import type { FieldError } from '@typekro/kit/kubernetes';
import type { Schema } from '../model.ts';
import { type RuleSite, hasRules, ruleSites } from '../rule-sites.ts';
import { invalid, fieldPath } from './field-error.ts';
import { applyDefaults, DefaultsTooLongError, hasDefaults } from './defaults.ts';
import { prune } from './prune.ts';
import { structuralSchema, lazyCopies } from '../lazy.ts';

/** The options of `validateValue`. */
export interface ValidateOptions {
  /**
   * For an update, the stored object. Errors of unchanged parts are dropped, so that an object stays writable after its
   * schema has become stricter. A part with an undeclared member counts as changed. Errors of repeated elements are
   * dropped if the stored object has repeated elements in any set or map list. Errors of embedded resources are not
   * dropped. Default: all errors count.
   */
  readonly old?: JsonValue | undefined;
  /** The path of the value in the object, in Kubernetes' notation, for errors. Default: the root. */
  readonly path?: string;
  /**
   * The member that a write to a subresource changes, such as `status`. The schema is then applied only to this member,
   * as an API server does, and the messages name fields relative to it. Rules and lists are checked in the whole value,
   * and embedded resources are not checked. Default: the whole value is checked.
   */
  readonly member?: string | undefined;
  /**
   * Evaluates the `x-kubernetes-validations` of one part of the value. Not called if any part has a type error, an enum
   * error, a missing required field, or an exceeded size limit. Default: rules are not evaluated.
   */
  readonly evaluateRules?: (site: RuleSite) => readonly FieldError[];
}

/** The check of a schema. Each node is compiled once. A child node is compiled when a value first reaches it. */
export const checkOf: (schema: Schema) => Check = oncePerObject((schema) => compile(schema));

/** The number of passed checks that a server counts for every non-null value. */
const CHECKS_OF_ANY_VALUE = 4;

/** The nesting depth at which a value is refused. Only recursive schemas allow such a depth. */
const MAX_DEPTH = 500;

function compile(schema: Schema): Check {
  const type = typeCheck(schema);
  const constant = enumCheck(schema);
  const combined = combinedCheck(schema, checkOf);
  const scalar = formatOrPatternCheck(schema);
  const number = numberCheck(schema);
  const array = arrayCheck(schema, checkOf);
  const object = objectCheck(schema, checkOf);
  return (value, context, old) => {
    if (context.isFull) {
      context.isCut = true;
      return;
    }
    context.applied += 1;
    type(value, context);
    constant?.(value, context);
    if (value === null) return;
    context.passed += CHECKS_OF_ANY_VALUE;
    context.depth += 1;
    if (context.depth > MAX_DEPTH) {
      context.add(invalid(context.field(), '', `nested deeper than ${MAX_DEPTH} levels`));
    } else {
      combined?.(value, context, undefined);
      if (typeof value === 'string') {
        context.passed += 1;
        scalar?.(value, context);
      } else if (typeof value === 'number' || typeof value === 'bigint') {
        context.passed += 2;
        number?.(value, context);
      } else if (Array.isArray(value)) {
        context.passed += 2;
        array?.(value, context, old);
      } else if (isJsonObject(value)) {
        context.passed += 1;
        object?.(value, context, old);
      }
    }
    context.depth -= 1;
  };
}

/**
 * Validates a value as a Kubernetes API server validates a custom resource. The function checks types, required fields,
 * formats, alternatives, list types, embedded resources and all other constraints. `evaluateRules` checks the CEL
 * rules.
 *
 * The errors equal the causes in the server's response, word for word. An empty list means that the value is valid. An
 * unknown field is not an error (see `prune`), and defaults are not applied (see `applyDefaults`).
 */
export function validateValue(schema: Schema, value: JsonValue, options: ValidateOptions = {}): FieldError[] {
  const { old, path = '', member, evaluateRules } = options;
  const { errors, repeated } =
    member === undefined ? schemaErrors(schema, value, path, old) : memberErrors(schema, value, member, old);
  if (repeated.length > 0 && (old === undefined || !repeatsElements(schema, old))) {
    errors.push(...repeated.slice(0, MAX_ERRORS));
  }
  if (evaluateRules === undefined || !hasRules(schema)) return errors;
  if (errors.some((error) => BLOCKING.has(error.reason))) {
    errors.push(invalid('<nil>', null, SKIPPED));
    return errors;
  }
  for (const site of ruleSites(schema, value, old, path)) {
    errors.push(...evaluateRules(site));
    if (errors.length < MAX_ERRORS) continue;
    errors.push(invalid('<nil>', '', TOO_MANY_ERRORS));
    break;
  }
  return errors;
}

/** The errors of a value, without errors of CEL rules. Errors of repeated elements are returned separately. */
export function schemaErrors(
  schema: Schema,
  value: JsonValue,
  path: string,
  old: JsonValue | undefined,
): { readonly errors: FieldError[]; readonly repeated: readonly FieldError[] } {
  const { errors, repeated } = ownErrors(schema, value, path, old);
  errors.push(...embeddedErrors(schema, value, path));
  return { errors, repeated };
}

/** The errors of a value, without those of rules and of embedded resources. */
function ownErrors(schema: Schema, value: JsonValue, path: string, old: JsonValue | undefined): Context {
  const context = newContext(path);
  checkOf(schema)(value, context, old);
  const { errors } = context;
  if (context.isCut) errors.push(invalid(context.root, '', TOO_MANY_ERRORS));
  if (errors.length > 0 && old !== undefined && isUnchanged(schema, value, old)) errors.length = 0;
  return context;
}

/** The errors of one member, and the errors of repeated elements in the whole value. */
function memberErrors(
  schema: Schema,
  value: JsonValue,
  member: string,
  old: JsonValue | undefined,
): { readonly errors: FieldError[]; readonly repeated: readonly FieldError[] } {
  const { repeated } = ownErrors(schema, value, '', undefined);
  const child = getOwn(schema.properties ?? {}, member);
  const changed = isJsonObject(value) ? getOwn(value, member) : undefined;
  if (child === undefined || changed === undefined) return { errors: [], repeated };
  const before = isJsonObject(old) ? getOwn(old, member) : undefined;
  return { errors: ownErrors(child, changed, member, before).errors, repeated };
}

/** Does a value have repeated elements in a set or map list? */
const repeatsElements = (schema: Schema, value: JsonValue): boolean =>
  schemaErrors(schema, value, '', undefined).repeated.length > 0;

const TOO_MANY_ERRORS = 'some constraints were not checked because the value has too many errors or alternatives';

const SKIPPED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

/** The reasons of errors that prevent the API server from evaluating rules. */
const BLOCKING: ReadonlySet<string> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

/** What an API server does with the schema of a kind, and with its objects. */
export const StructuralSchema = {
  hasRules,
  embedded: embeddedResources,
  of: structuralSchema,
  lazyCopies,
  validate: validateValue,
  applyDefaults,
  hasDefaults,
  DefaultsTooLongError,
  prune,
  fieldPath,
};
