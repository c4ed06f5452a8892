import type { Diagnostic, JsonObject, JsonValue } from '@typekro/kit/core';
import { commonJson, distinctJson, isJsonObject, jsonEquals, stringifyJson } from '@typekro/kit/core';
import { asList, asObject, asTexts, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { mergeAllOf } from './merge-all-of.ts';
import {
  ABSENT,
  CHECKS,
  CLOSED,
  IGNORED,
  NOTES,
  ONE_TYPE,
  REFUSED,
  TYPES,
  UNSUPPORTED,
} from './json-schema-members.ts';
import * as members from './json-schema-members.ts';
import { type SchemaCheck, allowsNull } from './library-type.ts';
import { constantType, isTextSchema, numberMembers, stringMembers } from './json-schema-scalars.ts';
import * as nodes from './json-schema-nodes.ts';
import type { Node } from './json-schema-nodes.ts';
import { type Schema, StructuralSchema } from '@typekro/engine/schema';

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
    nodes.collectIds(root, this.#ids);
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
    this.#checkKeywords(raw, path);
    const { $ref: reference, ...beside } = raw;
    if (typeof reference === 'string' && !members.restricts(beside)) {
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
    const alternatives = members.alternativesOf(raw);
    if (alternatives !== undefined) this.#union(node, raw, alternatives, path, depth);
    else this.#plain(node, raw, path, depth);
    for (const name of ['title', 'description'] as const) {
      const text = raw[name];
      if (typeof text === 'string' && text !== '') node[name] = text;
    }
    if (raw['default'] !== undefined)
      node.default = this.#isOfLibrary ? nodes.withoutFilled(node, raw['default']) : raw['default'];
    const rounded = nodes.roundedInteger(node.default);
    if (rounded !== undefined) {
      const message = `the default ${BigInt(rounded)} is not exact as a number of JavaScript in a definition`;
      this.#error(path, 'default', message, 'write an integer below 2^53, or a bigint');
    }
    if (raw['nullable'] === true) node.nullable = true;
    for (const name of IGNORED) {
      // `not: {}` allows no value and is reported by a separate error.
      if (raw[name] !== undefined && !(name === 'not' && members.isEmpty(raw[name])))
        this.#warn(path, 'not-enforced', `\`${name}\` has no structural form and is not enforced`);
    }
    nodes.copyExtensions(node, raw);
    if (this.#isOfLibrary) nodes.fractionsAsRules(node);
    this.#addChecks(node, raw);
  }

  /** Reports keywords of a JSON Schema that have no meaning. The readers of libraries print no such keywords. */
  #checkKeywords(raw: JsonObject, path: string): void {
    if (this.#isOfLibrary) return;
    const wrong = members.wrongKeyword(raw);
    if (wrong !== undefined && this.#lenient) this.#warn(path, 'not-enforced', wrong.message);
    else if (wrong !== undefined) this.#error(path, 'keyword', wrong.message, wrong.hint);
    for (const { message, hint } of this.#lenient ? [] : members.unknownKeywords(raw))
      this.#warn(path, 'not-enforced', message, hint);
  }

  #addChecks(node: Node, raw: JsonObject): void {
    const own = asList(raw[CHECKS]).flatMap((position) => this.#checks[Number(position)] ?? []);
    if (own.length > 0) nodes.checksOf.set(node, [...nodes.schemaChecks(node), ...own]);
  }

  #reference(node: Node, raw: JsonObject, reference: string, path: string, depth: number): void {
    const target = this.#target(reference, path);
    if (target === undefined) return;
    const resolved = this.convert(target, path, depth + 1);
    const name = /\/(?:\$defs|definitions)\/([A-Za-z]\w*)$/.exec(reference)?.[1];
    // Libraries generate names that end with a digit, and authors rarely write such names. Therefore such a name is not
    // kept.
    if (name !== undefined && !/\d$/.test(name)) nodes.names.set(resolved, name);
    Object.defineProperties(node, StructuralSchema.lazyCopies(resolved));
    if (name !== undefined && !/\d$/.test(name)) nodes.names.set(node, name);
    for (const keyword of ['title', 'description'] as const) {
      const text = raw[keyword];
      if (typeof text === 'string') node[keyword] = text;
    }
    if (raw['default'] !== undefined) node.default = raw['default'];
    if (raw['nullable'] === true) node.nullable = true;
  }

  /** The schema to which a reference leads. */
  #target(reference: string, path: string): JsonObject | undefined {
    const target = this.#ids.get(reference) ?? nodes.resolvePointer(this.#root, reference);
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
    const defaults = [base, ...parts].map((part) => part['default']).filter((value) => value !== undefined);
    if (this.#isOfLibrary && distinctJson(defaults).length > 1)
      this.#error(path, 'default', 'the parts of the intersection have different defaults for it', ONE_DEFAULT);
    if (merged === undefined) this.#error(path, 'intersection', 'the parts of the intersection contradict each other');
    else this.#fill(node, merged, path, depth + 1);
  }

  #plain(node: Node, raw: JsonObject, path: string, depth: number): void {
    if (typeof raw['type'] === 'string' && !TYPES.includes(raw['type'])) {
      this.#error(path, 'unsupported-type', `the type ${raw['type']} has no form in JSON`, `use ${ONE_TYPE}`);
      return;
    }
    if (raw['enum'] !== undefined || raw['const'] !== undefined) {
      this.#constants(node, raw, path);
      return;
    }
    const type = typeof raw['type'] === 'string' ? raw['type'] : members.impliedType(raw);
    this.#scalarOrContainer(node, raw, type, path, depth);
    const unchecked = this.#isOfLibrary ? undefined : nodes.formatAsRules(node, raw);
    if (unchecked !== undefined) this.#warn(path, 'not-enforced', unchecked);
  }

  #scalarOrContainer(node: Node, raw: JsonObject, type: string | undefined, path: string, depth: number): void {
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
        if (members.isEmpty(raw['not'])) this.#error(path, 'never', 'no value is allowed here', 'remove the field');
        break;
    }
  }

  /** Replaces the reference of an intersection's part by the target. */
  #resolve(raw: JsonObject, path: string): JsonObject {
    const { $ref: reference, ...beside } = raw;
    const target = typeof reference === 'string' ? (this.#target(reference, path) ?? {}) : raw;
    // A target that is itself a reference is resolved as a separate part.
    const isPlain = target === raw || (target['$ref'] === undefined && !members.restricts(beside));
    const resolved = isPlain ? target : { ...beside, allOf: [target, ...asList(beside['allOf'])] };
    this.#checkKeywords(resolved, path);
    return resolved;
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
      return StructuralSchema.validate(limit, value).length === 0;
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
    const [tuple, after] = members.tupleOf(raw);
    const kinds = distinctJson([...tuple, ...(isJsonObject(after) ? [after] : [])]);
    if (kinds.length === 0) node.items = { 'x-kubernetes-preserve-unknown-fields': true };
    else if (kinds.length === 1 && kinds[0] !== undefined) node.items = this.convert(kinds[0], inner, depth + 1);
    else node.items = this.convert({ anyOf: kinds }, inner, depth + 1);
    for (const name of ['minItems', 'maxItems'] as const) if (typeof raw[name] === 'number') node[name] = raw[name];
    if (raw['uniqueItems'] === true) {
      const isComparable = node.items.type !== undefined && node.items.type !== 'object';
      if (isComparable) node['x-kubernetes-list-type'] = 'set';
      else {
        const message = 'the list may contain equal objects, because the API server compares only scalars and lists';
        this.#warn(path, 'not-enforced', message);
      }
    }
    if (after === false) node.maxItems = Math.min(Number(node.maxItems ?? Infinity), tuple.length);
    const isOpen = after === undefined || after === true;
    if (tuple.length > 0 && (kinds.length > 1 || isOpen)) {
      const message = 'a tuple becomes a list; which position has which schema is not enforced';
      this.#warn(path, 'not-enforced', isOpen ? `${message}, and further items have one of these schemas` : message);
    }
  }

  #object(node: Node, raw: JsonObject, path: string, depth: number): void {
    node.type = 'object';
    const required = new Set(asTexts(raw['required']));
    const declared = asObject(raw['properties']);
    const properties: [string, Schema][] = [];
    for (const [name, value] of Object.entries({ ...declared, ...members.listedKeys(raw) })) {
      const at = path === '' ? name : `${path}.${name}`;
      if (name === '__proto__' && this.#isOfLibrary) {
        this.#error(at, 'unsupported-type', 'the library drops a member of this name', 'give the field another name');
        continue;
      }
      if (typeof value === 'boolean') properties.push([name, this.convert(members.asSchema(value), at, depth + 1)]);
      if (!isJsonObject(value)) continue;
      if (members.mayBeAbsent(value)) required.delete(name);
      if (value[ABSENT] === true) continue;
      const field = this.convert(value, at, depth + 1);
      properties.push([name, field]);
      // The default of a part stands in the part. A default of the member itself is that of all parts.
      if (this.#isOfLibrary && required.has(name) && field.default !== undefined && value['default'] === undefined)
        this.#error(at, 'default', 'a part has a default for it, and another part requires it', ONE_DEFAULT);
    }
    if (raw[CLOSED] !== undefined) this.#closed.add(node);
    if (properties.length > 0) node.properties = Object.fromEntries(properties);
    else if (raw[CLOSED] !== undefined && path !== '') {
      const message = 'the object has no fields, and the library drops all its members';
      this.#error(path, 'unsupported-type', message, 'declare the fields, or use a record');
    }
    if (required.size > 0) node.required = [...required];
    if (!this.#isOfLibrary && !this.#lenient) this.#requireDeclared(required, Object.fromEntries(properties), path);
    const others = this.#otherMembers(raw, path);
    if (isJsonObject(others) && Object.keys(others).length > 0) {
      node.additionalProperties = this.convert(others, `${path}.*`, depth + 1);
    } else if (others === true || isJsonObject(others) || (properties.length === 0 && others === undefined)) {
      node['x-kubernetes-preserve-unknown-fields'] = true;
    } else if (others === false && !this.#isOfLibrary) node.additionalProperties = false;
    for (const name of ['minProperties', 'maxProperties'] as const)
      if (typeof raw[name] === 'number') node[name] = raw[name];
  }

  #requireDeclared(required: Iterable<string>, properties: object, path: string): void {
    for (const name of required) {
      if (Object.hasOwn(properties, name)) continue;
      const message = `\`required\` names ${name}, which is not one of the properties`;
      this.#error(path, 'keyword', message, `declare ${name} in properties, or leave it out of required`);
    }
  }

  #otherMembers(raw: JsonObject, path: string): JsonObject | boolean | undefined {
    const [first, ...more] = Object.entries(asObject(raw['patternProperties']));
    if (first !== undefined) {
      const [pattern, value] = first;
      if (more.length > 0) this.#error(path, 'pattern-properties', 'patternProperties may have only one pattern');
      else if (!EVERYTHING.has(pattern)) {
        this.#warn(path, 'not-enforced', `names of members are not checked against ${pattern}`);
      }
      return isJsonObject(value) ? value : true;
    }
    const names = asObject(raw['propertyNames']);
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
    const common = members.restrictionsBeside(raw);
    const isExact = !this.#isOfLibrary && raw['anyOf'] === undefined && raw['oneOf'] !== undefined;
    const nulls = alternatives.filter(allowsNull).length;
    const hasNull = !members.refusesNull(common) && (isExact ? nulls === 1 : nulls > 0);
    if (!this.#isOfLibrary && raw['format'] !== undefined) common['format'] = raw['format'];
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
      Object.defineProperties(node, StructuralSchema.lazyCopies(schema));
      nodes.checksOf.set(node, nodes.schemaChecks(schema));
      if (hasNull) node.nullable = true;
    } else if (present.every(members.onlyLists)) {
      const listed = present.flatMap((entry) => distinctJson(asList(entry['enum'] ?? [entry['const'] ?? null])));
      const once = (value: JsonValue) => listed.filter((other) => jsonEquals(value, other)).length === 1;
      const exact = isExact ? listed.filter(once) : listed;
      const values = Array.isArray(common['enum']) ? commonJson(exact, common['enum']) : exact;
      this.#constants(node, { ...common, enum: values }, path);
    } else if (this.#isOfLibrary && typeof raw['format'] === 'string' && present.every(isTextSchema)) {
      stringMembers(node, { type: 'string', format: raw['format'] });
    } else if (isJsonObject(common['properties']) && present.every(members.onlyRequires)) {
      this.#plain(node, common, path, depth);
      const branches = present.map((entry) => ({ type: 'object', required: asTexts(entry['required']) }));
      for (const { required } of branches) this.#requireDeclared(required, common['properties'], path);
      node[isExact ? 'oneOf' : 'anyOf'] = branches;
    } else {
      const branches = present.map((entry) => this.#alternative(combined(entry), path, depth));
      const types = new Set(branches.map((branch) => branch.type));
      const [type] = types;
      if (types.size === 1 && type !== undefined) node.type = type;
      const isApart = branches.every((a, at) => branches.slice(at + 1).every((b) => members.haveNoCommonValue(a, b)));
      node[isExact && !isApart ? 'oneOf' : 'anyOf'] = branches;
    }
    if (!this.#isOfLibrary && raw['unevaluatedProperties'] === false) node.additionalProperties = false;
  }
}

/** The keywords that restrict a constant. */
const OF_CONSTANTS =
  'format minLength maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf'.split(' ');

/** The remedy for parts of an intersection that disagree about a default. */
const ONE_DEFAULT = 'declare it in one part, or give it the same default in all parts';

const nameOfPart = (path: string): string => (path === '' ? 'the schema' : `field ${path}`);

const EVERYTHING = new Set(['^(.*)$', '^.*$', '.*', '', '^']);
