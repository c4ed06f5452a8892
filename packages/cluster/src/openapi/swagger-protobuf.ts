import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { asList, asObject } from '@typekro/kit/kubernetes';
import { toYamlText } from '../codec/yaml.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/**
 * Encodes a part of an OpenAPI v2 document as protobuf, with the field numbers of the messages of `openapi.v2`. The
 * parts of a document can follow each other, because a reader merges messages of the same field. Values of arbitrary
 * type (defaults, members of `enum`, extensions) are encoded as YAML strings.
 */
export function swaggerProtobuf({ swagger, info, paths, definitions }: JsonObject): Buffer {
  const writer = new ProtobufWriter();
  writer.text(1, swagger);
  if (isJsonObject(info)) {
    writer.message(2, (inner) => {
      inner.text(1, info['title']);
      inner.text(2, info['version']);
    });
  }
  if (isJsonObject(paths)) {
    writer.message(8, (inner) => {
      for (const [path, item] of entriesOf(paths)) {
        writeNamed(inner, 2, path, (value) => writePath(value, asObject(item)));
      }
    });
  }
  for (const [name, schema] of entriesOf(definitions))
    writer.message(9, (inner) => writeNamed(inner, 1, name, (value) => writeSchema(value, asObject(schema))));
  return writer.finish();
}

function entriesOf(value: JsonValue | undefined): readonly [string, JsonValue][] {
  return Object.entries(asObject(value)).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
}

/** Writes a map entry: its key and its value. */
function writeNamed(
  writer: ProtobufWriter,
  number: number,
  name: string,
  write: (value: ProtobufWriter) => void,
): void {
  writer.message(number, (entry) => {
    entry.text(1, name);
    entry.message(2, write);
  });
}

function writeAny(writer: ProtobufWriter, number: number, value: JsonValue): void {
  writer.message(number, (any) => any.text(2, toYamlText(value)));
}

function writeExtensions(writer: ProtobufWriter, number: number, owner: JsonObject): void {
  for (const [name, value] of entriesOf(owner)) {
    if (!name.startsWith('x-')) continue;
    writer.message(number, (entry) => {
      entry.text(1, name);
      writeAny(entry, 2, value);
    });
  }
}

const MAX_DEPTH = 200;

function writeSchema(writer: ProtobufWriter, schema: JsonObject, depth = 0): void {
  if (depth > MAX_DEPTH) return;
  writer.text(1, schema['$ref']);
  writer.text(2, schema['format']);
  writer.text(3, schema['title']);
  writer.text(4, schema['description']);
  if (schema['default'] !== undefined) writeAny(writer, 5, schema['default']);
  writer.double(6, schema['multipleOf']);
  writer.double(7, schema['maximum']);
  writer.flag(8, schema['exclusiveMaximum']);
  writer.double(9, schema['minimum']);
  writer.flag(10, schema['exclusiveMinimum']);
  writer.integer(11, schema['maxLength']);
  writer.integer(12, schema['minLength']);
  writer.text(13, schema['pattern']);
  writer.integer(14, schema['maxItems']);
  writer.integer(15, schema['minItems']);
  writer.flag(16, schema['uniqueItems']);
  writer.integer(17, schema['maxProperties']);
  writer.integer(18, schema['minProperties']);
  for (const name of asList(schema['required'])) writer.text(19, name);
  for (const value of asList(schema['enum'])) writeAny(writer, 20, value);
  const { additionalProperties, items, properties } = schema;
  if (additionalProperties !== undefined) {
    writer.message(21, (item) => {
      if (isJsonObject(additionalProperties))
        item.message(1, (inner) => writeSchema(inner, additionalProperties, depth + 1));
      else item.flag(2, additionalProperties);
    });
  }
  const { type } = schema;
  if (typeof type === 'string') writer.message(22, (item) => item.text(1, type));
  if (isJsonObject(items)) {
    writer.message(23, (item) => item.message(1, (inner) => writeSchema(inner, items, depth + 1)));
  }
  for (const part of asList(schema['allOf']))
    writer.message(24, (inner) => writeSchema(inner, asObject(part), depth + 1));
  if (isJsonObject(properties)) {
    writer.message(25, (all) => {
      for (const [name, member] of entriesOf(properties)) {
        writeNamed(all, 1, name, (inner) => writeSchema(inner, asObject(member), depth + 1));
      }
    });
  }
  writeExtensions(writer, 31, schema);
}

const METHODS: ReadonlyMap<string, number> = new Map([
  ['get', 2],
  ['put', 3],
  ['post', 4],
  ['delete', 5],
  ['patch', 8],
]);

function writePath(writer: ProtobufWriter, item: JsonObject): void {
  for (const [method, operation] of entriesOf(item)) {
    const number = METHODS.get(method);
    if (number !== undefined) writer.message(number, (inner) => writeOperation(inner, asObject(operation)));
  }
}

function writeOperation(writer: ProtobufWriter, operation: JsonObject): void {
  for (const tag of asList(operation['tags'])) writer.text(1, tag);
  writer.text(3, operation['description']);
  writer.text(5, operation['operationId']);
  for (const type of asList(operation['produces'])) writer.text(6, type);
  for (const type of asList(operation['consumes'])) writer.text(7, type);
  for (const parameter of asList(operation['parameters'])) {
    writer.message(8, (item) => item.message(1, (inner) => writeParameter(inner, asObject(parameter))));
  }
  writer.message(9, (answers) => {
    for (const [code, answer] of entriesOf(operation['responses'])) {
      writeNamed(answers, 1, code, (value) =>
        value.message(1, (response) => {
          const { description, schema } = asObject(answer);
          response.text(1, description);
          if (isJsonObject(schema)) {
            response.message(2, (item) => item.message(1, (inner) => writeSchema(inner, schema)));
          }
        }),
      );
    }
  });
  writeExtensions(writer, 13, operation);
}

function writeParameter(writer: ProtobufWriter, parameter: JsonObject): void {
  if (parameter['in'] === 'body') {
    writer.message(1, (body) => {
      body.text(2, parameter['name']);
      body.text(3, parameter['in']);
      body.flag(4, parameter['required']);
      const { schema } = parameter;
      if (isJsonObject(schema)) body.message(5, (inner) => writeSchema(inner, schema));
    });
    return;
  }
  writer.message(2, (other) =>
    other.message(3, (query) => {
      query.flag(1, parameter['required']);
      query.text(2, parameter['in']);
      query.text(4, parameter['name']);
      query.text(6, parameter['type']);
      query.flag(20, parameter['uniqueItems']);
    }),
  );
}
