import { type JsonObject, type JsonValue, setOwn, oncePerObject } from '@typekro/kit/core';
import { JsonSyntaxError, parseStrictJson } from '../codec/json.ts';
import { goJsonProblem, goQuote } from '@typekro/kit/golang';
import { formatMicroTime, formatTime } from '@typekro/kit/kubernetes';
import { type BuiltinTypes, builtinType, latestTypes } from './builtin.ts';
import type { FieldNode, MapNode, ObjectNode, ScalarNode, TypeNode } from './type-node.ts';

/** The error for a body that is not a protobuf message of a known kind. */
export class ProtobufError extends Error {}

const MAGIC = Buffer.from('k8s\0');

/** Decodes the envelope and the object inside. The result is plain JSON, which `decodeObject` must decode further. */
export function decodeProtobuf(body: Buffer, types: BuiltinTypes = latestTypes): JsonValue {
  if (body.length === 0) throw new ProtobufError('empty body');
  if (!body.subarray(0, 4).equals(MAGIC))
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  let typeMeta: Buffer | undefined;
  let raw: Buffer = Buffer.alloc(0);
  for (const { number, value } of fields(body.subarray(4))) {
    if (!Buffer.isBuffer(value)) continue;
    if (number === 1) typeMeta = value;
    if (number === 2) raw = value;
  }
  const meta = typeMeta === undefined ? [] : [...fields(typeMeta)];
  const text = (number: number) => {
    const found = meta.find((field) => field.number === number)?.value;
    return Buffer.isBuffer(found) ? found.toString('utf8') : '';
  };
  const apiVersion = text(1);
  const kind = text(2);
  const node = typeNode(types, apiVersion, kind);
  if (node === undefined)
    throw new ProtobufError(`no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)}`);
  return { kind, apiVersion, ...decodeMessage(node, raw, 0) };
}

/**
 * The type of a kind. A type of the kind's own group is preferred. If it does not exist, a type of `meta.k8s.io` is
 * used, because options such as `DeleteOptions` may have the apiVersion of any group. `undefined` when neither type
 * exists.
 */
function typeNode(types: BuiltinTypes, apiVersion: string, kind: string): ObjectNode | undefined {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const name = `${group === '' ? 'core' : (group.split('.')[0] ?? '')}.${version}.${kind}`;
  if (types.has(name)) return types.get(name);
  return types.has(`meta.v1.${kind}`) ? types.get(`meta.v1.${kind}`) : undefined;
}

interface WireField {
  readonly number: number;
  /** The bytes of a length-delimited or fixed-size field, or the integer of a varint. */
  readonly value: Buffer | bigint;
  readonly double: boolean;
}

function* fields(message: Buffer): Generator<WireField> {
  let offset = 0;
  const varint = () => {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[offset++];
      if (byte === undefined) throw new ProtobufError('unexpected EOF');
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
    throw new ProtobufError('proto: integer overflow');
  };
  const bytes = (length: number) => {
    if (offset + length > message.length) throw new ProtobufError('unexpected EOF');
    return message.subarray(offset, (offset += length));
  };
  while (offset < message.length) {
    const key = Number(varint());
    const number = key >>> 3;
    switch (key & 7) {
      case 0:
        yield { number, value: varint(), double: false };
        break;
      case 1:
        yield { number, value: bytes(8), double: true };
        break;
      case 2:
        yield { number, value: bytes(Number(varint())), double: false };
        break;
      case 5:
        yield { number, value: bytes(4), double: false };
        break;
      default:
        throw new ProtobufError(`proto: illegal wireType ${key & 7}`);
    }
  }
}

const fieldsByNumber = oncePerObject((node: ObjectNode): ReadonlyMap<number, FieldNode> => {
  const inner = new Set<FieldNode>();
  for (const { node: inlined } of node.inlined ?? []) for (const field of inlined.fields.values()) inner.add(field);
  const map = new Map<number, FieldNode>();
  for (const field of node.fields.values()) {
    if (field.number !== undefined && !inner.has(field)) map.set(field.number, field);
  }
  return map;
});

const MAX_DEPTH = 200;

function decodeMessage(node: ObjectNode, message: Buffer, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw new ProtobufError('proto: message nested too deeply');
  const out: JsonObject = {};
  const known = fieldsByNumber(node);
  for (const { number, value, double } of fields(message)) {
    const inlined = node.inlined?.find((entry) => entry.number === number);
    if (inlined !== undefined) {
      if (Buffer.isBuffer(value)) Object.assign(out, decodeMessage(inlined.node, value, depth + 1));
      continue;
    }
    const field = known.get(number);
    if (field !== undefined) addField(out, field, value, double, depth);
  }
  return out;
}

function addField(out: JsonObject, field: FieldNode, value: Buffer | bigint, double: boolean, depth: number) {
  const { name, node } = field;
  if (node.kind === 'list') {
    const list = (out[name] ??= []);
    if (Array.isArray(list)) list.push(decodeValue(node.items, value, double, depth));
    return;
  }
  if (node.kind === 'map') {
    const map = (out[name] ??= {});
    if (Buffer.isBuffer(value)) addEntry(map as JsonObject, node, value, depth);
    return;
  }
  const decoded = decodeValue(node, value, double, depth);
  if (decoded !== null) out[name] = decoded;
}

function addEntry(map: JsonObject, node: MapNode, message: Buffer, depth: number) {
  let key = '';
  let entry: JsonValue | undefined;
  for (const { number, value, double } of fields(message)) {
    if (number === 1 && Buffer.isBuffer(value)) key = value.toString('utf8');
    if (number !== 2) continue;
    if (node.values.kind === 'list' && Buffer.isBuffer(value)) {
      const { items } = node.values;
      entry = [...fields(value)]
        .filter((field) => field.number === 1)
        .map((field) => decodeValue(items, field.value, field.double, depth));
    } else entry = decodeValue(node.values, value, double, depth);
  }
  setOwn(map, key, entry ?? (node.values.kind === 'list' ? [] : ''));
}

function decodeValue(node: TypeNode, value: Buffer | bigint, double: boolean, depth: number): JsonValue {
  switch (node.kind) {
    case 'scalar':
      return decodeScalar(node, value, double);
    case 'any':
      return Buffer.isBuffer(value) ? rawJson(value) : null;
    case 'object':
      if (!Buffer.isBuffer(value)) throw new ProtobufError('proto: wrong wireType');
      return node.name.startsWith('JSONSchemaPropsOr')
        ? schemaUnion(node, value, depth)
        : decodeMessage(node, value, depth + 1);
    case 'map':
    case 'list':
      throw new ProtobufError('proto: nested collection');
  }
}

/** Decodes a message whose first field contains JSON: RawExtension, FieldsV1 or JSON. */
function rawJson(message: Buffer): JsonValue {
  for (const { number, value } of fields(message)) {
    if (number === 1 && Buffer.isBuffer(value) && value.length > 0) return parsedJson(value.toString('utf8'));
  }
  return null;
}

function parsedJson(text: string): JsonValue {
  try {
    return parseStrictJson(text);
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError) throw new ProtobufError(thrown.message, { cause: thrown });
    throw thrown;
  }
}

function schemaUnion(node: ObjectNode, message: Buffer, depth: number): JsonValue {
  const schema = builtinType('apiextensions.v1.JSONSchemaProps');
  const list: JsonValue[] = [];
  let single: JsonValue | undefined;
  for (const { number, value } of fields(message)) {
    if (typeof value === 'bigint') single ??= value !== 0n;
    else if (node.name === 'JSONSchemaPropsOrStringArray' && number === 2) list.push(value.toString('utf8'));
    else if (node.name === 'JSONSchemaPropsOrArray' && number === 2) list.push(decodeMessage(schema, value, depth + 1));
    else single = decodeMessage(schema, value, depth + 1);
  }
  return single ?? list;
}

function decodeScalar(node: ScalarNode, value: Buffer | bigint, double: boolean): JsonValue {
  if (typeof value === 'bigint') {
    if (node.type === 'bool') return value !== 0n;
    const signed = BigInt.asIntN(node.type === 'int32' ? 32 : 64, value);
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  }
  if (double) {
    const number = value.readDoubleLE(0);
    const problem = goJsonProblem(number);
    if (problem !== undefined) throw new ProtobufError(problem);
    return number;
  }
  switch (node.type) {
    case 'bytes':
      return value.toString('base64');
    case 'Quantity': {
      const text = [...fields(value)].find((field) => field.number === 1)?.value;
      return Buffer.isBuffer(text) ? text.toString('utf8') : '0';
    }
    case 'IntOrString':
      return intOrString(value);
    case 'Time':
    case 'MicroTime':
      return time(node.type, value);
    case 'string':
    case 'bool':
    case 'int32':
    case 'int64':
    case 'float64':
    case 'unknown':
      return value.toString('utf8');
  }
}

function intOrString(message: Buffer): JsonValue {
  let isText = false;
  let integer = 0;
  let text = '';
  for (const { number, value } of fields(message)) {
    if (number === 1 && typeof value === 'bigint') isText = value === 1n;
    if (number === 2 && typeof value === 'bigint') integer = Number(BigInt.asIntN(32, value));
    if (number === 3 && Buffer.isBuffer(value)) text = value.toString('utf8');
  }
  return isText ? text : integer;
}

function time(type: 'Time' | 'MicroTime', message: Buffer): JsonValue {
  let seconds: bigint | undefined;
  let nanos = 0;
  for (const { number, value } of fields(message)) {
    if (typeof value !== 'bigint') continue;
    if (number === 1) seconds = BigInt.asIntN(64, value);
    if (number === 2) nanos = Number(BigInt.asIntN(32, value));
  }
  if (seconds === undefined && nanos === 0) return null;
  const milliseconds = Number(seconds ?? 0n) * 1000;
  if (type === 'Time') return formatTime(milliseconds);
  return formatMicroTime({ milliseconds, micros: String(Math.floor(nanos / 1000)).padStart(6, '0') });
}
