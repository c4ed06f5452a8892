import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import type { PathStep } from '../model.ts';

/**
 * Joins the schemas of status fields. A member name in a path makes its parent an object, and an index makes its parent
 * a list. All elements of a list share a schema: the members of objects are merged, and among scalars the last type
 * wins.
 */
export function statusProperties(
  fields: readonly { readonly steps: readonly PathStep[]; readonly leaf: JsonObject }[],
): JsonObject {
  const root = newMap();
  for (const { steps, leaf } of fields) place(root, steps, leaf);
  return build(root)['properties'] as JsonObject;
}

/** A schema under construction. An object has members by name, and a list has the schema of its elements in `items`. */
type Part =
  | { readonly form: 'object'; readonly members: Map<string, Part> }
  | { readonly form: 'list'; items: Part | undefined }
  | { readonly form: 'leaf'; readonly schema: JsonObject };

type ObjectPart = Extract<Part, { form: 'object' }>;

function newMap(): ObjectPart {
  return { form: 'object', members: new Map() };
}

function place(root: ObjectPart, steps: readonly PathStep[], leaf: JsonObject): void {
  let parent: Part = root;
  for (const [index, step] of steps.entries()) {
    const following = steps[index + 1];
    const wanted: Part =
      following === undefined
        ? { form: 'leaf', schema: leaf }
        : typeof following === 'number'
          ? { form: 'list', items: undefined }
          : newMap();
    parent = child(parent, step, wanted);
  }
}

/** The part at a step. Creates it when it is missing, and replaces it when it has another form than `wanted`. */
function child(parent: Part, step: PathStep, wanted: Part): Part {
  const existing =
    parent.form === 'object' ? parent.members.get(String(step)) : parent.form === 'list' ? parent.items : undefined;
  if (existing !== undefined && existing.form === wanted.form && wanted.form !== 'leaf') return existing;
  if (parent.form === 'object') parent.members.set(String(step), wanted);
  else if (parent.form === 'list') parent.items = wanted;
  return wanted;
}

function build(part: Part): JsonObject {
  if (part.form === 'leaf') return part.schema;
  if (part.form === 'list') return { type: 'array', ...(part.items === undefined ? {} : { items: build(part.items) }) };
  const members = [...part.members].map(([name, member]): [string, JsonValue] => [name, build(member)]);
  return { type: 'object', properties: Object.fromEntries(members) };
}

/**
 * The paths of the literal values in a status block: all scalars, including null, except the results of expressions.
 */
export function literalPaths(
  skeleton: JsonValue,
  filled: ReadonlySet<string>,
  format: (steps: PathStep[]) => string,
): PathStep[][] {
  const found: PathStep[][] = [];
  const visit = (value: JsonValue | undefined, steps: PathStep[]): void => {
    if (Array.isArray(value)) for (const [index, entry] of value.entries()) visit(entry, [...steps, index]);
    else if (isJsonObject(value)) for (const [key, entry] of Object.entries(value)) visit(entry, [...steps, key]);
    else if (!filled.has(format(steps))) found.push(steps);
  };
  visit(skeleton, []);
  return found;
}
