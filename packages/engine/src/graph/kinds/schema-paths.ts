import { oncePerObject } from '@typekro/kit/core';
import type { Schema } from '../../schema/index.ts';
import { memberSchema } from '../walk.ts';
import { parsePath } from '../path.ts';
import { type Ast, type CelError, type Environment, type TypeProvider, walkAst } from '@typekro/cel';

/** The schema at a field path, and kro's name for its type. */
export interface SchemaAt {
  readonly schema: Schema;
  readonly typeName: string;
}

/**
 * Finds the schema at a formatted path. Like kro, it parses the path, so a key that looks like an index counts as an
 * index, and an empty key is skipped. Returns undefined when there is no schema at the path.
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

/**
 * A cache of the schemas at paths, because resources of the same kind have the same fields. The type names consist of
 * the path alone, without a name for the root.
 */
export class SchemaPaths {
  readonly #pathsOf = oncePerObject((_root: Schema) => new Map<string, SchemaAt | undefined>());

  at(root: Schema, pathText: string): SchemaAt | undefined {
    const paths = this.#pathsOf(root);
    if (paths.has(pathText)) return paths.get(pathText);
    const found = schemaAtPath(root, pathText, '');
    paths.set(pathText, found);
    return found;
  }
}

/**
 * The schema of a member. For a list, the schema of this member in the elements of the list, because kro accepts a path
 * without an index there.
 */
function fieldOf(schema: Schema, name: string): Schema | undefined {
  let at = schema;
  for (let depth = 0; depth < 64; depth += 1) {
    const found = memberSchema(at, name);
    if (found !== undefined || at.items === undefined) return found;
    at = at.items;
  }
  return undefined;
}

/** The field names of the object in which an expression reads an unknown field. */
export function fieldsAt(ast: Ast, error: CelError, environment: Environment, types: TypeProvider): readonly string[] {
  let fields: readonly string[] = [];
  walkAst(ast.expr, (expr) => {
    if (expr.kind !== 'select' || expr.at !== error.offset) return;
    const checked = environment.check(ast.text.slice(expr.operand.start, expr.operand.end));
    if (checked.ok && checked.type.kind === 'struct') fields = types.fieldNames(checked.type.name);
  });
  return fields;
}

/**
 * The offset at which the invalid text begins. For an unknown field, cel-go reports the dot before the field. This
 * function returns the offset after the dot, a `?` and blanks.
 */
export function offsetOfPlace(text: string, error: CelError): number {
  if (!error.message.startsWith('undefined field')) return error.offset;
  const dot = /^\.\??\s*/.exec(text.slice(error.offset));
  return error.offset + (dot?.[0].length ?? 0);
}
