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
function schemaAtPath(root: Schema, pathText: string, rootName: string): SchemaAt | undefined {
  const path = parsePath(pathText);
  if (!path.ok) return undefined;
  let schema = root;
  let typeName = rootName;
  for (const step of path.steps) {
    if (step === '') continue;
    const next: Schema | undefined = typeof step === 'number' ? schema.items : fieldOf(schema, step);
    if (next === undefined) return undefined;
    schema = next;
    typeName += typeof step === 'number' ? '.@idx' : `.${step}`;
  }
  return { schema, typeName };
}

/** Remembers where paths lead: resources of one kind have the same fields. Type names are without that of the root. */
export class SchemaPaths {
  readonly #known = new WeakMap<Schema, Map<string, SchemaAt | undefined>>();

  at(root: Schema, pathText: string): SchemaAt | undefined {
    let paths = this.#known.get(root);
    if (paths === undefined) {
      paths = new Map();
      this.#known.set(root, paths);
    }
    if (paths.has(pathText)) return paths.get(pathText);
    const found = schemaAtPath(root, pathText, '');
    paths.set(pathText, found);
    return found;
  }
}

/** A member; of a list, that of its elements, as kro looks on when the path has no index. */
function fieldOf(schema: Schema, name: string): Schema | undefined {
  let at = schema;
  for (let depth = 0; depth < 64; depth += 1) {
    const found = memberSchema(at, name);
    if (found !== undefined || at.items === undefined) return found;
    at = at.items;
  }
  return undefined;
}
