import type { Schema } from '@typekro/engine/schema';
import { toTypeScript } from '../../notations/to-typescript.ts';
import { singular } from './identifiers.ts';
import { pascalCase, getOrInsert } from '@typekro/kit/core';

/**
 * A part of a file: the spec or the status of a kind, or all fields of the kind. Only specs and statuses have a type
 * with a name.
 */
export interface FilePart {
  readonly name?: string;
  /** The prefix for the type names of objects inside the part: the name of the kind. */
  readonly base: string;
  readonly schema: Schema;
}

/** The objects that occur more than once in a file. */
export interface SharedParts {
  /**
   * The type name of an object: of a shared object, and of a spec or status with a name. Undefined for any other
   * object.
   */
  readonly nameOf: (schema: Schema) => string | undefined;
  /**
   * The declarations of the shared types. A shared object that is itself a part of the file is not included, because
   * that part declares it.
   */
  readonly declarations: readonly string[];
}

/**
 * The minimum number of members of a shared type, including nested members. Smaller objects are easier to read inline.
 */
const MIN_MEMBERS = 3;
/** The maximum depth to which types are written. */
const MAX_DEPTH = 40;

/**
 * Finds the object types that would be written more than once in a file. The name of a type has two parts: the first
 * kind that has the type, and the member that contains the type. An example is `CertificateIssuerRef`. Two objects
 * share a type when their types and the descriptions of their members are equal, and the same members have a default.
 * `takeName` makes a wanted name unique in the file.
 */
export function sharedParts(parts: readonly FilePart[], takeName: (wanted: string) => string): SharedParts {
  const shapes = new Shapes();
  const names = new Map<Shape, string>();
  for (const { name, schema } of parts) {
    const shape = shapes.of(schema);
    if (name !== undefined && shape.isObject && !names.has(shape)) names.set(shape, name);
  }
  const uses = new Map<Shape, Uses>();
  for (const { name, base, schema } of parts) {
    const written = names.get(shapes.of(schema));
    if (name === undefined || written === undefined || written === name)
      countUses(schema, base, { shapes, names, uses });
  }
  const declared: { readonly name: string; readonly schema: Schema }[] = [];
  for (const [shape, { count, wanted, schema }] of uses) {
    if (count < 2) continue;
    const name = takeName(wanted);
    names.set(shape, name);
    declared.push({ name, schema });
  }
  const nameOf = (schema: Schema) => names.get(shapes.of(schema));
  // Each use has its own description and nullability, so they are not part of the shared type.
  const declarations = declared.map(({ name, schema: { description: _, nullable: __, ...type } }) =>
    toTypeScript(type, { name, input: true, external: (node) => (node === type ? undefined : nameOf(node)) }),
  );
  return { nameOf, declarations };
}

interface Uses {
  count: number;
  readonly wanted: string;
  readonly schema: Schema;
}

/** Counts how often each object would be written if every other object were written once. */
function countUses(
  part: Schema,
  base: string,
  known: { readonly shapes: Shapes; readonly names: ReadonlyMap<Shape, string>; readonly uses: Map<Shape, Uses> },
): void {
  const { shapes, names, uses } = known;
  const visit = (schema: Schema, holder: string, depth: number): void => {
    const shape = shapes.of(schema);
    if (depth > MAX_DEPTH || (depth > 0 && names.has(shape))) return;
    if (depth > 0 && shape.isObject && shape.members >= MIN_MEMBERS) {
      const before = uses.get(shape);
      if (before !== undefined) {
        before.count += 1;
        return;
      }
      uses.set(shape, { count: 1, wanted: base + pascalCase(holder), schema });
    }
    for (const [name, child] of Object.entries(schema.properties ?? {})) visit(child, name, depth + 1);
    for (const child of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) visit(child, holder, depth + 1);
    for (const child of [schema.items, schema.additionalProperties])
      if (typeof child === 'object') visit(child, singular(holder), depth + 1);
  };
  visit(part, '', 0);
}

/** The shape of a type. Equal types have the same shape object, so shapes are compared by identity. */
interface Shape {
  readonly id: number;
  readonly isObject: boolean;
  /** The number of members of the object and of all objects inside it. */
  readonly members: number;
}

/** Finds the shape of a schema. Equal schemas have the same shape; each schema is analysed once. */
class Shapes {
  readonly #known = new WeakMap<Schema, Shape>();
  readonly #byKey = new Map<string, Shape>();

  of(schema: Schema, depth = 0): Shape {
    return getOrInsert(this.#known, schema, () =>
      depth > MAX_DEPTH ? this.#shapeOf('deeper', false, 0) : this.#make(schema, depth),
    );
  }

  #make(schema: Schema, depth: number): Shape {
    const { type, format, enum: values, required, properties, items, additionalProperties } = schema;
    const inner = (child: Schema | boolean | undefined) =>
      typeof child === 'object' ? this.#inner(child, depth) : child;
    const members = Object.entries(properties ?? {}).map(
      ([name, child]) => [name, child.description, child.default !== undefined, this.#inner(child, depth)] as const,
    );
    const rest = [items, additionalProperties, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].map(inner);
    const flags = [schema['x-kubernetes-int-or-string'], schema['x-kubernetes-preserve-unknown-fields']];
    const key = JSON.stringify([type, format, values, required, flags, members, rest], withIntegers);
    const inside = [...members.map(([, , , child]) => child), ...rest].filter((child) => Array.isArray(child));
    const count = inside.reduce((sum, [, , members]) => sum + members, members.length);
    return this.#shapeOf(key, members.length > 0, count);
  }

  /**
   * The entry of a child schema in the key of its parent: the id of its shape, whether it may be null, and its number
   * of members.
   */
  #inner(child: Schema, depth: number): readonly [id: number, nullable: boolean, members: number] {
    const { id, members } = this.of(child, depth + 1);
    return [id, child.nullable === true, members];
  }

  #shapeOf(key: string, isObject: boolean, members: number): Shape {
    return getOrInsert(this.#byKey, key, () => ({ id: this.#byKey.size, isObject, members }));
  }
}

/** A replacer that writes bigints (integers beyond 2^53) as strings, because `JSON.stringify` throws for a bigint. */
const withIntegers = (_name: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);
