import type { FieldStep, Schema } from '../model.ts';

/**
 * A copy of a schema in which one node is replaced. A step of `path` is the name of a property, any number for the
 * elements of a list, or any undeclared name for the values of a map. The original schema does not change. `undefined`
 * if the schema has no node at the path.
 */
export function updateSchema(
  schema: Schema,
  path: readonly FieldStep[],
  change: (node: Schema) => Schema,
): Schema | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return change(schema);
  if (typeof step === 'number') {
    const items = schema.items === undefined ? undefined : updateSchema(schema.items, rest, change);
    return items === undefined ? undefined : { ...schema, items };
  }
  const { properties, additionalProperties } = schema;
  const declared = properties !== undefined && Object.hasOwn(properties, step) ? properties[step] : undefined;
  if (declared !== undefined) {
    const updated = updateSchema(declared, rest, change);
    if (updated === undefined) return undefined;
    const entries = Object.entries(properties ?? {}).map(
      ([name, child]) => [name, name === step ? updated : child] as const,
    );
    return { ...schema, properties: Object.fromEntries(entries) };
  }
  if (typeof additionalProperties !== 'object') return undefined;
  const updated = updateSchema(additionalProperties, rest, change);
  return updated === undefined ? undefined : { ...schema, additionalProperties: updated };
}

/** The node at a path, as in `updateSchema`; `undefined` if there is none. */
export function schemaNodeAt(schema: Schema, path: readonly FieldStep[]): Schema | undefined {
  let node: Schema | undefined = schema;
  for (const step of path) {
    if (node === undefined) return undefined;
    const { properties, additionalProperties, items }: Schema = node;
    if (typeof step === 'number') node = items;
    else if (properties !== undefined && Object.hasOwn(properties, step)) node = properties[step];
    else node = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  }
  return node;
}
