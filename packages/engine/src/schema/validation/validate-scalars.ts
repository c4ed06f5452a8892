import { compileSearch } from '@typekro/cel';
import { type JsonValue, canonicalJson } from '@typekro/kit/core';
import { formatGeneral, goJson, goQuote, isInteger64 } from '@typekro/kit/golang';
import { invalid, notSupported, tooLong, typeInvalid } from './field-error.ts';
import { formatCheck } from '../formats.ts';
import type { FieldError } from '@typekro/kit/kubernetes';
import type { Schema } from '../model.ts';
import type { Context } from './validate-context.ts';

type Integer = number | bigint;

/** The types that a schema allows; an int-or-string allows two. */
function typesOf(schema: Schema): readonly string[] {
  if (schema['x-kubernetes-int-or-string'] === true) return ['integer', 'string'];
  return schema.type === undefined ? [] : [schema.type];
}

/** The JSON type of a value and, for a number, the format that Go's decoder chooses. */
function kindOf(value: JsonValue): readonly [type: string, format: string] {
  if (value === null) return ['null', ''];
  if (typeof value === 'string') return ['string', ''];
  if (typeof value === 'boolean') return ['boolean', ''];
  if (typeof value === 'number' || typeof value === 'bigint')
    return isInteger64(value) ? ['integer', 'int64'] : ['number', 'float64'];
  return Array.isArray(value) ? ['array', ''] : ['object', ''];
}

/** The schema's format; empty if the format is unknown or belongs to another type than the schema's. */
function formatOf(schema: Schema): string {
  const { format = '' } = schema;
  const types = typesOf(schema);
  const type = types.length === 1 ? types[0] : 'string';
  if (type === 'integer') return format === 'int32' || format === 'int64' ? format : '';
  if (type === 'number') return format === 'float' || format === 'double' ? format : '';
  return type === 'string' && formatCheck(format) !== undefined ? format : '';
}

/** The check of the type. As on a server, the error for a number can name the format. */
export function typeCheck(schema: Schema): (value: JsonValue, context: Context) => void {
  const types = typesOf(schema);
  const { nullable } = schema;
  const known = formatOf(schema);
  return (value, context) => {
    if (value === null) {
      if (types.length > 0 && nullable !== true) fail(context, types.join(','), 'null');
      else context.passed += 1;
      return;
    }
    if (types.length === 0) return;
    context.passed += 1;
    const [type, valueFormat] = kindOf(value);
    const integerAsNumber = type === 'integer' && types.includes('number');
    const fits = types.includes(type) || integerAsNumber;
    const hasNoFormat = type === 'string' || type === 'array';
    if (known !== '' && !hasNoFormat && !fits && valueFormat !== known) {
      fail(context, known, valueFormat);
    } else if (known !== '' && hasNoFormat && !types.includes('number') && !types.includes('integer')) {
      // If a field has a string format, strings pass here, because the format check validates them. As on a server, a
      // list passes here too.
      context.passed += 1;
    } else if (fits) {
      context.passed += 1;
    } else {
      fail(context, types.join(','), type);
    }
  };
}

function fail(context: Context, wanted: string, found: string): void {
  context.add(
    typeInvalid(context.field(), found, `${context.name()} in body must be of type ${wanted}: ${goQuote(found)}`),
  );
}

/** The check of `enum`; undefined for a schema without `enum`. */
export function enumCheck(schema: Schema): ((value: JsonValue, context: Context) => void) | undefined {
  const allowed = schema.enum;
  if (!Array.isArray(allowed) || allowed.length === 0) return undefined;
  const values = allowed as readonly JsonValue[];
  const texts = values.map((entry) => (typeof entry === 'string' ? entry : goJson(entry)));
  const strings = new Set<JsonValue>(values.filter((entry) => typeof entry === 'string'));
  const others = new Set(values.filter((entry) => typeof entry !== 'string').map(canonicalJson));
  return (value, context) => {
    // A server refuses null even if the enum contains null. It accepts a fraction whose integer part is in the enum.
    const isListed =
      typeof value === 'string'
        ? strings.has(value)
        : value !== null &&
          others.size > 0 &&
          (others.has(context.identity(value)) ||
            (typeof value === 'number' && others.has(canonicalJson(Math.trunc(value)))));
    if (!isListed) context.add(notSupported(context.field(), value, texts));
  };
}

/**
 * The check of length, pattern and format of a string; undefined if the schema has no such constraints. If both length
 * and pattern fail, only the length is reported.
 */
export function formatOrPatternCheck(schema: Schema): ((value: string, context: Context) => void) | undefined {
  const { minLength, maxLength, pattern } = schema;
  const format = formatOf(schema);
  const check = formatCheck(format);
  if (minLength === undefined && maxLength === undefined && pattern === undefined && check === undefined)
    return undefined;
  let search: ReturnType<typeof compileSearch> | undefined;
  const complain = (context: Context, value: string, text: string) =>
    context.add(invalid(context.field(), value, `${context.name()} in body ${text}`));
  const constrain = (value: string, context: Context): void => {
    context.applied += value.length >> 10;
    const length = minLength === undefined && maxLength === undefined ? 0 : codePoints(value);
    if (maxLength !== undefined && length > maxLength) context.add(tooLong(context.field(), maxLength));
    else if (minLength !== undefined && length < minLength) {
      complain(context, value, `should be at least ${minLength} chars long`);
    } else if (pattern !== undefined && pattern !== '') {
      search ??= compileSearch(pattern);
      const found = typeof search === 'string' ? search : search(value, context);
      if (typeof found === 'string') {
        complain(context, value, `should match '${pattern}, but pattern is invalid: ${found}'`);
      } else if (found === undefined) {
        complain(context, '', `should match '${pattern}', and be shorter: the comparison takes too long`);
      } else if (!found) complain(context, value, `should match '${pattern}'`);
    }
  };
  return (value, context) => {
    constrain(value, context);
    if (check === undefined) return;
    context.passed += 1;
    if (!check(value)) fail(context, format, value);
  };
}

function codePoints(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) index += 1;
    count += 1;
  }
  return count;
}

/** The check of bounds, range and `multipleOf` of a number; undefined for a schema without such constraints. */
export function numberCheck(schema: Schema): ((value: Integer, context: Context) => void) | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const types = typesOf(schema);
  const type = types.length === 1 ? types[0] : undefined;
  const format = formatOf(schema);
  if (
    type !== 'integer' &&
    format !== 'float' &&
    minimum === undefined &&
    maximum === undefined &&
    multipleOf === undefined
  ) {
    return undefined;
  }
  const described = format === '' ? '(default format)' : `with format ${format}`;
  /**
   * Reports a number that is out of the type's range. As on a server, the error has no field. The number is the value,
   * a bound or a factor.
   */
  const checkRange = (label: string, number: Integer, context: Context): boolean => {
    if (inRange(number, type, format)) return true;
    const text = `${label} value must be of type ${type ?? ''} ${described} in ${context.name()}`;
    context.add(invalid(context.root, '', text));
    return false;
  };
  return (value, context) => {
    checkRange('Checked', value, context);
    const integral = isInteger64(value);
    // A server decodes an integer beyond 64 bits as a float.
    const number = integral ? value : Number(value);
    const complain = (text: string, isNative: boolean) =>
      context.add(boundError(context.field(), value, isNative, `${context.name()} in body should be ${text}`));
    if (multipleOf !== undefined) {
      checkMultiple(value, multipleOf, checkRange('MultipleOf', multipleOf, context) && integral, context);
    }
    if (maximum !== undefined) {
      const isNative = checkRange('Maximum boundary', maximum, context) && integral;
      const limit = isNative ? truncated(maximum) : Number(maximum);
      if (number > limit || (exclusiveMaximum === true && sameNumber(number, limit))) {
        complain(
          `less than ${exclusiveMaximum === true ? '' : 'or equal to '}${numberText(limit, isNative)}`,
          isNative,
        );
      }
    }
    if (minimum !== undefined) {
      const isNative = checkRange('Minimum boundary', minimum, context) && integral;
      const limit = isNative ? truncated(minimum) : Number(minimum);
      if (number < limit || (exclusiveMinimum === true && sameNumber(number, limit))) {
        complain(
          `greater than ${exclusiveMinimum === true ? '' : 'or equal to '}${numberText(limit, isNative)}`,
          isNative,
        );
      }
    }
  };
}

/** For an integer, the server truncates bounds to integers. */
const truncated = (limit: Integer): Integer => (typeof limit === 'bigint' ? limit : Math.trunc(limit));
const sameNumber = (a: Integer, b: Integer): boolean => !(a < b) && !(a > b);
/** Formats a bound or factor like Go, as an integer (`10000000`) or as a float (`1e+07`). */
const numberText = (value: Integer, isInteger: boolean): string =>
  isInteger ? String(value) : formatGeneral(Number(value));

function checkMultiple(value: Integer, multipleOf: number, integral: boolean, context: Context): void {
  const name = context.name();
  const factor = integral ? Math.trunc(multipleOf) : multipleOf;
  if (factor <= 0) {
    const text = `factor MultipleOf declared for ${name} must be positive: ${numberText(factor, integral)}`;
    context.add(invalid(context.field(), factor, text));
    return;
  }
  const remainder = integral ? BigInt(value) % BigInt(factor) !== 0n : !isWhole(Number(value), factor);
  if (!remainder) return;
  const text = `${name} in body should be a multiple of ${numberText(factor, integral)}`;
  context.add(boundError(context.field(), value, integral, text));
}

/**
 * The error of a number that violates a bound or factor. The value and the bound are both printed as integers, or both
 * as floats.
 */
function boundError(field: string, value: Integer, isNative: boolean, text: string): FieldError {
  const shown = numberText(value, isNative);
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${shown}: ${text}` };
}

/** Is value / factor an integer, up to the rounding error of one division? */
function isWhole(value: number, factor: number): boolean {
  const quotient = factor < 1 ? (1 / factor) * value : value / factor;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9 * Math.max(1, Math.abs(quotient));
}

function inRange(value: Integer, type: string | undefined, format: string): boolean {
  if (type === 'integer') {
    if (typeof value === 'number' && !Number.isInteger(value)) return false;
    if (value >= -2147483648 && value <= 2147483647) return true;
    const limit = format === 'int32' ? 2n ** 31n : 2n ** 63n;
    return BigInt(value) < limit && BigInt(value) >= -limit;
  }
  return format !== 'float' || Math.abs(Number(value)) <= 3.4028234663852886e38;
}
