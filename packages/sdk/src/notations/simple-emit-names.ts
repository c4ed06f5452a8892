import { jsonEquals } from '@typekro/kit/core';

/** A field of a SimpleSchema block: a type with markers, or nested fields. */
export type SimpleValue = string | SimpleBlock;

/** Nested fields, by name. */
export interface SimpleBlock {
  readonly [field: string]: SimpleValue;
}

/** The names of built-in types, which custom types may not have. */
const BUILT_IN_TYPES = new Set(['string', 'integer', 'boolean', 'float', 'object', 'map']);

/**
 * The custom types of one conversion. Equal types share a name, also if the order of their fields differs; different
 * types have different names.
 */
export class TypeNames {
  readonly #byName = new Map<string, SimpleValue>();

  /**
   * The name of a type with this content. If the same content already has a name, returns this name. For new content,
   * the name consists of the letters and digits of `wanted`, with a number appended if the name is taken.
   */
  define(value: SimpleValue, wanted: string): string {
    for (const [known, content] of this.#byName) if (jsonEquals(content, value)) return known;
    const base = wanted.replaceAll(/[^A-Za-z0-9]+/g, '') || 'Type';
    let name = base;
    for (let number = 2; this.#byName.has(name) || BUILT_IN_TYPES.has(name); number += 1) name = `${base}${number}`;
    this.#byName.set(name, value);
    return name;
  }

  types(): SimpleBlock {
    return Object.fromEntries(this.#byName);
  }
}
