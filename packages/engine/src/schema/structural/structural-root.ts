import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { compareText, goJson, goQuoteJson } from '@typekro/kit/golang';
import { type FieldError, asText } from '@typekro/kit/kubernetes';
import { invalid } from '../validation/field-error.ts';

/** Prints a member of a schema. `undefined` is printed as the zero value of the member's Go type. */
type Print = (value: JsonValue | undefined, depth: number) => string;

/** The depth at which the printed schema is truncated. The server refuses such a deep schema. */
const MAX_DEPTH = 200;

const text: Print = (value) => goQuoteJson(asText(value));
const flag: Print = (value) => String(value === true);
const any: Print = (value) => goJson(value);
const schema: Print = (value, depth) => (isJsonObject(value) && depth < MAX_DEPTH ? printed(value, depth + 1) : 'null');
const list = (value: JsonValue | undefined, print: (entry: JsonValue) => string): string =>
  Array.isArray(value) ? `[${value.map(print).join(',')}]` : 'null';
const map = (value: JsonValue | undefined, print: (entry: JsonValue | undefined) => string): string => {
  if (!isJsonObject(value)) return 'null';
  const names = Object.keys(value).sort(compareText);
  return `{${names.map((name) => `${goQuoteJson(name)}:${print(value[name])}`).join(',')}}`;
};
const schemas: Print = (value, depth) => list(value, (entry) => schema(entry, depth));
const schemaMap: Print = (value, depth) => map(value, (entry) => schema(entry, depth));
const schemaOrBool: Print = (value, depth) => {
  if (typeof value !== 'boolean' && !isJsonObject(value)) return 'null';
  return `{"Allows":${value !== false},"Schema":${schema(value, depth)}}`;
};
const schemaOrList: Print = (value, depth) => {
  if (!Array.isArray(value) && !isJsonObject(value)) return 'null';
  return `{"Schema":${schema(value, depth)},"JSONSchemas":${schemas(value, depth)}}`;
};
const dependencies: Print = (value, depth) =>
  map(
    value,
    (entry) => `{"Schema":${schema(entry, depth)},"Property":${Array.isArray(entry) ? goJson(entry) : 'null'}}`,
  );
const documentation: Print = (value, depth) =>
  isJsonObject(value)
    ? `{"Description":${text(value['description'], depth)},"URL":${text(value['url'], depth)}}`
    : 'null';
const rules: Print = (value) => list(value, (entry) => (isJsonObject(entry) ? rule(entry) : 'null'));

function rule({
  rule: expression,
  message,
  messageExpression,
  reason,
  fieldPath,
  optionalOldSelf,
}: JsonObject): string {
  const texts = `"Rule":${text(expression, 0)},"Message":${text(message, 0)}`;
  const more = `"MessageExpression":${text(messageExpression, 0)},"Reason":${goJson(reason)}`;
  return `{${texts},${more},"FieldPath":${text(fieldPath, 0)},"OptionalOldSelf":${goJson(optionalOldSelf)}}`;
}

interface Member {
  readonly name: string;
  readonly keyword: string;
  readonly print: Print;
}

/** The members of the server's type `JSONSchemaProps`, in the order of the type. */
const MEMBERS: readonly Member[] = [
  ...membersOf(text, ['ID', 'id'], ['Schema', '$schema']),
  ...membersOf(any, ['Ref', '$ref']),
  ...membersOf(text, ['Description', 'description'], ['Type', 'type']),
  ...membersOf(flag, ['Nullable', 'nullable']),
  ...membersOf(text, ['Format', 'format'], ['Title', 'title']),
  ...membersOf(any, ['Default', 'default'], ['Maximum', 'maximum']),
  ...membersOf(flag, ['ExclusiveMaximum', 'exclusiveMaximum']),
  ...membersOf(any, ['Minimum', 'minimum']),
  ...membersOf(flag, ['ExclusiveMinimum', 'exclusiveMinimum']),
  ...membersOf(any, ['MaxLength', 'maxLength'], ['MinLength', 'minLength']),
  ...membersOf(text, ['Pattern', 'pattern']),
  ...membersOf(any, ['MaxItems', 'maxItems'], ['MinItems', 'minItems']),
  ...membersOf(flag, ['UniqueItems', 'uniqueItems']),
  ...membersOf(any, ['MultipleOf', 'multipleOf'], ['Enum', 'enum'], ['MaxProperties', 'maxProperties']),
  ...membersOf(any, ['MinProperties', 'minProperties'], ['Required', 'required']),
  ...membersOf(schemaOrList, ['Items', 'items']),
  ...membersOf(schemas, ['AllOf', 'allOf'], ['OneOf', 'oneOf'], ['AnyOf', 'anyOf']),
  ...membersOf(schema, ['Not', 'not']),
  ...membersOf(schemaMap, ['Properties', 'properties']),
  ...membersOf(schemaOrBool, ['AdditionalProperties', 'additionalProperties']),
  ...membersOf(schemaMap, ['PatternProperties', 'patternProperties']),
  ...membersOf(dependencies, ['Dependencies', 'dependencies']),
  ...membersOf(schemaOrBool, ['AdditionalItems', 'additionalItems']),
  ...membersOf(schemaMap, ['Definitions', 'definitions']),
  ...membersOf(documentation, ['ExternalDocs', 'externalDocs']),
  ...membersOf(any, ['Example', 'example'], ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields']),
  ...membersOf(flag, ['XEmbeddedResource', 'x-kubernetes-embedded-resource']),
  ...membersOf(flag, ['XIntOrString', 'x-kubernetes-int-or-string']),
  ...membersOf(any, ['XListMapKeys', 'x-kubernetes-list-map-keys'], ['XListType', 'x-kubernetes-list-type']),
  ...membersOf(any, ['XMapType', 'x-kubernetes-map-type']),
  ...membersOf(rules, ['XValidations', 'x-kubernetes-validations']),
];

function membersOf(print: Print, ...members: readonly (readonly [name: string, keyword: string])[]): Member[] {
  return members.map(([name, keyword]) => ({ name, keyword, print }));
}

/** Prints a schema like the server: with the member names of its Go type and all zero values. */
function printed(value: JsonObject, depth: number): string {
  return `{${MEMBERS.map(({ name, keyword, print }) => `"${name}":${print(value[keyword], depth)}`).join(',')}}`;
}

const ALLOWED: readonly string[] =
  `Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems
  MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields
  XValidations`.split(/\s+/);

const WITH_STATUS = 'at the root of the schema if the status subresource is enabled';

/**
 * The error of the root of a schema with a status subresource. The server validates the status only with
 * `properties.status`, so the root may only have keywords that do not concern the status.
 */
export function* statusRootErrors(root: JsonObject, path: string): Iterable<FieldError> {
  for (const { name, keyword, print } of MEMBERS) {
    if (name === 'Type') {
      const type = asText(root[keyword]);
      if (type === '' || type === 'object') continue;
      yield invalid(`${path}.type`, type, `only "object" is allowed as the type ${WITH_STATUS}`);
      return;
    }
    if (ALLOWED.includes(name) || print(root[keyword], 0) === print(undefined, 0)) continue;
    const detail = `only [${ALLOWED.join(' ')}] fields are allowed ${WITH_STATUS}`;
    yield { reason: 'FieldValueInvalid', field: path, message: `Invalid value: ${printed(root, 0)}: ${detail}` };
    return;
  }
}
