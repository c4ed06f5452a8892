import { type SimpleSchemaError, type SimpleType, customNameOf } from './simple-type.ts';

/** The definition of a custom type: a type expression or the fields of a struct. */
export type CustomTypeDefinition =
  | { readonly form: 'text'; readonly type: SimpleType }
  | { readonly form: 'struct'; readonly members: readonly CustomTypeDefinition[] };

/** Names of the custom types that a definition mentions, in order of appearance. */
function dependenciesOf(definition: CustomTypeDefinition): string[] {
  const names = new Set<string>();
  const visit = (part: CustomTypeDefinition): void => {
    if (part.form === 'struct') part.members.forEach(visit);
    else {
      const name = customNameOf(part.type);
      if (name !== undefined) names.add(name);
    }
  };
  visit(definition);
  return [...names];
}

/**
 * The order in which custom types can be built: dependencies first. Every unknown dependency, every self-reference and
 * the first cycle are reported with kro's message.
 *
 * @param hintForUnknown returns the hint for a dependency that is no custom type
 */
export function orderTypes(
  definitions: ReadonlyMap<string, CustomTypeDefinition>,
  hintForUnknown: (name: string) => string | undefined,
): { order: string[]; errors: SimpleSchemaError[] } {
  const errors: SimpleSchemaError[] = [];
  const edges = new Map<string, string[]>();
  for (const [name, definition] of definitions) {
    const known: string[] = [];
    for (const dependency of dependenciesOf(definition)) {
      if (dependency === name) {
        const hint = 'a type cannot contain itself; use object for the recursive part';
        errors.push({
          code: 'simpleschema/type-cycle',
          message: 'self references are not allowed',
          path: ['types', name],
          hint,
        });
      } else if (definitions.has(dependency)) known.push(dependency);
      else {
        const message = `node ${dependency} does not exist`;
        const hint = hintForUnknown(dependency);
        const path = ['types', name];
        errors.push({ code: 'simpleschema/unknown-type', message, path, ...(hint === undefined ? {} : { hint }) });
      }
    }
    edges.set(name, known);
  }
  const { order, cycle } = sortTypes(edges);
  const [start] = cycle;
  if (start !== undefined) {
    const message = `cyclic dependency in type ${start}: graph contains a cycle: ${[...cycle, start].join(' -> ')}`;
    const hint = 'SimpleSchema types are expanded where they are used, so they cannot be recursive';
    errors.push({ code: 'simpleschema/type-cycle', message, path: ['types', start], hint });
  }
  return { order, errors };
}

/** Sorts depth-first without recursion. Stops at the first cycle and returns it. */
function sortTypes(edges: ReadonlyMap<string, readonly string[]>): { order: string[]; cycle: string[] } {
  const order: string[] = [];
  const done = new Set<string>();
  for (const root of edges.keys()) {
    if (done.has(root)) continue;
    const trail: { name: string; next: number }[] = [{ name: root, next: 0 }];
    const onTrail = new Set([root]);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const dependency = edges.get(top.name)?.[top.next];
      top.next += 1;
      if (dependency === undefined) {
        trail.pop();
        onTrail.delete(top.name);
        done.add(top.name);
        order.push(top.name);
      } else if (onTrail.has(dependency)) {
        const names = trail.map((entry) => entry.name);
        return { order, cycle: names.slice(names.indexOf(dependency)) };
      } else if (!done.has(dependency)) {
        trail.push({ name: dependency, next: 0 });
        onTrail.add(dependency);
      }
    }
  }
  return { order, cycle: [] };
}
