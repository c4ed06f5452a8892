import { definitionNameOf } from './json-schema-nodes.ts';
import type { Schema } from '@typekro/engine/schema';
import { type JsonValue, pascalCase } from '@typekro/kit/core';

/** The options of `toTypeScript`. */
export interface TypeScriptOptions {
  /** Name of the schema's own type. The names of types for unnamed parts begin with this name. */
  readonly name: string;
  /**
   * Returns the name of an existing type for a part of the schema, for example `ObjectMeta`. The declarations use this
   * name, and the caller must import it. Default: no type is external.
   */
  readonly external?: (schema: Schema) => string | undefined;
  /** Write descriptions as doc comments. Default true. */
  readonly comments?: boolean;
  /**
   * Are the types for function arguments? If so, optional members accept `undefined`, and lists may be read-only.
   * Default false.
   */
  readonly input?: boolean;
}

/** The maximum nesting depth; deeper parts become `unknown`. */
const MAX_DEPTH = 40;

/**
 * Generates TypeScript declarations for the objects that a schema describes. All declarations are exported, and the
 * first one has the given name. Each part that is recursive or named has a separate declaration. Enums become unions of
 * literals, and maps become `Record<string, …>`. Free-form objects become `Record<string, unknown>`, and other
 * free-form parts become `unknown`.
 */
export function toTypeScript(schema: Schema, options: TypeScriptOptions): string {
  return new Writer(options).write(schema);
}

class Writer {
  readonly #options: TypeScriptOptions;
  readonly #names = new Map<object, string>();
  readonly #taken = new Set<string>();
  readonly #pending: { name: string; schema: Schema }[] = [];
  readonly #declarations: string[] = [];

  constructor(options: TypeScriptOptions) {
    this.#options = options;
  }

  write(schema: Schema): string {
    for (const [part, path] of selfContaining(schema)) this.#name(part, path);
    this.#declare(schema, this.#name(schema, []));
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      this.#declare(next.schema, next.name);
    }
    return this.#declarations.join('\n');
  }

  /**
   * Reserves a name for a part of the schema. Copies of a part share `properties`, and therefore have the same name.
   */
  #name(schema: Schema, path: readonly string[]): string {
    const identity = identityOf(schema);
    const known = this.#names.get(identity);
    if (known !== undefined) return known;
    const base = legalName(definitionNameOf(schema)) ?? this.#options.name + path.map(pascalCase).join('');
    let name = base;
    for (let number = 2; this.#taken.has(name); number += 1) name = `${base}${number}`;
    this.#taken.add(name);
    this.#names.set(identity, name);
    return name;
  }

  #declare(schema: Schema, name: string): void {
    const comment = this.#comment(schema, '');
    const body = this.#type(schema, '', 0, true);
    const declared =
      body.startsWith('{') && body.endsWith('}')
        ? `export interface ${name} ${body}`
        : `export type ${name} = ${body};`;
    this.#declarations.push(`${comment}${declared}\n`);
  }

  #comment(schema: Schema, indent: string): string {
    const text = schema.description?.trim() ?? '';
    if (this.#options.comments === false || text === '') return '';
    return docComment(text, indent);
  }

  #type(schema: Schema, indent: string, depth: number, declaring = false): string {
    const external = this.#options.external?.(schema);
    if (external !== undefined) return schema.nullable === true ? `${external} | null` : external;
    if (depth > MAX_DEPTH) return 'unknown';
    const named = this.#names.get(identityOf(schema));
    const isDefinition = schema.properties !== undefined && definitionNameOf(schema) !== undefined;
    const name = named ?? (isDefinition ? this.#name(schema, []) : undefined);
    const type = declaring || name === undefined ? this.#plain(schema, indent, depth) : this.#refer(schema, name);
    // `null` is added where a part is used, and not in its declaration, because some uses may not be nullable.
    const isNullable = schema.nullable === true && type !== 'unknown' && (!declaring || named === this.#options.name);
    return isNullable ? `${type} | null` : type;
  }

  readonly #declared = new Set<string>();

  #refer(schema: Schema, name: string): string {
    if (name !== this.#options.name && !this.#declared.has(name)) {
      this.#declared.add(name);
      this.#pending.push({ name, schema });
    }
    return name;
  }

  #plain(schema: Schema, indent: string, depth: number): string {
    if (Array.isArray(schema.enum) && schema.enum.length > 0) return literals(schema.enum as readonly JsonValue[]);
    if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string') return 'number | string';
    const alternatives = schema.properties === undefined ? (schema.anyOf ?? schema.oneOf) : undefined;
    if (alternatives !== undefined && alternatives.some((entry) => entry.type !== undefined)) {
      return [...new Set(alternatives.map((entry) => this.#type(entry, indent, depth + 1)))].join(' | ');
    }
    switch (schema.type) {
      case 'string':
        return 'string';
      case 'integer':
      case 'number':
        return 'number';
      case 'boolean':
        return 'boolean';
      case 'array': {
        const item = schema.items === undefined ? 'unknown' : this.#type(schema.items, indent, depth + 1);
        const list = /^[\w.]+$/.test(item) ? `${item}[]` : `(${item})[]`;
        return this.#options.input === true ? `readonly ${list}` : list;
      }
      default:
        return this.#object(schema, indent, depth);
    }
  }

  #object(schema: Schema, indent: string, depth: number): string {
    const { properties, additionalProperties } = schema;
    const open = schema['x-kubernetes-preserve-unknown-fields'] === true || additionalProperties === true;
    const names = Object.keys(properties ?? {});
    if (names.length === 0) {
      if (typeof additionalProperties === 'object')
        return `Record<string, ${this.#type(additionalProperties, indent, depth + 1)}>`;
      return schema.type === 'object' ? 'Record<string, unknown>' : 'unknown';
    }
    const required = new Set(schema.required);
    const inner = `${indent}  `;
    const lines = names.map((name) => {
      const child = properties?.[name] ?? {};
      const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
      const type = this.#type(child, inner, depth + 1);
      const absent = this.#options.input === true && type !== 'unknown' ? ` | undefined${inherited(name)}` : '';
      // A caller may omit a member with a default, although the stored object always has it.
      const needed = required.has(name) && (this.#options.input !== true || child.default === undefined);
      const text = needed ? `${key}: ${type};` : `${key}?: ${type}${absent};`;
      return `${this.#comment(child, inner)}${inner}${text}\n`;
    });
    if (open || typeof additionalProperties === 'object') lines.push(`${inner}[field: string]: unknown;\n`);
    return `{\n${lines.join('')}${indent}}`;
  }
}

/**
 * Formats a string as a doc comment, followed by a line break. The string is escaped, so that it cannot end the comment
 * or contain a tag.
 */
export function docComment(text: string, indent = ''): string {
  const lines = text
    .trim()
    .replaceAll('*/', '*\\/')
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map((line) => line.trimEnd().replace(/^(\s*)@/, '$1\\@'));
  if (lines.length === 1) return `${indent}/** ${lines[0] ?? ''} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} *${line === '' ? '' : ` ${line}`}\n`).join('')}${indent} */\n`;
}

/** Converts the name of a schema in `$defs` to a valid type name; undefined if the name has no letter. */
function legalName(definition: string | undefined): string | undefined {
  if (definition === undefined) return undefined;
  if (/^[A-Z][A-Za-z0-9_]*$/.test(definition) && !GLOBAL_TYPES.has(definition)) return definition;
  const name = pascalCase(definition).replace(/^\d+/, '');
  return name === '' ? undefined : GLOBAL_TYPES.has(name) ? `${name}Type` : name;
}

/** The members that every object inherits. An optional member with such a name must accept the inherited type. */
const INHERITED: ReadonlySet<string> = new Set([
  'constructor',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
  'toString',
  'valueOf',
]);
const inherited = (name: string): string => (INHERITED.has(name) ? ` | Object["${name}"]` : '');

/** Global types that generated code uses. Declared types may not have these names. */
const GLOBAL_TYPES: ReadonlySet<string> = new Set(['Record', 'Array', 'Object', 'Readonly', 'Omit']);

const identityOf = (schema: Schema): object => schema.properties ?? schema;

const literals = (values: readonly JsonValue[]): string =>
  [
    ...new Set(
      values.map((value) =>
        typeof value === 'object' && value !== null
          ? 'unknown'
          : typeof value === 'bigint'
            ? 'number'
            : JSON.stringify(value),
      ),
    ),
  ].join(' | ');

/**
 * The parts of the schema that contain themselves, except the root. Maps each part to the path on which the search
 * first reaches it.
 */
function selfContaining(root: Schema): Map<Schema, string[]> {
  const found = new Map<Schema, string[]>();
  const open = new Map<object, { schema: Schema; path: string[] }>();
  const done = new Set<object>();
  const visit = (schema: Schema, path: string[]): void => {
    const identity = identityOf(schema);
    const above = open.get(identity);
    if (above !== undefined) {
      if (above.path.length > 0) found.set(above.schema, above.path);
      return;
    }
    if (done.has(identity) || path.length > MAX_DEPTH * 2) return;
    open.set(identity, { schema, path });
    for (const [name, child] of Object.entries(schema.properties ?? {})) visit(child, [...path, name]);
    if (schema.items !== undefined) visit(schema.items, path.length === 0 ? ['item'] : path);
    if (typeof schema.additionalProperties === 'object')
      visit(schema.additionalProperties, path.length === 0 ? ['value'] : path);
    open.delete(identity);
    done.add(identity);
  };
  visit(root, []);
  return found;
}
