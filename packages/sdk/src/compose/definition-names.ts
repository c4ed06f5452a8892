import { parseApiVersion, pascalCase } from '@typekro/kit/core';
import { isDnsSubdomain } from '@typekro/kit/kubernetes';
import type { DefinitionNames } from './emit/definition.ts';
import { kebabCase } from './resources/create-resource.ts';
import type { SchemaInput } from './public-types.ts';
import type { ServedParts } from './served-kind.ts';
import { SERVED_KEYS, servedParts, refuseUnknownOptions, wrongDefinition as wrong } from './served-kind.ts';
import { type VersionDefinition, versionDefinitions } from './version-definitions.ts';

/**
 * A definition in normalized form. In the author's definition, `spec` and `status` may be at the top level or below
 * `schema`.
 */
export interface NormalDefinition {
  readonly names: DefinitionNames;
  readonly spec: SchemaInput;
  readonly status: SchemaInput | undefined;
  readonly served: ServedParts;
  readonly versions: readonly VersionDefinition[];
}

/** Is this a valid name of a composition? The name is also used as a label value, which has at most 63 characters. */
export const isCompositionName = (name: string): boolean => name.length <= 63 && isDnsSubdomain(name);

/**
 * Checks and normalizes the author's definition. `what` is the word for the definition in messages about its name.
 *
 * @throws TypeKroError `compose/definition` for an unknown key, a missing name or spec, or an illegal name, kind, group
 * or version.
 */
export function normalDefinition(definition: unknown, what = 'definition'): NormalDefinition {
  if (typeof definition !== 'object' || definition === null)
    throw wrong('the first argument must be a definition: { name, spec, … }');
  const given = definition as Record<string, unknown>;
  const nested = given['schema'] as { spec?: unknown; status?: unknown } | undefined;
  const spec = given['spec'] ?? nested?.spec;
  const status = given['status'] ?? nested?.status;
  const { name } = given;
  refuseUnknownOptions(given, KEYS, 'a definition');
  if (typeof nested === 'object' && nested !== null)
    refuseUnknownOptions(nested, SCHEMA_KEYS, 'the schema of a definition');
  if (typeof name !== 'string' || name === '') throw wrong(`a ${what} needs a name`, "add name: 'my-app'");
  if (spec === undefined) throw wrong(`the definition ${name} has no spec`, 'add spec: type({ … })');
  const label = kebabCase(name);
  if (!isCompositionName(label)) {
    throw wrong(
      `"${name}" cannot be the name of a ${what}`,
      'use at most 63 lowercase letters, digits, dashes and dots; each part between dots begins and ends with a letter or digit',
    );
  }
  const apiVersion = optionalText(given, 'apiVersion') ?? 'v1alpha1';
  const parsed = parseApiVersion(apiVersion);
  const group = optionalText(given, 'group') ?? (parsed.group === '' ? undefined : parsed.group);
  const kind = optionalText(given, 'kind') ?? pascalCase(label);
  if (!/^[A-Z][A-Za-z0-9]{0,62}$/.test(kind))
    throw wrong(`"${kind}" cannot be a kind`, 'use PascalCase with letters and digits');
  return {
    names: { name: label, group: group === 'kro.run' ? undefined : group, version: parsed.version, kind },
    spec: spec as SchemaInput,
    status: status as SchemaInput | undefined,
    served: servedParts(given),
    versions: versionDefinitions(given['versions']),
  };
}

const KEYS: readonly string[] = [
  'name',
  'apiVersion',
  'group',
  'kind',
  'spec',
  'status',
  'schema',
  'versions',
  ...SERVED_KEYS,
];
const SCHEMA_KEYS: readonly string[] = ['spec', 'status'];

function optionalText(given: Record<string, unknown>, key: string): string | undefined {
  const value = given[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw wrong(`${key} of a definition must be a string`);
  return value;
}
