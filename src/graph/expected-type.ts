import type { Schema } from '../schema/index.ts';
import { memberSchema } from './walk.ts';
import { parsePath } from './path.ts';

/** The schema that a field path leads to, and the name that its type has in kro's messages. */
export interface SchemaAt {
  readonly schema: Schema;
  readonly typeName: string;
}

/**
 * Follows a path text through a schema. kro reads its paths back from text here, so a key that looks like
 * an index leads astray, and an empty key stays where it is. Undefined when the path leads nowhere.
 */
export function schemaAtPath(root: Schema, pathText: string, rootName: string): SchemaAt | undefined {
  const path = parsePath(pathText);
  if (!path.ok) return undefined;
  let schema = root;
  let typeName = rootName;
  for (const step of path.steps) {
    if (step === '') continue;
    if (typeof step === 'number') {
      if (schema.items === undefined) return undefined;
      schema = schema.items;
      typeName += '.@idx';
      continue;
    }
    const declared = schema.properties !== undefined && Object.hasOwn(schema.properties, step);
    const next = memberSchema(schema, step);
    if (next === undefined) return undefined;
    schema = next;
    typeName += declared ? `.${step}` : '.@elem';
  }
  return { schema, typeName };
}
