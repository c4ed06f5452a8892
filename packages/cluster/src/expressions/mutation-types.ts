/** The types of the expressions of mutating policies: `Object{…}`, `Object.spec{…}` and so on, and `JSONPatch{…}`. */
import type { CelType, Library, TypeProvider, Value } from '@typekro/cel';
import { DYN, OpaqueValue, STRING, finiteJson, structType, unescapeFieldName } from '@typekro/cel';
import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';

const OBJECT = 'Object';
const PATCH = 'JSONPatch';

/** The type that an `ApplyConfiguration` expression must return. */
export const OBJECT_TYPE: CelType = structType(OBJECT);
/** The type of the list elements that a `JSONPatch` expression must return. */
export const PATCH_TYPE: CelType = structType(PATCH);

/** A literal of an object type or of `JSONPatch`. */
class ObjectLiteral extends OpaqueValue {
  readonly typeName: string;
  readonly fields: ReadonlyMap<string, Value>;

  constructor(typeName: string, fields: ReadonlyMap<string, Value>) {
    super();
    this.typeName = typeName;
    this.fields = fields;
  }

  equals(other: Value): boolean {
    return other === this;
  }

  override field(name: string): Value | undefined {
    return this.fields.get(name);
  }

  override toJson(): Value {
    const object: Record<string, Value> = Object.create(null) as Record<string, Value>;
    for (const [name, value] of this.fields) object[name] = value;
    return object;
  }
}

const isObjectType = (name: string): boolean => name === OBJECT || name.startsWith(`${OBJECT}.`);

const PATCH_FIELDS: Readonly<Record<string, CelType>> = { op: STRING, path: STRING, from: STRING, value: DYN };

/**
 * A literal of an object type may set any field. The object's schema is checked later, when the value is applied. A
 * literal of `JSONPatch` may set only the fields of a patch.
 */
export const mutationTypes: TypeProvider = {
  findType: (name) => (name === PATCH || isObjectType(name) ? structType(name) : undefined),
  findField(typeName, field) {
    if (isObjectType(typeName)) return { type: DYN };
    const type = typeName === PATCH && Object.hasOwn(PATCH_FIELDS, field) ? PATCH_FIELDS[field] : undefined;
    return type === undefined ? undefined : { type };
  },
  fieldNames: (typeName) => (typeName === PATCH ? Object.keys(PATCH_FIELDS) : []),
  construct(typeName) {
    if (typeName !== PATCH && !isObjectType(typeName)) return undefined;
    return (fields) =>
      new ObjectLiteral(
        typeName,
        new Map([...fields].map(([name, value]) => [unescapeFieldName(name) ?? name, value])),
      );
  },
};

/** Declares the function that escapes a key, so that the key becomes one segment of a JSON Pointer. */
export const patchLibrary: Library = {
  name: 'kubernetes.jsonpatch',
  functions: [
    {
      name: 'jsonpatch.escapeKey',
      overloads: [
        {
          id: 'string_jsonpatch_escapeKey_string',
          params: [STRING],
          result: STRING,
          call: (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'),
        },
      ],
    },
  ],
};

/**
 * Checks that the type name of each literal equals the path of its field. For example, the value of the field `spec` of
 * an `Object` must be an `Object.spec`. Returns the message for the first literal with another type name.
 */
function misnamed(value: Value, expected: string): string | undefined {
  if (Array.isArray(value)) return firstProblem(value.map((element: Value) => misnamed(element, expected)));
  if (!(value instanceof ObjectLiteral)) return undefined;
  if (value.typeName !== expected) {
    return `unexpected type name "${value.typeName}", expected "${expected}", which matches field name path from root Object type`;
  }
  return firstProblem([...value.fields].map(([name, field]) => misnamed(field, `${expected}.${name}`)));
}

const firstProblem = (problems: readonly (string | undefined)[]) => problems.find((problem) => problem !== undefined);

/** The mutation that an expression returned, or the message of an error. */
export type ReadMutation<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly problem: string };

/** Converts the value of an `ApplyConfiguration` expression to JSON. */
export function readConfiguration(value: Value): ReadMutation<JsonObject> {
  const problem = misnamed(value, OBJECT);
  if (problem !== undefined) return { ok: false, problem: `type mismatch: ${problem}` };
  const json = finiteJson(value);
  if (!json.ok) return { ok: false, problem: json.error };
  return isJsonObject(json.value)
    ? { ok: true, value: json.value }
    : { ok: false, problem: 'unsupported return type from ApplyConfiguration expression' };
}

/** Converts the value of a `JSONPatch` expression to patch operations. */
export function readPatch(value: Value): ReadMutation<readonly JsonValue[]> {
  const elements = Array.isArray(value) ? (value as readonly Value[]) : [];
  for (const element of elements) {
    const operand = element instanceof ObjectLiteral ? element.fields.get('value') : undefined;
    const problem = operand instanceof ObjectLiteral ? misnamed(operand, operand.typeName) : undefined;
    if (problem !== undefined) return { ok: false, problem: `type mismatch: ${problem}` };
  }
  const json = finiteJson(value);
  if (!json.ok)
    return {
      ok: false,
      problem: `JSONPath valueExpression evaluated to a type that could not marshal to JSON: ${json.error}`,
    };
  if (Array.isArray(json.value)) return { ok: true, value: json.value };
  return { ok: false, problem: 'type mismatch: JSONPatchType.expression should evaluate to array' };
}
