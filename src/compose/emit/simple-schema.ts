import type { Diagnostic, JsonObject, JsonValue } from '../../core/index.ts';
import { stringifyJson } from '../../core/index.ts';
import type { Schema } from '../../schema/index.ts';
import { specType } from '../library/schema-type.ts';
import { pascalCase } from './names.ts';

/** A spec as SimpleSchema: the block, the named types it uses, and what could not be said in it. */
export interface SimpleSchemaOut {
  readonly spec: JsonObject;
  readonly types: JsonObject;
  readonly diagnostics: readonly Diagnostic[];
}

/** Rules that fields get besides those of their schema: CEL over `self` by dotted path. */
export type FieldRules = ReadonlyMap<string, readonly string[]>;

/**
 * Writes an object schema as SimpleSchema. Numbers that a graph uses as integers are integers; elements of
 * lists and maps that are objects, or have bounds of their own, become named types.
 */
export function toSimpleSchema(schema: Schema, rules: FieldRules, required: ReadonlySet<string>): SimpleSchemaOut {
  const writer = new SimpleSchemaWriter(rules, required);
  const spec = writer.block(schema, '', 0);
  return { spec, types: writer.types, diagnostics: writer.diagnostics };
}

const MAX_DEPTH = 32;

class SimpleSchemaWriter {
  readonly types: JsonObject = {};
  readonly diagnostics: Diagnostic[] = [];
  private readonly rules: FieldRules;
  private readonly required: ReadonlySet<string>;

  constructor(rules: FieldRules, required: ReadonlySet<string>) {
    this.rules = rules;
    this.required = required;
  }

  /** The fields of an object. */
  block(schema: Schema, path: string, depth: number): JsonObject {
    const block: JsonObject = {};
    const needed = new Set(schema.required);
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      const inner = path === '' ? name : `${path}.${name}`;
      const must = (needed.has(name) && field.default === undefined) || this.required.has(inner);
      block[name] = this.field(field, inner, must, depth + 1);
    }
    return block;
  }

  private field(schema: Schema, path: string, required: boolean, depth: number): JsonValue {
    const rules = this.rules.get(path) ?? [];
    if (isStruct(schema)) {
      if (depth > MAX_DEPTH) return 'object';
      const plain = !required && rules.length === 0 && schema.default === undefined;
      if (plain) return this.block(schema, path, depth);
      // Markers have no place on a nested block: the block becomes a named type.
      return withMarkers(this.named(path, this.block(schema, path, depth)), this.markers(schema, required, rules));
    }
    return withMarkers(this.typeOf(schema, path, depth), [
      ...this.markers(schema, required, rules),
      ...this.bounds(schema),
    ]);
  }

  private named(path: string, body: JsonValue): string {
    const base = pascalCase(path.replaceAll('.', '-')) || 'Item';
    let name = base;
    for (let suffix = 2; Object.hasOwn(this.types, name); suffix++) name = `${base}${suffix}`;
    this.types[name] = body;
    return name;
  }

  private typeOf(schema: Schema, path: string, depth: number): string {
    const type = specType(schema);
    switch (type.kind) {
      case 'string':
        return 'string';
      case 'bool':
        return 'boolean';
      case 'number':
        return type.number.state === 'int' ? 'integer' : 'float';
      case 'list':
        return `[]${this.element(schema.items, `${path}.item`, depth)}`;
      case 'map': {
        const values = schema.additionalProperties;
        return `map[string]${this.element(typeof values === 'object' ? values : undefined, `${path}.value`, depth)}`;
      }
      default:
        return 'object';
    }
  }

  /** The type of elements: objects and bounded scalars are named types. */
  private element(schema: Schema | undefined, path: string, depth: number): string {
    if (schema === undefined || depth > MAX_DEPTH) return 'object';
    const singular = path.replace(/s\.item$/, '').replace(/\.item$/, '');
    if (isStruct(schema)) return this.named(singular, this.block(schema, path, depth + 1));
    const bounds = this.bounds(schema);
    const type = this.typeOf(schema, path, depth + 1);
    return bounds.length === 0 ? type : this.named(singular, withMarkers(type, bounds));
  }

  private markers(schema: Schema, required: boolean, rules: readonly string[]): string[] {
    const markers: string[] = [];
    if (required) markers.push('required=true');
    if (schema.default !== undefined) markers.push(`default=${defaultText(schema.default)}`);
    if (schema.description !== undefined && schema.description !== '')
      markers.push(`description=${quoted(schema.description)}`);
    return [...markers, ...rules.map((rule) => `validation=${quoted(rule)}`)];
  }

  /** Enumerations and bounds of scalars and lists. */
  private bounds(schema: Schema): string[] {
    const markers: string[] = [];
    const values = schema.enum;
    if (values !== undefined) {
      if (values.every((value) => typeof value !== 'string' || !/[,\s]/.test(value) || !value.includes(','))) {
        markers.push(`enum=${quoted([...values].map(String).sort().join(','))}`);
      } else markers.push(`validation=${quoted(`self in ${stringifyJson([...values])}`)}`);
    }
    if (schema.pattern !== undefined) markers.push(`pattern=${quoted(schema.pattern)}`);
    const exclusive = (name: 'minimum' | 'maximum', flag: boolean | undefined, operator: string) => {
      const bound = schema[name];
      if (bound === undefined) return;
      if (flag === true) markers.push(`validation=${quoted(`double(self) ${operator} double(${bound})`)}`);
      else markers.push(`${name}=${bound}`);
    };
    exclusive('minimum', schema.exclusiveMinimum, '>');
    exclusive('maximum', schema.exclusiveMaximum, '<');
    if (schema.type === 'string')
      for (const name of ['minLength', 'maxLength'] as const)
        if (schema[name] !== undefined) markers.push(`${name}=${schema[name]}`);
    if (schema.type === 'array')
      for (const name of ['minItems', 'maxItems'] as const)
        if (schema[name] !== undefined) markers.push(`${name}=${schema[name]}`);
    if (schema.multipleOf !== undefined && Number.isInteger(schema.multipleOf) && specType(schema).kind === 'number') {
      markers.push(`validation=${quoted(`int(self) % ${schema.multipleOf} == 0`)}`);
    }
    return markers;
  }
}

function isStruct(schema: Schema): boolean {
  return schema.properties !== undefined && Object.keys(schema.properties).length > 0;
}

function withMarkers(type: string, markers: readonly string[]): string {
  return markers.length === 0 ? type : `${type} | ${markers.join(' ')}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** A default as markers write it: texts in quotes, everything else as JSON. */
function defaultText(value: JsonValue): string {
  if (typeof value === 'string') return quoted(stringifyJson(value).slice(1, -1));
  return stringifyJson(value);
}
