import type { Diagnostic } from '@typekro/kit/core';
import { definitionNameOf } from './json-schema-nodes.ts';
import { type Schema, Marker } from '@typekro/engine/schema';
import { EmitProblem, markersOf } from './simple-emit-markers.ts';
import { type SimpleValue, type SimpleBlock, TypeNames } from './simple-emit-names.ts';
import { mergeUnion } from './simple-emit-union.ts';

/** The SimpleSchema of a schema, or the problems of the conversion. */
export type SimpleEmission =
  | {
      readonly ok: true;
      readonly spec: SimpleBlock;
      readonly types: SimpleBlock;
      readonly diagnostics: readonly Diagnostic[];
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** The options of {@link toSimpleSchema}. */
export interface SimpleEmitOptions {
  /**
   * The form of a nested object that is required, described or constrained. Such an object needs markers, and a field
   * with nested fields cannot have markers. `types` (default): the object becomes a custom type. `inline`: the object
   * is written as nested fields, and its requirement and description are dropped; a constrained object still becomes a
   * custom type.
   */
  readonly nested?: 'types' | 'inline';
  /**
   * Returns properties of a field in addition to its schema. Called once per declared field. The path has `[]` for list
   * elements and `.*` for map values (`ports[].name`). Default: no additional properties.
   */
  readonly field?: (path: string, schema: Schema) => FieldKnowledge | undefined;
  /** Is a number used as an integer? Called for every `number`, including elements of lists and maps. Default: no. */
  readonly isInteger?: (schema: Schema) => boolean;
}

/** Properties of a field that are not in its schema. */
export interface FieldKnowledge {
  /** Is the field required, even if the schema does not require it? Such a field refuses null. */
  readonly required?: boolean;
  /** CEL rules over `self`, which become `validation` markers. */
  readonly rules?: readonly string[];
}

/**
 * Converts the schema of a spec to kro's SimpleSchema: the `spec` block and the custom `types` that the block uses.
 * Parsing the result yields an equivalent schema, except for nullability, rare formats, and the properties that
 * `nested: 'inline'` drops. Markers express required, default, enum, pattern, bounds, list types, rules and
 * descriptions. Constraints without a marker become CEL rules: enums of numbers, exclusive bounds, alternatives. A part
 * that SimpleSchema cannot express causes an error that names the field.
 */
export function toSimpleSchema(schema: Schema, options: SimpleEmitOptions = {}): SimpleEmission {
  const emitter = new Emitter(options);
  const spec = emitter.root(schema);
  const { diagnostics } = emitter;
  if (spec === undefined || diagnostics.some((diagnostic) => diagnostic.severity === 'error'))
    return { ok: false, diagnostics };
  return { ok: true, spec, types: emitter.names.types(), diagnostics };
}

/** A type expression or the fields of an object, and the markers of this type. */
interface Described {
  readonly type: SimpleValue;
  readonly markers: readonly string[];
}

const MAX_DEPTH = 100;

class Emitter {
  readonly diagnostics: Diagnostic[] = [];
  readonly names = new TypeNames();
  readonly #options: SimpleEmitOptions;
  /**
   * The schemas that are being converted, identified by their `properties` objects, which copies of a schema share. A
   * schema that is reached again is recursive.
   */
  readonly #open = new Set<object>();

  constructor(options: SimpleEmitOptions) {
    this.#options = options;
  }

  root(schema: Schema): SimpleBlock | undefined {
    const described = this.#describe(schema, '', 'Spec');
    if (described === undefined) return undefined;
    if (typeof described.type === 'string') {
      this.#error('', 'not-an-object', 'the spec must be an object with fields');
      return undefined;
    }
    // SimpleSchema cannot express a description of the whole spec. The default of the spec follows from its fields.
    const [constraint] = described.markers.filter((marker) => !/^(?:description|default)=/.test(marker));
    if (constraint !== undefined) {
      const hint = 'put the fields concerned into one object field; SimpleSchema has rules for fields only';
      this.#error('', 'root-constraint', `the spec as a whole cannot carry ${constraint}`, hint);
    }
    return described.type;
  }

  #error(path: string, code: string, message: string, hint?: string): void {
    const base = {
      code: `schema/${code}`,
      severity: 'error' as const,
      message: path === '' ? message : `field ${path}: ${message}`,
      ...(path === '' ? {} : { path }),
    };
    this.diagnostics.push(hint === undefined ? base : { ...base, hint });
  }

  #warn(path: string, code: string, message: string): void {
    this.diagnostics.push({ code: `schema/${code}`, severity: 'warning', message: `field ${path}: ${message}`, path });
  }

  /** The value of a field: a string, or nested fields if the field has no markers. */
  #field(schema: Schema, isRequired: boolean, path: string, field: string): SimpleValue | undefined {
    const name = typeNameOf(schema) ?? pascalCase(field);
    const known = this.#options.field?.(path, schema);
    const described = this.#describe(schema, path, name);
    if (described === undefined) return undefined;
    const rules = (known?.rules ?? []).map((rule) => `validation=${Marker.quote(rule)}`);
    if (schema.nullable === true && isRequired && known?.required !== true) {
      this.#warn(path, 'nullable', 'null is not kept by the cluster; the field becomes optional');
    }
    const mandatory = known?.required === true || (isRequired && schema.nullable !== true);
    const markers = [...(mandatory ? ['required=true'] : []), ...described.markers, ...rules];
    if (typeof described.type === 'string') return written(described.type, markers);
    const kept =
      this.#options.nested === 'inline'
        ? markers.filter((marker) => !/^(?:required|description)=/.test(marker))
        : markers;
    return kept.length === 0 ? described.type : written(this.names.define(described.type, name), kept);
  }

  #describe(original: Schema, path: string, name: string): Described | undefined {
    const isInteger = original.type === 'number' && this.#options.isInteger?.(original) === true;
    const schema: Schema = isInteger ? { ...original, type: 'integer' } : original;
    const identity: object = schema.properties ?? schema;
    if (this.#open.size > MAX_DEPTH) {
      this.#error(path, 'too-deep', `nested deeper than ${MAX_DEPTH} levels`, 'use object for the inner part');
      return undefined;
    }
    if (this.#open.has(identity)) {
      this.#error(
        path,
        'recursive',
        'the type contains itself, which SimpleSchema cannot express',
        'use object for the inner part',
      );
      return undefined;
    }
    this.#open.add(identity);
    try {
      return this.#describeOpen(schema, path, name);
    } catch (thrown) {
      if (!(thrown instanceof EmitProblem)) throw thrown;
      this.#error(path, thrown.code, thrown.message, thrown.hint);
      return undefined;
    } finally {
      this.#open.delete(identity);
    }
  }

  #describeOpen(schema: Schema, path: string, name: string): Described | undefined {
    if (schema.anyOf !== undefined || schema.oneOf !== undefined) {
      const merged = mergeUnion(schema);
      // Fields that are declared beside the alternatives are already in `#open`, so `#describe` would report a
      // recursive schema.
      const isOpen = merged.properties !== undefined && this.#open.has(merged.properties);
      return isOpen ? this.#describeOpen(merged, path, name) : this.#describe(merged, path, name);
    }
    const type = this.#type(schema, path, name);
    if (type === undefined) return undefined;
    const hasOwnDefault = typeof type !== 'string' && defaultsItself(schema);
    return { type, markers: markersOf(schema, hasOwnDefault) };
  }

  #type(schema: Schema, path: string, name: string): SimpleValue | undefined {
    if (schema['x-kubernetes-int-or-string'] === true) {
      throw new EmitProblem('union', 'SimpleSchema has no type for "integer or string"', 'use string, or integer');
    }
    switch (schema.type) {
      case 'string':
      case 'integer':
      case 'boolean':
        return schema.type;
      case 'number':
        return 'float';
      case 'array':
        return this.#listOf('[]', schema.items, `${path}[]`, singular(name));
      case 'object':
        return this.#object(schema, path, name);
      case undefined:
        throw new EmitProblem(
          'any',
          'SimpleSchema has no type for "any value"',
          'use object for free-form objects, or string',
        );
      default:
        throw new EmitProblem('unsupported-type', `the type ${schema.type} has no form in SimpleSchema`);
    }
  }

  /** The type expression of a list or map. An element with markers or fields becomes a custom type. */
  #listOf(prefix: string, inner: Schema | undefined, path: string, wanted: string): string | undefined {
    if (inner === undefined)
      throw new EmitProblem('any', 'the elements have no type', 'declare the type of the elements');
    const name = typeNameOf(inner) ?? wanted;
    const described = this.#describe(inner, path, name);
    if (described === undefined) return undefined;
    const { type, markers } = described;
    if (inner.nullable === true) this.#warn(path, 'nullable', 'null elements are not allowed by the cluster');
    if (typeof type === 'string')
      return prefix + (markers.length === 0 ? type : this.names.define(written(type, markers), name));
    const base = this.names.define(type, name);
    return prefix + (markers.length === 0 ? base : this.names.define(written(base, markers), name));
  }

  #object(schema: Schema, path: string, name: string): SimpleValue | undefined {
    const { properties = {}, additionalProperties } = schema;
    const open = schema['x-kubernetes-preserve-unknown-fields'] === true || additionalProperties === true;
    const fields = Object.keys(properties);
    if (typeof additionalProperties === 'object') {
      if (fields.length > 0) {
        throw new EmitProblem(
          'open-object',
          'an object with declared fields cannot also have other fields of one type',
          'put the other fields into a separate field',
        );
      }
      return this.#listOf('map[string]', additionalProperties, `${path}.*`, singular(name));
    }
    if (open && fields.length > 0) {
      throw new EmitProblem(
        'open-object',
        'an object with declared fields cannot also have arbitrary other fields',
        'put the other fields into a field of type object',
      );
    }
    if (open) return 'object';
    const required = new Set(schema.required);
    const block: [string, SimpleValue][] = [];
    let failed = false;
    for (const field of fields) {
      const at = path === '' ? field : `${path}.${field}`;
      const value = this.#field(properties[field] ?? {}, required.has(field), at, field);
      if (value === undefined) failed = true;
      else block.push([field, value]);
    }
    return failed ? undefined : Object.fromEntries(block);
  }
}

const written = (type: string, markers: readonly string[]): string =>
  markers.length === 0 ? type : `${type} | ${markers.join(' ')}`;

/**
 * Does kro set the object's default to `{}`? True if no field of the object is required, and at least one field has a
 * default or is itself such an object.
 */
export function defaultsItself(schema: Schema): boolean {
  if (schema.required !== undefined && schema.required.length > 0) return false;
  return Object.values(schema.properties ?? {}).some(
    (child) =>
      child.default !== undefined ||
      (child.type === 'object' && child.properties !== undefined && defaultsItself(child)),
  );
}

/** The author's name for a type: the name of its definition, or a title that is a valid type name. */
function typeNameOf(schema: Schema): string | undefined {
  const title = schema.title;
  return definitionNameOf(schema) ?? (title !== undefined && /^[A-Z][A-Za-z0-9]*$/.test(title) ? title : undefined);
}

function pascalCase(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^[A-Za-z]/.test(joined) ? joined : `Type${joined}`;
}

/** The name for one element of a list or map: `Ports` → `Port`. */
function singular(name: string): string {
  if (/(?:ss|us|is)$/.test(name)) return name;
  if (name.endsWith('ies') && name.length > 4) return `${name.slice(0, -3)}y`;
  if (/(?:[sxz]|ch|sh)es$/.test(name)) return name.slice(0, -2);
  return name.endsWith('s') && name.length > 2 ? name.slice(0, -1) : name;
}
