import { type JsonObject, type JsonValue, isJsonObject, setOwn, oncePerObject } from '@typekro/kit/core';
import {
  formatMicroTime,
  formatQuantity,
  formatTime,
  parseMicroTime,
  parseQuantity,
  parseTime,
} from '@typekro/kit/kubernetes';
import { Failure, goJsonKind } from '@typekro/kit/golang';
import type { FieldNode, ListNode, MapNode, ObjectNode, ScalarNode, TypeNode } from './type-node.ts';
import { copyJson } from './parts.ts';

/** An empty object of a built-in type: it has only the fields that are always present in JSON. */
export const emptyObject = oncePerObject((node: ObjectNode): JsonObject => decodeObject(node, {}).value);

/** The error for a value that its type does not allow. The message equals the message of Go's decoder. */
export class DecodeError extends Error {
  /**
   * The message of Go's converter, which replaces `message` where the API server converts an object instead of decoding
   * it, e.g. after a strategic merge patch.
   */
  readonly conversion: string;

  constructor(message: string, conversion = message) {
    super(message);
    this.conversion = conversion;
  }
}

/** The outcome of decoding. */
export interface Decoded {
  readonly value: JsonObject;
  /** The paths of members that the type does not have, in the order of decoding. */
  readonly unknown: readonly string[];
}

/**
 * Decodes a JSON object as the built-in type `node`. The result equals the JSON that Go writes for the type: without
 * unknown members, with zero values only where `presence` or `keep` of the field (`FieldNode`) allows them, and with
 * times and quantities in canonical form. With `frozenIsTyped`, frozen parts are only copied and not decoded, because
 * they come from a stored object of the type.
 *
 * @throws DecodeError when a value is of the wrong type.
 */
export function decodeObject(node: ObjectNode, value: JsonObject, frozenIsTyped = false): Decoded {
  const decoder = new Decoder(node.name, frozenIsTyped);
  return { value: decoder.object(node, value), unknown: decoder.unknown };
}

class Decoder {
  readonly unknown: string[] = [];
  readonly #path: (string | number)[] = [];
  readonly #structs: string[] = [];

  readonly #frozenIsTyped: boolean;

  constructor(root: string, frozenIsTyped: boolean) {
    this.#frozenIsTyped = frozenIsTyped;
    this.#structs.push(root);
  }

  object(node: ObjectNode, value: JsonObject): JsonObject {
    const out: JsonObject = {};
    let matched = 0;
    this.#structs.push(node.name);
    for (const field of node.fields.values()) {
      const { name } = field;
      let raw = value[name];
      if (raw !== undefined) {
        if (Object.hasOwn(value, name)) matched++;
        else raw = undefined;
      } else if (Object.hasOwn(value, name)) matched++;
      const decoded = raw === undefined || raw === null ? emptyOf(field) : this.#field(field, raw);
      if (decoded !== undefined) out[name] = decoded;
    }
    this.#structs.pop();
    if (matched < Object.keys(value).length) this.#extra(node, value, out);
    return out;
  }

  #extra(node: ObjectNode, value: JsonObject, out: JsonObject) {
    for (const key of Object.keys(value)) {
      if (node.fields.has(key)) continue;
      if (node.extra !== undefined) setOwn(out, key, value[key] ?? null);
      else this.unknown.push(this.#pathText(key));
    }
  }

  #field(field: FieldNode, raw: JsonValue): JsonValue | undefined {
    this.#path.push(field.name);
    const decoded = this.#value(field.node, raw);
    this.#path.pop();
    if (field.presence || decoded === undefined) return decoded ?? emptyOf(field);
    if (!isZero(field.node, decoded)) return decoded;
    // An empty list of a top-level field that is always present is kept here. `settle` sets it to null when the object
    // is stored.
    const staysEmpty = field.keep && field.node.kind === 'list' && this.#path.length === 0;
    return staysEmpty ? decoded : emptyOf(field);
  }

  #value(node: TypeNode, raw: JsonValue): JsonValue | undefined {
    if (this.#frozenIsTyped && typeof raw === 'object' && Object.isFrozen(raw)) return copyJson(raw);
    switch (node.kind) {
      case 'scalar':
        return this.#scalar(node, raw);
      case 'any':
        return raw;
      case 'object':
        if (node.name.startsWith('JSONSchemaPropsOr')) return this.#schemaUnion(node, raw);
        if (!isJsonObject(raw)) return this.#mismatch(raw, `v1.${node.name}`);
        return this.object(node, raw);
      case 'map':
        return this.#map(node, raw);
      case 'list':
        return this.#list(node, raw);
    }
  }

  /** Decodes a member of JSON Schema that is a union: a schema, or a boolean, a list of names or a list of schemas. */
  #schemaUnion(node: ObjectNode, raw: JsonValue): JsonValue | undefined {
    if (node.name === 'JSONSchemaPropsOrBool' && typeof raw === 'boolean') return raw;
    const schema = node.fields.get('#JSONSchemaProps')?.node ?? node.fields.get('#Schema')?.node;
    if (Array.isArray(raw)) {
      if (node.name === 'JSONSchemaPropsOrBool') throw new DecodeError('boolean or JSON schema expected');
      return raw.map((entry) =>
        schema?.kind === 'object' && isJsonObject(entry) ? this.object(schema, entry) : entry,
      );
    }
    if (!isJsonObject(raw))
      throw new DecodeError(`${node.name === 'JSONSchemaPropsOrBool' ? 'boolean' : 'array'} or JSON schema expected`);
    return schema?.kind === 'object' ? this.object(schema, raw) : raw;
  }

  #map(node: MapNode, raw: JsonValue): JsonValue | undefined {
    if (!isJsonObject(raw)) return this.#mismatch(raw, `map[string]${goType(node.values)}`);
    const out: JsonObject = {};
    for (const key of Object.keys(raw)) {
      const entry = raw[key] ?? null;
      if (entry === null) {
        setOwn(out, key, zeroOf(node.values));
        continue;
      }
      const inner = node.values.kind !== 'scalar';
      if (inner) this.#path.push(key);
      setOwn(out, key, this.#value(node.values, entry) ?? null);
      if (inner) this.#path.pop();
    }
    return out;
  }

  #list(node: ListNode, raw: JsonValue): JsonValue | undefined {
    if (!Array.isArray(raw)) return this.#mismatch(raw, `[]${goType(node.items)}`);
    const out: JsonValue[] = [];
    for (let index = 0; index < raw.length; index++) {
      const entry = raw[index] ?? null;
      this.#path.push(index);
      out.push(entry === null ? zeroOf(node.items) : (this.#value(node.items, entry) ?? null));
      this.#path.pop();
    }
    return out;
  }

  #scalar(node: ScalarNode, raw: JsonValue): JsonValue | undefined {
    switch (node.type) {
      case 'unknown':
        return raw;
      case 'string':
        return typeof raw === 'string' ? raw : this.#mismatch(raw, 'string');
      case 'bool':
        return typeof raw === 'boolean' ? raw : this.#mismatch(raw, 'bool');
      case 'int32':
      case 'int64':
        return this.#integer(node.type, raw);
      case 'float64':
        return typeof raw === 'number' || typeof raw === 'bigint' ? Number(raw) : this.#mismatch(raw, 'float64');
      case 'bytes':
        return this.#bytes(raw);
      case 'IntOrString':
        return typeof raw === 'string' ? raw : this.#integer('int32', raw);
      case 'Quantity':
        return this.#quantity(raw);
      case 'Time':
        return this.#time(raw);
      case 'MicroTime':
        return this.#microTime(raw);
    }
  }

  #integer(type: string, raw: JsonValue): JsonValue {
    if (typeof raw === 'bigint') {
      if (type === 'int64' && BigInt.asIntN(64, raw) === raw) return raw;
      return this.#mismatch(raw, type, String(raw));
    }
    if (typeof raw !== 'number') return this.#mismatch(raw, type);
    if (!Number.isInteger(raw) || (type === 'int32' && (raw < -(2 ** 31) || raw >= 2 ** 31))) {
      return this.#mismatch(raw, type, String(raw));
    }
    return raw;
  }

  #bytes(raw: JsonValue): JsonValue {
    if (typeof raw !== 'string') return this.#mismatch(raw, '[]uint8');
    const text = raw.replaceAll(/[\r\n]/g, '');
    const bad = /[^A-Za-z0-9+/=]/.exec(text) ?? /=+[^=]/.exec(text);
    if (bad !== null) throw new DecodeError(`illegal base64 data at input byte ${bad.index}`);
    if (text.length % 4 !== 0)
      throw new DecodeError(`illegal base64 data at input byte ${text.length - (text.length % 4)}`);
    return text;
  }

  #quantity(raw: JsonValue): JsonValue {
    const quantity = parseQuantity(typeof raw === 'object' ? '' : String(raw).trim());
    if (quantity instanceof Failure) throw new DecodeError(quantity.message);
    return formatQuantity(quantity);
  }

  #time(raw: JsonValue): JsonValue | undefined {
    if (typeof raw !== 'string') return this.#mismatch(raw, 'string');
    if (raw === '') return undefined;
    const parsed = parseTime(raw);
    if (typeof parsed === 'string') throw new DecodeError(parsed);
    return formatTime(parsed);
  }

  #microTime(raw: JsonValue): JsonValue {
    if (typeof raw !== 'string') return this.#mismatch(raw, 'string');
    const parsed = parseMicroTime(raw);
    if (typeof parsed === 'string') throw new DecodeError(parsed);
    return formatMicroTime(parsed);
  }

  /**
   * Throws the error for a value of the wrong type. `number` is the literal of a number that does not fit the integer
   * type.
   */
  #mismatch(raw: JsonValue, type: string, number?: string): never {
    const word = number === undefined ? goJsonKind(raw) : `number ${number}`;
    const fields = this.#path.filter((part) => typeof part === 'string').join('.');
    const target =
      fields === '' ? `Go value of type ${type}` : `Go struct field ${this.#structs.at(-1)}.${fields} of type ${type}`;
    throw new DecodeError(`json: cannot unmarshal ${word} into ${target}`, conversionProblem(raw, type, number));
  }

  #pathText(last: string): string {
    let text = '';
    for (const part of [...this.#path, last]) {
      text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`;
    }
    return text;
  }
}

/** The reason why a value cannot be converted to a Go type. `number` has the same meaning as in `#mismatch`. */
function conversionProblem(raw: JsonValue, type: string, number: string | undefined): string {
  const kind = number === undefined ? reflectKind(raw) : /[.e]/.test(number) ? 'float64' : 'int64';
  if (type.startsWith('v1.')) return `cannot restore struct from: ${kind}`;
  if (type.startsWith('map[')) return `cannot restore map from ${kind}`;
  if (type.startsWith('[]')) return `cannot restore slice from ${kind}`;
  const convertible = kind.endsWith('64') && type !== 'bool';
  return convertible ? `cannot convert ${kind} to ${type}` : `unrecognized type: ${type}`;
}

function reflectKind(raw: JsonValue): string {
  if (Array.isArray(raw)) return 'slice';
  if (isJsonObject(raw)) return 'map';
  if (typeof raw === 'string') return 'string';
  if (typeof raw === 'boolean') return 'bool';
  return Number.isInteger(Number(raw)) ? 'int64' : 'float64';
}

function goType(node: TypeNode): string {
  if (node.kind === 'object') return `v1.${node.name}`;
  if (node.kind === 'scalar') return node.type === 'bytes' ? '[]uint8' : node.type;
  if (node.kind === 'list') return `[]${goType(node.items)}`;
  if (node.kind === 'map') return `map[string]${goType(node.values)}`;
  return 'interface {}';
}

/** The value of a missing field: the empty value if the field is always present in JSON; otherwise `undefined`. */
export function emptyOf(field: FieldNode): JsonValue | undefined {
  return field.keep && !field.presence ? zeroOf(field.node) : undefined;
}

function zeroOf(node: TypeNode): JsonValue {
  switch (node.kind) {
    case 'any':
    case 'list':
    case 'map':
      return null;
    case 'object': {
      const out: JsonObject = {};
      for (const field of node.fields.values()) {
        const value = emptyOf(field);
        if (value !== undefined) out[field.name] = value;
      }
      return out;
    }
    case 'scalar':
      return zeroScalar(node);
  }
}

function zeroScalar(node: ScalarNode): JsonValue {
  switch (node.type) {
    case 'string':
    case 'bytes':
      return '';
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'float64':
    case 'IntOrString':
      return 0;
    case 'Quantity':
      return '0';
    case 'Time':
    case 'MicroTime':
    case 'unknown':
      return null;
  }
}

function isZero(node: TypeNode, value: JsonValue): boolean {
  switch (node.kind) {
    case 'any':
      return value === null;
    case 'list':
      return Array.isArray(value) && value.length === 0;
    case 'map':
      return isJsonObject(value) && Object.keys(value).length === 0;
    case 'object':
      return isJsonObject(value) && Object.keys(value).length === 0;
    case 'scalar':
      return node.type === 'IntOrString'
        ? value === 0
        : value === '' || value === 0 || value === false || value === null;
  }
}
