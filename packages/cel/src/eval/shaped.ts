import { type JsonValue, stringifyJson } from '@typekro/kit/core';
import type { DataShape } from '../shape.ts';
import type { Meter, Value, ValueObject } from '../values.ts';
import {
  CelErrorValue,
  CelMap,
  EvalFailure,
  ListView,
  MapView,
  boxDouble,
  elementsOf,
  entriesOf,
  fail,
  getProperty,
  isObject,
  rawData,
} from '../values.ts';
import { adopt, adoptAny } from './adopt.ts';
import { sameData } from './same-data.ts';
import { equal } from '../lib/equal.ts';
import { escapeFieldName, unescapeFieldName } from './field-names.ts';

/** A list of data from outside CEL. Its shape (its schema) decides how elements are read. */
export class ShapedList extends ListView {
  readonly data: readonly unknown[];
  readonly shape: DataShape;

  constructor(data: readonly unknown[], shape: DataShape) {
    super();
    this.data = data;
    this.shape = shape;
  }

  elements(): readonly Value[] {
    const element = this.shape.element?.();
    return this.data.map((data) => readElement(data, element));
  }

  at(index: number): Value | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.data.length) return undefined;
    return readElement(this.data[index], this.shape.element?.());
  }

  raw(): readonly unknown[] {
    return this.data;
  }

  /**
   * Equality with this list as the left operand. The order of elements is ignored if this list, the left operand, has
   * the list type `set` or `map`. The list type of the right operand has no effect.
   */
  equals(other: Value, meter: Meter): boolean {
    const others = elementsOf(other);
    if (others === undefined) return fail('no such overload');
    if (this.data.length !== others.length) return false;
    if (this.shape.listType === 'set') {
      const set = new Set<unknown>(this.data);
      return others.every((element) => set.has(rawData(element)));
    }
    if (this.shape.listType === 'map') return this.#equalsByKey(others, meter);
    return this.elements().every((element, index) => equal(raise(element), raise(others[index] as Value), meter));
  }

  #equalsByKey(others: readonly Value[], meter: Meter): boolean {
    const byKey = new Map(this.data.map((data) => [this.#keyOf(data), data] as const));
    const element = this.shape.element?.();
    return others.every((other) => {
      const key = this.#keyOf(rawData(other));
      if (!byKey.has(key) || element === undefined) return false;
      return equal(raise(adoptValue(byKey.get(key), element)), raise(other), meter);
    });
  }

  /**
   * Returns the list map keys of an element as one string. Keys of different types have different strings. An absent
   * key counts as null.
   */
  #keyOf(data: unknown): string {
    const object = typeof data === 'object' && data !== null ? (data as ValueObject) : {};
    return stringifyJson((this.shape.mapKeys ?? []).map((key) => (getProperty(object, key) ?? null) as JsonValue));
  }

  /**
   * `+` with this list as the left operand. For a list of type `set` or `map`, the elements are merged; for any other
   * list they are appended. The elements are not converted.
   */
  plus(other: Value): ShapedList {
    const others = elementsOf(other)?.map(rawData) ?? fail('no such overload');
    if (this.shape.listType === 'set') {
      const seen = new Set<unknown>(this.data);
      const added = others.filter((data) => !seen.has(data) && seen.add(data));
      return new ShapedList([...this.data, ...added], this.shape);
    }
    const joined = [...this.data];
    if (this.shape.listType !== 'map') return new ShapedList([...joined, ...others], this.shape);
    const places = new Map(joined.map((data, index) => [this.#keyOf(data), index] as const));
    for (const data of others) {
      const place = places.get(this.#keyOf(data));
      if (place === undefined) joined.push(data);
      else joined[place] = data;
    }
    return new ShapedList(joined, this.shape);
  }
}

/** An object or map of data from outside CEL. Its shape (its schema) decides how members are read. */
export class ShapedMap extends MapView {
  readonly data: Readonly<Record<string, unknown>>;
  readonly shape: DataShape;

  constructor(data: Readonly<Record<string, unknown>>, shape: DataShape) {
    super();
    this.data = data;
    this.shape = shape;
  }

  get size(): number {
    return Object.keys(this.data).length;
  }

  keys(): readonly string[] {
    const names = Object.keys(this.data);
    return this.shape.kind === 'object' ? names.map((name) => escapeFieldName(name) ?? name) : names;
  }

  /**
   * The value of a key. In objects, null counts as absent, and a key is a field name as expressions write it (escaped).
   */
  get(key: string): Value | undefined {
    const declared = this.shape.field?.(key);
    if (declared !== undefined) {
      const data = Object.hasOwn(this.data, declared.name) ? this.data[declared.name] : undefined;
      return data === undefined || data === null ? undefined : adoptValue(data, declared.shape);
    }
    const isObjectShape = this.shape.kind === 'object';
    const name = isObjectShape ? unescapeFieldName(key) : key;
    if (name === undefined || !Object.hasOwn(this.data, name)) return undefined;
    const data = this.data[name];
    if (data === undefined || (isObjectShape && data === null)) return undefined;
    return readElement(data, this.#shapeOf(name));
  }

  #shapeOf(name: string): DataShape | undefined {
    return this.shape.kind === 'object' ? this.shape.property?.(name) : this.shape.element?.();
  }

  raw(): ValueObject {
    return this.data as ValueObject;
  }

  equals(other: Value, meter: Meter): boolean {
    const find = finder(other);
    if (find === undefined) return fail('no such overload');
    if (this.size !== find.size) return false;
    return Object.keys(this.data).every((name) => {
      if (this.#shapeOf(name) === undefined) {
        if (!(other instanceof ShapedMap)) return fail('no such overload');
        return !Object.hasOwn(other.data, name) || sameData(this.data[name], other.data[name], meter);
      }
      const ownMember = this.get(name);
      const otherMember = find.get(name);
      if (ownMember === undefined || otherMember === undefined) return ownMember === otherMember;
      return equal(raise(ownMember), raise(otherMember), meter);
    });
  }
}

/** The value of one element or member; data without a shape is converted without a schema. */
function readElement(data: unknown, shape: DataShape | undefined): Value {
  return shape === undefined ? adoptAny(data) : adoptValue(data, shape);
}

/** Returns the size and a lookup function of a map; undefined for a value that is not a map. */
function finder(map: Value): { size: number; get(key: string): Value | undefined } | undefined {
  if (map instanceof MapView || map instanceof CelMap) return map;
  if (!isObject(map)) return undefined;
  return { size: entriesOf(map)?.length ?? 0, get: (key) => getProperty(map, key) };
}

/** Returns the value. Throws the failure of an error value. */
export function raise(value: Value): Value {
  return value instanceof CelErrorValue ? fail(value.message) : value;
}

/**
 * Converts adopted data to a self-describing value, whose CEL type is known without its shape. A container becomes a
 * view, and a double that is a safe integer becomes a `CelDouble`.
 */
export function selfDescribing(adopted: unknown, shape: DataShape): Value {
  if (adopted === null) return null;
  switch (shape.kind) {
    case 'object':
    case 'map':
      return new ShapedMap(adopted as Readonly<Record<string, unknown>>, shape);
    case 'list':
      return new ShapedList(adopted as readonly unknown[], shape);
    case 'double':
      return boxDouble(adopted as number);
    default:
      return adopted as Value;
  }
}

/**
 * Converts data to a self-describing value. Data that does not have the shape becomes an error value, and an operation
 * that reads this value throws the error.
 */
export function adoptValue(data: unknown, shape: DataShape): Value {
  try {
    return selfDescribing(adopt(data, shape), shape);
  } catch (thrown) {
    if (thrown instanceof EvalFailure && !thrown.fatal) return new CelErrorValue(thrown.message);
    throw thrown;
  }
}
