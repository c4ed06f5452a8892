import { definedMembers, type JsonValue, isJsonObject, nearestName } from '@typekro/kit/core';
import { compareText, goTypeOf } from '@typekro/kit/golang';
import type { FieldStep, Schema } from '../model.ts';
import { type GatedMarkerKey, type LexError, type Marker, MARKER_KEYS, lexMarkers } from './simple-lexer.ts';
import { separatorMistake } from './marker-advice.ts';
import { fieldLine } from '../field-line.ts';
import { type SimpleColumn, type SimpleReplicas, columnOf, gatedHint } from './simple-columns.ts';
import { type MarkedSchema, applyMarker, finishMarkers, patternProblem } from './simple-markers.ts';
import { hintForType, parseSimpleType } from './simple-type.ts';
import type { AtomicName, SimpleSchemaError, SimpleType } from './simple-type.ts';
import { type CustomTypeDefinition, orderTypes } from './simple-types.ts';
import { valueAtSteps } from '../refused-place.ts';

/** The OpenAPI schema of a SimpleSchema block, or all errors of the block. */
export type SimpleSchemaResult =
  | {
      readonly ok: true;
      readonly schema: Schema;
      readonly rules: readonly SimpleRule[];
      readonly columns: readonly SimpleColumn[];
      /** The fields with the marker `scale`. */
      readonly replicas: readonly SimpleReplicas[];
    }
  | { readonly ok: false; readonly errors: readonly SimpleSchemaError[] };

/**
 * The CEL rule of one `validation` marker. A rule in a custom type is listed once, even if the type is used several
 * times.
 */
export interface SimpleRule {
  readonly rule: string;
  /** The schema of the field with the rule: the type of `self`. */
  readonly schema: Schema;
  /** The path of the field: `spec` or `types`, then member names. */
  readonly path: readonly FieldStep[];
  /** The source line of that field. */
  readonly text: string;
  readonly marker: Marker;
}

/** Options of `parseSimpleSchema`. */
export interface SimpleSchemaOptions {
  /** The markers whose feature gate is on. Default: none. */
  readonly gated?: readonly GatedMarkerKey[];
}

/** The schema of a field or a type, with the facts that the code around it needs. */
interface Built {
  readonly schema: Schema;
  /**
   * The number of a field's `required=true` markers. If the field's type is a custom type itself, and not a list or map
   * of it, one is added if the custom type has such markers.
   */
  readonly required: number;
  /**
   * The number of nodes after the expansion of custom types; `depth` is the number of levels. A shared part counts once
   * per use.
   */
  readonly size: number;
  readonly depth: number;
  /**
   * The messages about members of this node, such as `default`, that cannot be written as JSON. The keys are the
   * members.
   */
  readonly unwritable: ReadonlyMap<string, string>;
  /** The first part below this node that cannot be written as JSON. */
  readonly inner: Unwritable | undefined;
  /**
   * The column of this field's own `printColumn` marker; if there is none, the columns of nested fields. Fields inside
   * lists and maps have no columns, because they have no fixed path.
   */
  readonly columns: readonly SimpleColumn[];
  /** The fields with the marker `scale`: this field or nested fields, except fields inside lists and maps. */
  readonly replicas: readonly SimpleReplicas[];
}

/** A part that cannot be written as JSON. */
interface Unwritable {
  readonly message: string;
  readonly path: readonly FieldStep[];
}

/** The maximum number of nodes after expansion. An API server stores only far smaller schemas. */
const MAX_NODES = 200_000;
const MAX_DEPTH = 200;

const ATOMS: Readonly<Record<AtomicName, Schema>> = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  boolean: { type: 'boolean' },
  float: { type: 'number' },
  object: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
};

const NO_MARKS = { columns: [], replicas: [] } as const;

const NO_PROBLEMS: ReadonlyMap<string, string> = new Map();

/**
 * Builds the OpenAPI schema for a `spec` block of SimpleSchema and its custom `types`. The arguments are the blocks as
 * parsed from YAML or JSON; an absent block counts as empty.
 *
 * Custom types are expanded at each use. The result is a graph of immutable nodes, which share parts. All errors are
 * returned. Errors of `types` precede errors of `spec`, because kro parses `types` first.
 */
export function parseSimpleSchema(
  spec: JsonValue | undefined,
  types?: JsonValue,
  options: SimpleSchemaOptions = {},
): SimpleSchemaResult {
  const builder = new Builder(new Set(options.gated));
  builder.addTypes(types ?? {});
  const built = builder.root(spec ?? {});
  const errors = builder.errors;
  if (built !== undefined && errors.length === 0) {
    const problem = problemOf(built, ['spec']);
    if (problem === undefined)
      return { ok: true, schema: built.schema, rules: builder.rules, columns: built.columns, replicas: built.replicas };
    const written = valueAtSteps({ spec: spec ?? {} }, problem.path);
    const separator = typeof written === 'string' ? separatorMistake(written) : undefined;
    errors.push({
      code: 'simpleschema/not-json',
      ...problem,
      ...(problem.message.endsWith(' is not valid JSON for type string') ? { hint: ESCAPES } : {}),
      ...(separator === undefined ? {} : { ...separator, message: problem.message, words: separator.message }),
      unwritable: true,
    });
  }
  return { ok: false, errors };
}

/** The schema of a field of unknown type. Expressions see such a field as dyn. */
const ANY_FIELD: Schema = { 'x-kubernetes-int-or-string': true };

/** The schema of a `spec` with errors: fields without errors keep their schema, and all others accept any value. */
function recoverSimpleSchema(spec: JsonValue | undefined, types: JsonValue, options: SimpleSchemaOptions): Schema {
  if (!isJsonObject(spec)) return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const builder = new Builder(new Set(options.gated));
  builder.addTypes(types);
  const before = builder.errors.length;
  const properties = Object.entries(spec).map(([name, field]): [string, Schema] => {
    const built = before > 0 ? undefined : builder.root({ [name]: field ?? null });
    const isSound = builder.errors.splice(before).length === 0 && built !== undefined;
    return [
      name,
      isSound && problemOf(built, []) === undefined ? (built.schema.properties?.[name] ?? ANY_FIELD) : ANY_FIELD,
    ];
  });
  return { type: 'object', properties: Object.fromEntries(properties) };
}

/** kro unescapes a default twice: as the value of a marker, and as JSON. */
const ESCAPES = 'inside of the default, write \\\\\\" for a quote and \\\\\\\\ for a backslash';

/** The first part of the schema that cannot be written as JSON, with its path below the given path. */
function problemOf(built: Built, path: readonly FieldStep[]): Unwritable | undefined {
  const [message] = built.unwritable.values();
  return message === undefined ? built.inner : { message, path };
}

/** The path of a value, and the prefix of kro's messages about the value. */
interface Place {
  readonly path: readonly FieldStep[];
  readonly prefix: string;
}

const inside = (place: Place, name: string): Place => ({
  path: [...place.path, name],
  prefix: `${place.prefix}field ${name}: `,
});

/** The common cause of several errors. */
interface Cause {
  readonly words: string;
  readonly hint: string;
  readonly offset?: number;
}

const JSON_SCHEMA = 'this is a JSON schema; in SimpleSchema, a field is one line with a type and markers';

class Builder {
  readonly errors: SimpleSchemaError[] = [];
  readonly rules: SimpleRule[] = [];
  readonly #gated: ReadonlySet<string>;
  readonly #types = new Map<string, Built>();
  /** The names of all types, from the first unknown type of the spec on. */
  #known: readonly string[] | undefined;
  /**
   * The names of types that are not built. After a malformed definition, an unknown type or a cycle, no type is built.
   * A field that uses such a type causes no additional error.
   */
  readonly #broken = new Set<string>();

  constructor(gated: ReadonlySet<string>) {
    this.#gated = gated;
  }

  addTypes(block: JsonValue): void {
    if (!isJsonObject(block)) {
      this.errors.push(notAMap(block, 'types'));
      return;
    }
    const definitions = new Map<string, CustomTypeDefinition>();
    for (const [name, value] of Object.entries(block)) {
      const place = { path: ['types', name], prefix: `parsing type ${name}: ` };
      const definition = this.#define(value, place, 0);
      if (definition === undefined) this.#broken.add(name);
      else definitions.set(name, definition);
    }
    if (this.#broken.size > 0) {
      for (const name of Object.keys(block)) this.#broken.add(name);
      return;
    }
    const known = [...definitions.keys()];
    const { order, errors } = orderTypes(definitions, (name) => typeHint(name, known));
    for (const each of errors) this.errors.push(each);
    if (errors.length > 0) {
      for (const name of definitions.keys()) this.#broken.add(name);
      return;
    }
    for (const name of order) {
      const place = { path: ['types', name], prefix: `building schema for ${name}: ` };
      const value = block[name];
      const built = isJsonObject(value) ? this.#struct(value, place, 0) : this.#field(value, place);
      if (built === undefined) this.#broken.add(name);
      // Several `required=true` markers of a custom type count once. A struct has no markers.
      else this.#types.set(name, { ...built, required: isJsonObject(value) ? 0 : Math.min(built.required, 1) });
    }
  }

  root(block: JsonValue): Built | undefined {
    if (isJsonObject(block)) return this.#struct(block, { path: ['spec'], prefix: '' }, 0);
    this.errors.push(notAMap(block, 'spec'));
    return undefined;
  }

  #report(
    place: Place,
    code: string,
    message: string,
    more: { offset?: number; hint?: string | undefined } = {},
  ): undefined {
    const { offset, hint } = more;
    this.errors.push({ code, message: place.prefix + message, path: place.path, ...definedMembers({ offset, hint }) });
  }

  /**
   * Parses the definition of a custom type to find its dependencies. The markers are parsed later, when the type is
   * built.
   */
  #define(value: JsonValue | undefined, place: Place, depth: number): CustomTypeDefinition | undefined {
    if (typeof value === 'string') {
      const parsed = parseSimpleType(typeTextOf(value));
      if ('type' in parsed) return { form: 'text', type: parsed.type };
      return this.#report(place, parsed.code, parsed.error, { offset: 0 });
    }
    if (!isJsonObject(value)) return this.#unexpected(value, place);
    if (depth > MAX_DEPTH) return this.#tooLarge(place);
    const members = Object.entries(value).map(([name, member]) => this.#define(member, inside(place, name), depth + 1));
    if (members.includes(undefined)) return undefined;
    return { form: 'struct', members: members.filter((member) => member !== undefined) };
  }

  #unexpected(value: JsonValue | undefined, place: Place): undefined {
    const hint = 'a field is a type such as string, or a map of fields';
    return this.#report(place, 'simpleschema/unexpected-value', `unexpected type: ${goTypeOf(value)}`, { hint });
  }

  #struct(block: Readonly<Record<string, JsonValue | undefined>>, place: Place, depth: number): Built | undefined {
    if (depth > MAX_DEPTH) return this.#tooLarge(place);
    const required: string[] = [];
    const properties: [string, Schema][] = [];
    const columns: SimpleColumn[] = [];
    const replicas: SimpleReplicas[] = [];
    let failed = false;
    let size = 1;
    let deepest = 0;
    let inner: Unwritable | undefined;
    for (const [name, value] of Object.entries(block)) {
      const at = inside(place, name);
      const before = this.errors.length;
      const built = isJsonObject(value) ? this.#struct(value, at, depth + 1) : this.#field(value, at);
      if (built === undefined) {
        const line = isJsonObject(value) ? fieldLine(value) : undefined;
        if (line !== undefined) this.#replaceErrors(before, at, { words: JSON_SCHEMA, hint: `write ${name}: ${line}` });
        failed = true;
        continue;
      }
      for (let count = 0; count < built.required; count += 1) required.push(name);
      properties.push([name, built.schema]);
      for (const column of built.columns) columns.push({ ...column, steps: [name, ...column.steps] });
      for (const each of built.replicas) replicas.push({ ...each, steps: [name, ...each.steps] });
      size += built.size;
      deepest = Math.max(deepest, built.depth);
      inner ??= problemOf(built, at.path);
    }
    if (failed) return undefined;
    if (size > MAX_NODES || deepest >= MAX_DEPTH) return this.#tooLarge(place);
    const schema: Schema = {
      type: 'object',
      ...(properties.length > 0 ? { properties: Object.fromEntries(properties) } : {}),
      ...(required.length > 0 ? { required: required.sort(compareText) } : {}),
      // As in kro, an object whose fields have defaults and are all optional gets the default {}, so that these
      // defaults apply.
      ...(required.length === 0 && properties.some(([, child]) => child.default !== undefined) ? { default: {} } : {}),
    };
    return { schema, required: 0, size, depth: deepest + 1, unwritable: NO_PROBLEMS, inner, columns, replicas };
  }

  #tooLarge(place: Place): undefined {
    const hint = 'custom types are expanded at every use; use object where the structure does not matter';
    return this.#report(
      place,
      'simpleschema/too-large',
      `expands to more than ${MAX_NODES} fields or ${MAX_DEPTH} levels`,
      { hint },
    );
  }

  #field(value: JsonValue | undefined, place: Place): Built | undefined {
    if (typeof value !== 'string') return this.#unexpected(value, place);
    const before = this.errors.length;
    const built = this.#marked(value, place);
    const separator = built === undefined ? separatorMistake(value) : undefined;
    if (separator !== undefined) {
      const { message, hint, offset } = separator;
      this.#replaceErrors(before, place, { words: message, hint, offset });
    }
    return built;
  }

  /**
   * Replaces all errors from index `before` on by one error that names their common cause. The new error keeps kro's
   * message of the first replaced error.
   */
  #replaceErrors(before: number, { path, prefix }: Place, { words, hint, offset }: Cause): void {
    const [first] = this.errors.splice(before);
    if (first === undefined) return;
    const { code, message } = first;
    this.errors.push({ code, message, path, hint, words: prefix + words, ...(offset === undefined ? {} : { offset }) });
  }

  #marked(value: string, place: Place): Built | undefined {
    const parsed = parseSimpleType(typeTextOf(value));
    if (!('type' in parsed)) {
      this.#report(place, parsed.code, parsed.error, { offset: 0 });
      return undefined;
    }
    const bar = value.indexOf('|');
    const lexed = bar < 0 ? undefined : lexMarkers(value.slice(bar + 1), bar + 1, this.#gated);
    // Marker errors are reported before the type is looked up, so that they come first.
    if (lexed !== undefined && 'error' in lexed) this.#lexError(lexed.error, place);
    const base = this.#resolve(parsed.type, place);
    if (lexed === undefined || 'error' in lexed) return lexed === undefined ? base : undefined;
    if (base === undefined) return undefined;
    const required = parsed.type.form === 'custom' ? base.required : 0;
    const target: MarkedSchema = { schema: { ...base.schema }, required, unwritable: new Map(base.unwritable) };
    let failed = false;
    for (const marker of lexed.markers) {
      const error = applyMarker(target, marker);
      if (error === undefined) continue;
      this.#report(place, error.code, error.message, { offset: marker.offset, hint: error.hint });
      failed = true;
    }
    const error = failed ? undefined : finishMarkers(target);
    if (error !== undefined) this.#report(place, error.code, error.message, { offset: bar + 1, hint: error.hint });
    if (failed || error !== undefined) return undefined;
    for (const marker of lexed.markers) {
      if (marker.key !== 'validation') continue;
      this.rules.push({ rule: marker.value, schema: target.schema, path: place.path, text: value, marker });
    }
    const own = lexed.markers.findLast(({ key }) => key === 'printColumn');
    const columns = own === undefined ? base.columns : [columnOf(own, target.schema, place.path)];
    const scale = lexed.markers.find(({ key }) => key === 'scale');
    const replicas = scale === undefined ? base.replicas : [{ steps: [], path: place.path, offset: scale.offset }];
    const { schema, required: count, unwritable } = target;
    return { ...base, schema, required: count, unwritable, columns, replicas };
  }

  #lexError({ message, offset, unknownMarker }: LexError, place: Place): void {
    const hint =
      unknownMarker === undefined
        ? LEX_HINTS.find(([beginning]) => message.startsWith(beginning))?.[1]
        : (gatedHint(unknownMarker) ?? valuelessHint(unknownMarker) ?? nearestHint(unknownMarker, MARKER_KEYS));
    const code = unknownMarker === undefined ? 'simpleschema/marker-syntax' : 'simpleschema/unknown-marker';
    this.#report(place, code, message, { offset, hint });
  }

  #resolve(type: SimpleType, place: Place): Built | undefined {
    if (type.form === 'atomic') {
      return {
        schema: ATOMS[type.name],
        required: 0,
        size: 1,
        depth: 1,
        unwritable: NO_PROBLEMS,
        inner: undefined,
        ...NO_MARKS,
      };
    }
    if (type.form === 'custom') return this.#types.get(type.name) ?? this.#unknown(type.name, place);
    const inner = this.#resolve(type.form === 'list' ? type.item : type.value, place);
    if (inner === undefined) return undefined;
    if (inner.depth >= MAX_DEPTH) return this.#tooLarge(place);
    const schema: Schema =
      type.form === 'list'
        ? { type: 'array', items: inner.schema }
        : { type: 'object', additionalProperties: inner.schema };
    const size = inner.size + 1;
    return {
      schema,
      required: 0,
      size,
      depth: inner.depth + 1,
      unwritable: NO_PROBLEMS,
      inner: problemOf(inner, place.path),
      ...NO_MARKS,
    };
  }

  #unknown(name: string, place: Place): undefined {
    if (this.#broken.has(name)) return undefined;
    this.#known ??= [...this.#types.keys(), ...Object.keys(ATOMS)];
    const hint = name.includes('${') ? EXPRESSION_HINT : typeHint(name, this.#known);
    return this.#report(place, 'simpleschema/unknown-type', `unknown type: ${name}`, { offset: 0, hint });
  }
}

/** The hint for a marker without a value, which the lexer joins with the next marker. */
function valuelessHint(unknown: string): string | undefined {
  const first = MARKER_KEYS.find(
    (key) => unknown.startsWith(key) && MARKER_KEYS.some((next) => key + next === unknown),
  );
  return first === undefined ? undefined : `${first} has no value: write ${first}=VALUE`;
}

const EXPRESSION_HINT =
  'a field has a type here, such as string; values of the status are written in spec.schema.status, next to spec';

/** Remedies for kro's messages about an invalid list of markers, each with the beginning of the message. */
const LEX_HINTS: readonly (readonly [string, string])[] = [
  ["marker key '' ", 'remove the white space after the last marker; in a block scalar use "|-"'],
  ["marker key 'scale' ", 'scale needs the feature gate ScaleSubresource, which is off'],
  ['marker key', 'write key=value; a value with spaces needs double quotes'],
  ['empty marker key', 'write the name of the marker before ='],
  ['unclosed quote', 'add the closing "; inside of the value, write \\" for a quote'],
];

/** The part of a line before the first `|`. */
function typeTextOf(value: string): string {
  const bar = value.indexOf('|');
  return bar < 0 ? value : value.slice(0, bar);
}

function nearestHint(name: string, known: readonly string[]): string | undefined {
  const nearest = nearestName(name, known) ?? known.find((each) => each.startsWith(name));
  return nearest === undefined ? undefined : `did you mean ${nearest}?`;
}

const typeHint = (name: string, known: readonly string[]) => hintForType(name, known) ?? nearestHint(name, known);

const BLOCKS = { spec: 'spec schema', types: 'predefined types' } as const;

function notAMap(value: JsonValue, block: keyof typeof BLOCKS): SimpleSchemaError {
  const kind = Array.isArray(value)
    ? 'array'
    : typeof value === 'boolean'
      ? 'bool'
      : typeof value === 'bigint'
        ? 'number'
        : typeof value;
  const message = `failed to unmarshal ${BLOCKS[block]}: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
  return { code: 'simpleschema/not-a-map', message, path: [block], hint: 'write a map from field names to types' };
}

/** kro's notation of schemas. */
export const SimpleSchema = { parse: parseSimpleSchema, recover: recoverSimpleSchema, patternProblem };
