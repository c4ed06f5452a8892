import type { Diagnostic, JsonObject, JsonValue } from '@typekro/kit/core';
import { distinctJson, isJsonObject, jsonEquals, stringifyJson } from '@typekro/kit/core';
import { asList, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { mergeAllOf } from '../merge-all-of.ts';
import {
  ABSENT,
  CHECKS,
  CLOSED,
  IGNORED,
  isEmpty,
  NOTES,
  onlyRequires,
  REFUSED,
  refusesNull,
  restrictionsBeside,
  restricts,
  UNSUPPORTED,
} from './json-schema-members.ts';
import { collectIds, resolvePointer } from './json-schema-references.ts';
import { allowsNull } from './library-type.ts';
import type { SchemaCheck } from './library-type.ts';
import { numberMembers, stringMembers } from './json-schema-scalars.ts';
import { copyExtensions, fractionsAsRules, lazyCopies, withoutFilled } from './json-schema-nodes.ts';
import type { Node } from './json-schema-nodes.ts';
import type { Schema } from '../model.ts';
import { validateValue } from '../validation/validate.ts';
import { isInteger64 } from '../validation/validate-scalars.ts';

/**
 * The structural schema for a JSON Schema, or the errors of the conversion. After a successful conversion, all
 * diagnostics are warnings.
 */
export type SchemaResult =
  | { readonly ok: true; readonly schema: Schema; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

const MAX_DEPTH = 200;

/**
 * The maximum number of parts of an intersection that one step merges. The next step merges the parts of all nested
 * intersections.
 */
const MAX_PARTS = 1000;

/** Maps a shared schema to its name in `$defs` or `definitions`. Generators use this name as the name of a type. */
const names = new WeakMap<Schema, string>();

/** The name of a schema in `$defs`; undefined for a schema without a name. */
export function definitionNameOf(schema: Schema): string | undefined {
  return names.get(schema);
}

const checksOf = new WeakMap<Schema, readonly SchemaCheck[]>();

/** The checks of a schema that its author wrote as functions in a type of a library. */
export function schemaChecks(schema: Schema): readonly SchemaCheck[] {
  return checksOf.get(schema) ?? [];
}

/** The options of {@link fromJsonSchema}. */
interface ConversionOptions {
  readonly lenient?: boolean;
  /** The functions to which printed parts of a library's type refer. */
  readonly checks?: readonly SchemaCheck[];
  /**
   * Is the schema the printed form of a library's type? The default of an object then has the defaults of its fields,
   * which the result leaves out, because the API server adds them. Default: no.
   */
  readonly isOfLibrary?: boolean;
}

/**
 * Converts a JSON Schema (draft 2020-12, draft-07 or OpenAPI 3.0) to a structural schema. References become shared
 * nodes. `const` and unions of constants become enums. `null` in a union becomes `nullable`. Exclusive bounds of
 * integers become inclusive bounds. A part without a structural form causes an error that names the field, or a warning
 * if the schema only becomes more permissive. With `lenient` (default false), a field that would cause an error accepts
 * any value, and causes a warning.
 */
export function fromJsonSchema(root: JsonObject, options: ConversionOptions = {}): SchemaResult {
  const converter = new Converter(root, options);
  const schema = converter.convert(root, '', 0);
  const failed = converter.diagnostics.some((diagnostic) => diagnostic.severity === 'error');
  return failed
    ? { ok: false, diagnostics: converter.diagnostics }
    : { ok: true, schema, diagnostics: converter.diagnostics };
}

class Converter {
  readonly diagnostics: Diagnostic[] = [];
  readonly #root: JsonObject;
  readonly #nodes = new Map<JsonObject, Node>();
  readonly #ids = new Map<string, JsonObject>();
  /**
   * The messages of all reported diagnostics. A message is reported only once, even if several parts of an intersection
   * cause it.
   */
  readonly #reported = new Set<string>();
  /** The objects whose library drops or refuses undeclared members. */
  readonly #closed = new Set<Schema>();
  readonly #lenient: boolean;
  readonly #checks: readonly SchemaCheck[];
  /** Are defaults complete values, as a library makes them? */
  readonly #isOfLibrary: boolean;

  constructor(root: JsonObject, { lenient = false, checks = [], isOfLibrary = false }: ConversionOptions) {
    this.#isOfLibrary = isOfLibrary;
    this.#root = root;
    this.#lenient = lenient;
    this.#checks = checks;
    collectIds(root, this.#ids);
  }

  convert(raw: JsonObject, path: string, depth: number): Schema {
    const known = this.#nodes.get(raw);
    if (known !== undefined) return known;
    const node: Node = {};
    this.#nodes.set(raw, node);
    this.#fill(node, raw, path, depth);
    return node;
  }

  #error(path: string, code: string, message: string, hint?: string): void {
    const field = nameOfPart(path);
    if (this.#lenient) this.#add('warning', path, code, `${field} may hold anything: ${message}`, undefined);
    else this.#add('error', path, code, `${field}: ${message}`, hint);
  }

  #warn(path: string, code: string, message: string, hint?: string): void {
    this.#add('warning', path, code, `${nameOfPart(path)}: ${message}`, hint);
  }

  #add(severity: 'error' | 'warning', path: string, code: string, message: string, hint: string | undefined): void {
    if (this.#reported.has(message)) return;
    this.#reported.add(message);
    const base = { code: `schema/${code}`, severity, message, ...(path === '' ? {} : { path }) };
    this.diagnostics.push(hint === undefined ? base : { ...base, hint });
  }

  #fill(node: Node, raw: JsonObject, path: string, depth: number): void {
    if (depth > MAX_DEPTH) {
      this.#error(path, 'too-deep', `nested deeper than ${MAX_DEPTH} levels`);
      return;
    }
    const { $ref: reference, ...beside } = raw;
    if (typeof reference === 'string' && !restricts(beside)) {
      this.#reference(node, raw, reference, path, depth);
      return;
    }
    if (typeof reference === 'string' || objectsAt(raw, 'allOf').length > 0) {
      this.#intersection(node, raw, path, depth);
      return;
    }
    const refusal = raw[REFUSED];
    if (isJsonObject(refusal)) {
      this.#error(path, textAt(refusal, 'code'), textAt(refusal, 'message'), textAt(refusal, 'hint'));
      return;
    }
    const unsupported = raw[UNSUPPORTED];
    if (typeof unsupported === 'string') {
      this.#error(path, 'unsupported-type', unsupported, 'use a type that JSON can hold');
      return;
    }
    for (const note of Array.isArray(raw[NOTES]) ? raw[NOTES] : []) this.#warn(path, 'not-enforced', String(note));
    const alternatives = alternativesOf(raw);
    if (alternatives !== undefined) this.#union(node, raw, alternatives, path, depth);
    else this.#plain(node, raw, path, depth);
    for (const name of ['title', 'description'] as const) {
      const text = raw[name];
      if (typeof text === 'string' && text !== '') node[name] = text;
    }
    if (raw['default'] !== undefined)
      node.default = this.#isOfLibrary ? withoutFilled(node, raw['default']) : raw['default'];
    if (raw['nullable'] === true) node.nullable = true;
    for (const name of IGNORED) {
      // `not: {}` allows no value and is reported by a separate error.
      if (raw[name] !== undefined && !(name === 'not' && isEmpty(raw[name])))
        this.#warn(path, 'not-enforced', `\`${name}\` has no structural form and is not enforced`);
    }
    copyExtensions(node, raw);
    if (this.#isOfLibrary) fractionsAsRules(node);
    this.#addChecks(node, raw);
  }

  #addChecks(node: Node, raw: JsonObject): void {
    const own = asList(raw[CHECKS]).flatMap((position) => this.#checks[Number(position)] ?? []);
    if (own.length > 0) checksOf.set(node, [...schemaChecks(node), ...own]);
  }

  #reference(node: Node, raw: JsonObject, reference: string, path: string, depth: number): void {
    const target = this.#target(reference, path);
    if (target === undefined) return;
    const resolved = this.convert(target, path, depth + 1);
    const name = /\/(?:\$defs|definitions)\/([A-Za-z]\w*)$/.exec(reference)?.[1];
    // Libraries generate names that end with a digit, and authors rarely write such names. Therefore such a name is not
    // kept.
    if (name !== undefined && !/\d$/.test(name)) names.set(resolved, name);
    Object.defineProperties(node, lazyCopies(resolved));
    if (name !== undefined && !/\d$/.test(name)) names.set(node, name);
    for (const keyword of ['title', 'description'] as const) {
      const text = raw[keyword];
      if (typeof text === 'string') node[keyword] = text;
    }
    if (raw['default'] !== undefined) node.default = raw['default'];
    if (raw['nullable'] === true) node.nullable = true;
  }

  /** The schema to which a reference leads. */
  #target(reference: string, path: string): JsonObject | undefined {
    const target = this.#ids.get(reference) ?? resolvePointer(this.#root, reference);
    if (target === undefined) this.#error(path, 'unknown-reference', `the reference ${reference} has no target`);
    return target;
  }

  /** Merges the parts of an `allOf`, or a reference and the keywords next to it. */
  #intersection(node: Node, raw: JsonObject, path: string, depth: number): void {
    const { $ref: reference, allOf: _all, ...base } = raw;
    const parts = [...(reference === undefined ? [] : [{ $ref: reference }]), ...objectsAt(raw, 'allOf')];
    const merged =
      parts.length > MAX_PARTS
        ? undefined
        : mergeAllOf(
            base,
            parts.map((part) => this.#resolve(part, path)),
          );
    if (merged === undefined) this.#error(path, 'intersection', 'the parts of the intersection contradict each other');
    else this.#fill(node, merged, path, depth + 1);
  }

  #plain(node: Node, raw: JsonObject, path: string, depth: number): void {
    if (raw['enum'] !== undefined || raw['const'] !== undefined) {
      this.#constants(node, raw, path);
      return;
    }
    const type = typeof raw['type'] === 'string' ? raw['type'] : impliedType(raw);
    switch (type) {
      case 'string':
        stringMembers(node, raw);
        break;
      case 'integer':
      case 'number':
        numberMembers(node, raw, type);
        break;
      case 'boolean':
        node.type = 'boolean';
        break;
      case 'array':
        this.#array(node, raw, path, depth);
        break;
      case 'object':
        this.#object(node, raw, path, depth);
        break;
      case 'null':
        this.#error(path, 'null-only', 'only null is allowed here', 'remove the field');
        break;
      case undefined:
        node['x-kubernetes-preserve-unknown-fields'] = true;
        if (isEmpty(raw['not'])) {
          this.#error(path, 'never', 'no value is allowed here', 'remove the field');
        }
        break;
      default:
        this.#error(path, 'unsupported-type', `the type ${type} has no form in JSON`);
    }
  }

  /** Replaces the reference of an intersection's part by the target. */
  #resolve(raw: JsonObject, path: string): JsonObject {
    const { $ref: reference, ...beside } = raw;
    if (typeof reference !== 'string') return raw;
    const target = this.#target(reference, path) ?? {};
    // A target that is itself a reference is resolved as a separate part.
    const isPlain = target['$ref'] === undefined && !restricts(beside);
    return isPlain ? target : { ...beside, allOf: [target, ...asList(beside['allOf'])] };
  }

  #constants(node: Node, raw: JsonObject, path: string): void {
    const { enum: allowed, const: constant } = raw;
    const only = constant === undefined ? undefined : [constant];
    const listed = Array.isArray(allowed)
      ? allowed.filter((value) => only === undefined || jsonEquals(value, constant))
      : (only ?? [null]);
    const limits = Object.fromEntries(
      OF_CONSTANTS.filter((name) => Object.hasOwn(raw, name)).map((name) => [name, raw[name]]),
    );
    const isAllowed = (value: JsonValue): boolean => {
      if (Object.keys(limits).length === 0) return true;
      const type = constantType([value]);
      const limit = type === undefined ? {} : this.convert({ ...limits, type }, path, 0);
      return validateValue(limit, value).length === 0;
    };
    const values = listed.filter((value) => value !== null && isAllowed(value));
    if (listed.includes(null)) node.nullable = true;
    if (values.length === 0) {
      this.#error(path, 'never', 'no value is allowed here', 'remove the field');
      return;
    }
    const unique = distinctJson(values);
    const type = constantType(unique);
    if (type === undefined) {
      const kinds = new Set(unique.map((value) => constantType([value])));
      const kind = (wanted: string | undefined) => unique.filter((value) => constantType([value]) === wanted);
      node.anyOf = [...kinds].map((wanted) => ({ type: wanted, enum: kind(wanted) }));
      return;
    }
    node.type = type;
    if (type !== 'boolean' || unique.length === 1) node.enum = unique;
  }

  #array(node: Node, raw: JsonObject, path: string, depth: number): void {
    node.type = 'array';
    const inner = `${path}[]`;
    const tuple = Array.isArray(raw['prefixItems'])
      ? raw['prefixItems']
      : Array.isArray(raw['items'])
        ? raw['items']
        : [];
    const rest = isJsonObject(raw['items']) ? [raw['items']] : [];
    const kinds = [...tuple.filter(isJsonObject), ...rest];
    if (kinds.length === 0) node.items = { 'x-kubernetes-preserve-unknown-fields': true };
    else if (kinds.length === 1 && kinds[0] !== undefined) node.items = this.convert(kinds[0], inner, depth + 1);
    else node.items = this.convert({ anyOf: kinds }, inner, depth + 1);
    for (const name of ['minItems', 'maxItems'] as const) {
      const bound = raw[name];
      if (typeof bound === 'number') node[name] = bound;
    }
    if (raw['uniqueItems'] === true) {
      const isComparable = node.items.type !== undefined && node.items.type !== 'object';
      if (isComparable) node['x-kubernetes-list-type'] = 'set';
      else {
        const message = 'the list may contain equal objects, because the API server compares only scalars and lists';
        this.#warn(path, 'not-enforced', message);
      }
    }
    if (tuple.length > 0 && raw['items'] === false) node.maxItems ??= tuple.length;
    if (tuple.length > 1)
      this.#warn(path, 'not-enforced', 'a tuple becomes a list; the order of its types is not enforced');
  }

  #object(node: Node, raw: JsonObject, path: string, depth: number): void {
    node.type = 'object';
    const required = new Set(
      Array.isArray(raw['required']) ? raw['required'].filter((name) => typeof name === 'string') : [],
    );
    const declared = isJsonObject(raw['properties']) ? raw['properties'] : {};
    const properties: [string, Schema][] = [];
    for (const [name, value] of Object.entries({ ...declared, ...this.#listedKeys(raw) })) {
      const at = path === '' ? name : `${path}.${name}`;
      if (value === true) properties.push([name, this.convert({}, at, depth + 1)]);
      if (!isJsonObject(value)) continue;
      if (mayBeAbsent(value)) required.delete(name);
      if (value[ABSENT] !== true) properties.push([name, this.convert(value, at, depth + 1)]);
    }
    if (raw[CLOSED] !== undefined) this.#closed.add(node);
    if (properties.length > 0) node.properties = Object.fromEntries(properties);
    else if (raw[CLOSED] !== undefined && path !== '') {
      const message = 'the object has no fields, and the library drops all its members';
      this.#error(path, 'unsupported-type', message, 'declare the fields, or use a record');
    }
    if (required.size > 0) node.required = [...required];
    const others = this.#otherMembers(raw, path);
    if (isJsonObject(others) && Object.keys(others).length > 0) {
      node.additionalProperties = this.convert(others, `${path}.*`, depth + 1);
    } else if (others === true || isJsonObject(others) || (properties.length === 0 && others === undefined)) {
      node['x-kubernetes-preserve-unknown-fields'] = true;
    }
    for (const name of ['minProperties', 'maxProperties'] as const) {
      const bound = raw[name];
      if (typeof bound === 'number') node[name] = bound;
    }
  }

  /** The properties for an object whose keys are listed in an enum. Each key becomes an optional property. */
  #listedKeys(raw: JsonObject): JsonObject {
    const keys = isJsonObject(raw['propertyNames']) ? raw['propertyNames']['enum'] : undefined;
    const value = raw['additionalProperties'];
    if (!Array.isArray(keys) || !isJsonObject(value)) return {};
    return Object.fromEntries(keys.filter((key) => typeof key === 'string').map((key) => [key, value]));
  }

  #otherMembers(raw: JsonObject, path: string): JsonObject | boolean | undefined {
    const patterns = isJsonObject(raw['patternProperties']) ? Object.entries(raw['patternProperties']) : [];
    const [first, ...more] = patterns;
    if (first !== undefined) {
      const [pattern, value] = first;
      if (more.length > 0) this.#error(path, 'pattern-properties', 'patternProperties may have only one pattern');
      else if (!EVERYTHING.has(pattern)) {
        this.#warn(path, 'not-enforced', `names of members are not checked against ${pattern}`);
      }
      return isJsonObject(value) ? value : true;
    }
    const names = isJsonObject(raw['propertyNames']) ? raw['propertyNames'] : {};
    if (Array.isArray(names['enum'])) return false;
    const { type: _type, pattern, ...others } = names;
    const checks = Object.keys(others).length > 0 ? stringifyJson(others) : undefined;
    for (const check of [typeof pattern === 'string' ? pattern : undefined, checks]) {
      if (check !== undefined) this.#warn(path, 'not-enforced', `names of members are not checked against ${check}`);
    }
    const members = raw['additionalProperties'] ?? raw['unevaluatedProperties'];
    return isJsonObject(members) || typeof members === 'boolean' ? members : undefined;
  }

  /** One alternative. If its library drops undeclared members, other members are forbidden beside its own ones. */
  #alternative(combined: JsonObject, path: string, depth: number): Schema {
    const branch = this.convert(combined, path, depth + 1);
    return this.#closed.has(branch) ? { ...branch, additionalProperties: false } : branch;
  }

  #union(node: Node, raw: JsonObject, alternatives: readonly JsonObject[], path: string, depth: number): void {
    const present = alternatives.filter((entry) => entry['type'] !== 'null' && entry[ABSENT] !== true);
    const common = restrictionsBeside(raw);
    const hasNull = !refusesNull(common) && alternatives.some(allowsNull);
    if (hasNull) node.nullable = true;
    const [only] = present;
    const combined = (entry: JsonObject): JsonObject =>
      Object.keys(common).length === 0 ? entry : { allOf: [common, entry] };
    if (present.length > 1 && present.some((entry) => entry[CHECKS] !== undefined)) {
      const hint = 'write the check for the whole union, or give the field one type';
      this.#error(path, 'transform', 'a check of one alternative cannot become a rule', hint);
      return;
    }
    if (only === undefined) {
      this.#error(path, 'null-only', 'only null is allowed here', 'remove the field');
    } else if (present.length === 1) {
      // The members are copied lazily: if the remaining alternative contains this union, its schema is still incomplete
      // here.
      const schema = this.convert(combined({ ...only }), path, depth + 1);
      if (this.#closed.has(schema)) this.#closed.add(node);
      Object.defineProperties(node, lazyCopies(schema));
      checksOf.set(node, schemaChecks(schema));
      if (hasNull) node.nullable = true;
    } else if (present.every((entry) => entry['const'] !== undefined || Array.isArray(entry['enum']))) {
      const values = present.flatMap((entry) =>
        Array.isArray(entry['enum']) ? entry['enum'] : [entry['const'] ?? null],
      );
      this.#constants(node, { enum: values }, path);
    } else if (typeof raw['format'] === 'string' && present.every(isText)) {
      stringMembers(node, { type: 'string', format: raw['format'] });
    } else if (isJsonObject(common['properties']) && present.every(onlyRequires)) {
      this.#plain(node, common, path, depth);
      node.anyOf = present.map((entry) => this.convert({ ...entry, type: 'object' }, path, depth + 1));
    } else {
      const branches = present.map((entry) => this.#alternative(combined(entry), path, depth));
      const types = new Set(branches.map((branch) => branch.type));
      const [type] = types;
      if (types.size === 1 && type !== undefined) node.type = type;
      node.anyOf = branches;
    }
  }
}

/** The keywords that restrict a constant. */
const OF_CONSTANTS = 'minLength maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf'.split(
  ' ',
);

const nameOfPart = (path: string): string => (path === '' ? 'the schema' : `field ${path}`);

const EVERYTHING = new Set(['^(.*)$', '^.*$', '.*', '', '^']);

const isText = (raw: JsonObject): boolean =>
  raw['type'] === 'string' || typeof raw['const'] === 'string' || constantType(asList(raw['enum'])) === 'string';

/** The alternatives of `anyOf`, `oneOf` or a list of types; `undefined` for a schema that is not a union. */
function alternativesOf(raw: JsonObject): JsonObject[] | undefined {
  for (const name of ['anyOf', 'oneOf'] as const) {
    const list = raw[name];
    if (Array.isArray(list)) return list.map((entry) => (isJsonObject(entry) ? entry : {}));
  }
  const types = raw['type'];
  if (!Array.isArray(types)) return undefined;
  const common: JsonObject = { ...raw };
  for (const name of ['type', 'default', 'description', 'title']) delete common[name];
  return types.map((type) => (type === 'null' ? { type } : { ...common, type }));
}

/** May the member be absent because `undefined` is one of its values? */
function mayBeAbsent(raw: JsonObject): boolean {
  return raw[ABSENT] === true || (alternativesOf(raw) ?? []).some((entry) => entry[ABSENT] === true);
}

function constantType(values: readonly JsonValue[]): string | undefined {
  const kinds = new Set(
    values.map((value) => {
      if (typeof value === 'number' || typeof value === 'bigint') return isInteger64(value) ? 'integer' : 'number';
      return Array.isArray(value) ? 'array' : typeof value;
    }),
  );
  if (kinds.size === 2 && kinds.has('integer') && kinds.has('number')) return 'number';
  const [kind] = kinds;
  return kinds.size === 1 ? kind : undefined;
}

function impliedType(raw: JsonObject): string | undefined {
  if (raw['properties'] !== undefined || raw['additionalProperties'] !== undefined) return 'object';
  if (raw['items'] !== undefined || raw['prefixItems'] !== undefined) return 'array';
  return raw['pattern'] === undefined ? undefined : 'string';
}
