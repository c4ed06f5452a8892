import type { PathStep } from '@typekro/engine/graph';
import { type Schema, schemaNodeAt } from '@typekro/engine/schema';
import { nearestName, oncePerObject } from '@typekro/kit/core';

/** The beginning of the hint for a field that belongs in the spec. */
export const BELOW_SPEC = 'it belongs below spec';

/**
 * Returns the hint for a field that the kind does not have, or `undefined` if no field is similar. `steps` is the path
 * of the field, with corrected names of its ancestors.
 */
export function hintForUnknownField(
  schema: Schema,
  steps: readonly PathStep[],
  inDefinition: boolean,
): string | undefined {
  const name = String(steps.at(-1) ?? '');
  return (
    NEIGHBOURS.get(inDefinition ? name : '') ??
    otherLevelHint(name, schema, steps) ??
    nameHint(name, parentSchema(schema, steps))
  );
}

const BY_REFERENCE =
  'remove it: a resource waits for the resources that it reads; read a field of the other resource in the template, as in ${other.metadata.name}';

/** Field names of other tools, with hints about the equivalent in a definition. */
const NEIGHBOURS: ReadonlyMap<string, string> = new Map([
  ['dependsOn', BY_REFERENCE],
  ['depends_on', BY_REFERENCE],
  ['needs', BY_REFERENCE],
  ['after', BY_REFERENCE],
  ['when', 'write includeWhen, with a list of conditions'],
  ['if', 'write includeWhen, with a list of conditions'],
  ['condition', 'write includeWhen, with a list of conditions'],
  ['for_each', 'write forEach, with a list of entries such as - name: ${list}'],
  ['count', 'write forEach, with a list of entries such as - name: ${list}'],
]);

/**
 * Returns the hint for a field that exists one level deeper or higher. Its name is right, and its indentation is wrong.
 */
function otherLevelHint(name: string, schema: Schema, steps: readonly PathStep[]): string | undefined {
  const siblingSchema = parentSchema(schema, steps);
  const inner = siblingSchema?.properties?.['spec'];
  const isFree = inner?.['x-kubernetes-preserve-unknown-fields'] === true;
  const isNear = nameHint(name, siblingSchema)?.startsWith('did you mean') === true;
  if (
    inner?.properties?.[name] !== undefined ||
    (isFree && !isNear && parentSchema(schema, steps.slice(0, -1))?.properties?.[name] === undefined)
  )
    return `${BELOW_SPEC}: put it below spec:, indented by two more spaces`;
  const sibling = siblingSchema === undefined ? undefined : namesBelow(siblingSchema).holders.get(name);
  if (
    sibling !== undefined &&
    sibling !== SEVERAL &&
    !isNear &&
    (sibling !== 'metadata' || steps.at(-2) === 'externalRef')
  )
    return `it belongs below ${[...steps.slice(0, -1), sibling].join('.')}: indent it by two more spaces there`;
  const parent = steps.at(-2);
  const outer = typeof parent === 'string' ? parentSchema(schema, steps.slice(0, -1)) : undefined;
  return outer?.properties?.[name] === undefined || isNear
    ? undefined
    : `it belongs next to ${String(parent)}: indent it by two spaces less`;
}

/** The names of a schema's fields, and the only field except `spec` that has a given member. */
interface NamesBelow {
  readonly names: readonly string[];
  readonly holders: ReadonlyMap<string, string>;
}

/** In place of the holder, when several fields have the member. */
const SEVERAL = '';

export const namesBelow = oncePerObject((schema: Schema): NamesBelow => {
  const fields = Object.entries(schema.properties ?? {});
  const holders = new Map<string, string>();
  for (const [holder, { properties = {} }] of fields)
    for (const name of holder === 'spec' ? [] : Object.keys(properties))
      holders.set(name, holders.has(name) ? SEVERAL : holder);
  return { names: fields.map(([name]) => name), holders };
});

/** The hint for an undeclared field: the most similar declared name, or all declared names if there are at most 12. */
function nameHint(name: string, schema: Schema | undefined): string | undefined {
  const known = schema === undefined ? [] : namesBelow(schema).names;
  const near = nearestName(name, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  return known.length > 0 && known.length <= 12 ? `known fields: ${known.join(', ')}` : undefined;
}

/** The schema of the object that contains a field. */
function parentSchema(schema: Schema, steps: readonly (string | number)[]): Schema | undefined {
  return schemaNodeAt(schema, steps.slice(0, -1));
}
