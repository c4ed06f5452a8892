/**
 * Shapes (validators) of JSON values in users' files and requests. A shape reports all mistakes in a value, each with
 * its path.
 */
import { type JsonObject, type JsonValue, isJsonObject, nearestName } from '@typekro/kit/core';
import type { PathStep } from '@typekro/engine/graph';

/** Reports a mistake at a path. If `key` is true, the mistake is in the key of the member and not in its value. */
export type Report = (path: readonly PathStep[], message: string, hint?: string, key?: boolean) => void;

/** Checks a value and reports its mistakes. */
export type Shape = (value: JsonValue, path: readonly PathStep[], report: Report) => void;

/**
 * The shape of values that a predicate accepts.
 *
 * @param what describes the accepted values in the message about any other value
 * @param shown describes the refused value in this message
 */
export function typed(
  what: string,
  accepts: (value: JsonValue) => boolean,
  example: string,
  shown: (value: JsonValue) => string = typeName,
): Shape {
  return (value, path, report) => {
    if (!accepts(value)) report(path, `${lastName(path)} must be ${what}, but is ${shown(value)}`, `write ${example}`);
  };
}

/** Formats a number as the number, and any other value as the name of its type. */
export const numberOrType = (value: JsonValue): string => (typeof value === 'number' ? String(value) : typeName(value));

/** The shape of a string. */
export const textShape = (example: string): Shape => typed('a string', (value) => typeof value === 'string', example);

/** The shape of a boolean. */
export const flag: Shape = typed('true or false', (value) => typeof value === 'boolean', 'true');

/** The shape of a whole number from `least` to `most`. */
export const wholeNumberShape = (least: number, most: number): Shape =>
  typed(
    `a whole number from ${least} to ${most}`,
    (value) => typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most,
    String(least),
    numberOrType,
  );

/** The shape of any JSON object. */
export const anyObject = (example: string): Shape => typed('an object', isJsonObject, example);

/** The shape of one of the given strings. */
export function oneOf(...choices: readonly string[]): Shape {
  return (value, path, report) => {
    if (typeof value === 'string' && choices.includes(value)) return;
    const near = typeof value === 'string' ? nearestName(value, choices) : undefined;
    const hint = near === undefined ? `write one of ${choices.join(', ')}` : `did you mean ${near}?`;
    report(path, `${lastName(path)} cannot be ${typeof value === 'string' ? `"${value}"` : typeName(value)}`, hint);
  };
}

/** The shape of a list whose elements have the shape `entry`. */
export function listShape(entry: Shape, example: string): Shape {
  return (value, path, report) => {
    if (!Array.isArray(value)) {
      report(path, `${lastName(path)} must be a list, but is ${typeName(value)}`, `write ${example}`);
      return;
    }
    for (const [index, each] of value.entries()) entry(each, [...path, index], report);
  };
}

/**
 * The shape of an object with arbitrary keys. `keyShape` checks each key, and gets the path of the member with this
 * key.
 */
export function mapShape(
  entry: Shape,
  example: string,
  keyShape?: (key: string, path: readonly PathStep[], report: Report) => void,
): Shape {
  return (value, path, report) => {
    if (!isJsonObject(value)) {
      report(path, `${lastName(path)} must be an object, but is ${typeName(value)}`, `write ${example}`);
      return;
    }
    for (const [key, each] of Object.entries(value)) {
      keyShape?.(key, [...path, key], report);
      if (each !== undefined) entry(each, [...path, key], report);
    }
  };
}

/** The shape of an object with known members. */
export function members(shapes: Readonly<Record<string, Shape>>, required: readonly string[] = []): Shape {
  return (value, path, report) => {
    if (!isJsonObject(value)) {
      const known = Object.keys(shapes).join(', ');
      report(path, `${lastName(path)} must be an object, but is ${typeName(value)}`, `its members can be ${known}`);
      return;
    }
    for (const name of required) {
      if (!Object.hasOwn(value, name)) report(path, `"${name}" is missing`, `add ${name}: …`);
    }
    for (const [key, each] of Object.entries(value)) {
      const shape = Object.hasOwn(shapes, key) ? shapes[key] : undefined;
      if (shape !== undefined && each !== undefined) shape(each, [...path, key], report);
      else if (shape === undefined)
        report([...path, key], `there is no field "${key}" here`, fieldHint(key, Object.keys(shapes)), true);
    }
  };
}

/**
 * A shape that checks a value with the shape for its JSON type. `what` describes the allowed types in the message about
 * any other type.
 */
export function either(shapes: Partial<Record<TypeName, Shape>>, what: string, example: string): Shape {
  return (value, path, report) => {
    const shape = shapes[typeName(value)];
    if (shape === undefined)
      report(path, `${lastName(path)} must be ${what}, but is ${typeName(value)}`, `write ${example}`);
    else shape(value, path, report);
  };
}

/** The remedy for an unknown name. */
export function fieldHint(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return near === undefined ? `write one of ${known.join(', ')}` : `did you mean ${near}?`;
}

/** A shape that accepts every value. */
export const anything: Shape = () => {};

const TYPE_NAMES = ['a string', 'a number', 'true or false', 'a list', 'an object', 'null'] as const;
type TypeName = (typeof TYPE_NAMES)[number];

/** The type of a value in words. */
export function typeName(value: JsonValue): TypeName {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'object' ? 'an object' : 'a number';
}

/** The name of the value at a path, for messages. */
function lastName(path: readonly PathStep[]): string {
  const names = path.filter((step) => typeof step === 'string');
  const name = names.at(-1);
  if (name === undefined) return 'the document';
  return typeof path.at(-1) === 'number' ? `an entry of "${name}"` : `"${name}"`;
}

/** Reads an own member of a checked object. */
export function memberShape(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
