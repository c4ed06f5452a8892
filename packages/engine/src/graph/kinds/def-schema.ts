import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import type { Schema } from '../../schema/index.ts';

/** A value of any type: expressions see it as dyn. */
const ANY: Schema = { 'x-kubernetes-int-or-string': true, 'x-kubernetes-preserve-unknown-fields': true };

/**
 * Infers the schema of a def's value from its literals. A string with an expression can have any type. The elements of
 * a list have a type only if all are scalar literals of the same type. With `dynamicKeys`, an object with an expression
 * as a key can also have any type.
 */
export function defSchema(value: JsonValue, dynamicKeys = false): Schema {
  if (typeof value === 'string') return value.includes('${') ? ANY : { type: 'string' };
  if (typeof value === 'boolean') return { type: 'boolean' };
  if (typeof value === 'bigint') return { type: 'integer' };
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'integer' : 'number' };
  if (Array.isArray(value)) return { type: 'array', items: elementSchema(value, dynamicKeys) };
  if (!isJsonObject(value)) return ANY;
  if (dynamicKeys && Object.keys(value).some((key) => key.includes('${'))) return ANY;
  // The author chooses the keys, so the object has no prototype: a key such as `__proto__` is then an ordinary name.
  const properties = Object.create(null) as Record<string, Schema>;
  for (const [key, entry] of Object.entries(value))
    if (entry !== undefined) properties[key] = defSchema(entry, dynamicKeys);
  return { type: 'object', properties };
}

function elementSchema(values: readonly JsonValue[], dynamicKeys: boolean): Schema {
  const schemas = values.map((value) => defSchema(value, dynamicKeys));
  const [first] = schemas;
  const isScalar = first !== undefined && first.type !== undefined && first.type !== 'object' && first.type !== 'array';
  return isScalar && schemas.every(({ type }) => type === first.type) ? first : ANY;
}
