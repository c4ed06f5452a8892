import { type JsonObject, type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { ComparedFacets } from './compare-facets.ts';
import { type SchemaChange, compareSchemas } from './compare-schemas.ts';
import { structuralSchema } from '../lazy.ts';
import { crdVersions, versionSchema } from './crd-versions.ts';

/** The changes between two CRDs of a kind, or the reason why the CRDs cannot be compared. */
export type CrdComparison = CrdChanges | { readonly error: string };

/** The changes between two comparable CRDs of a kind. */
export interface CrdChanges {
  /** Do stored objects and clients still work with the new CRD? */
  readonly compatible: boolean;
  readonly breaking: readonly SchemaChange[];
  readonly nonBreaking: readonly SchemaChange[];
  /** One line for users: up to three breaking changes, and the number of additional ones. */
  readonly summary: string;
}

/**
 * Compares two CustomResourceDefinitions as kro does before it replaces an old CRD. Each CRD must have exactly one
 * version. The comparison covers the version's name, `served`, status subresource and schema (see `compareSchemas`).
 * With `facets`, it also covers the printer columns. All other properties (names, scope, labels) are ignored.
 */
export function compareCrds(old: KubeObject, next: KubeObject, facets: ComparedFacets = 'none'): CrdComparison {
  const [before, after] = [crdVersions(old), crdVersions(next)];
  const [oldVersion] = before;
  const [newVersion] = after;
  if (before.length !== 1 || after.length !== 1 || oldVersion === undefined || newVersion === undefined) {
    const counts = `got ${before.length} old and ${after.length} new versions`;
    return { error: `expected exactly one version in each CRD, ${counts}` };
  }
  const [oldName, newName] = [nameOf(oldVersion), nameOf(newVersion)];
  if (oldName !== newName) return crdChanges([typeChanged('version', oldName, newName)]);
  const [oldSchema, newSchema] = [oldVersion, newVersion].map((version) => {
    const schema = versionSchema(version);
    return schema === undefined ? undefined : structuralSchema(schema);
  });
  if (oldSchema === undefined) return { error: `old version ${oldName} has no schema` };
  if (newSchema === undefined) return { error: `new version ${newName} has no schema` };
  const found = compareSchemas(oldSchema, newSchema, facets);
  if (oldVersion['served'] === true && newVersion['served'] !== true) {
    found.push(typeChanged('version.served', 'true', 'false'));
  }
  if (hasStatus(oldVersion) && !hasStatus(newVersion)) {
    found.push({
      type: 'PROPERTY_REMOVED',
      breaking: true,
      path: 'version.subresources.status',
      old: '',
      new: '',
      description: 'Property status was removed',
    });
  }
  if (facets !== 'none' && !jsonEquals(columnsOf(oldVersion), columnsOf(newVersion))) {
    found.push({
      type: 'ADDITIONAL_PRINTER_COLUMNS_CHANGED',
      breaking: false,
      path: 'version.additionalPrinterColumns',
      old: '',
      new: '',
      description: 'Additional printer columns were changed',
    });
  }
  return crdChanges(found);
}

/**
 * The path of the changed field in the notation of an instance: `spec.ports[].name`, or `spec.labels.*` for the values
 * of a map. For the root, the result is `the object`. For a change that concerns no field, the result begins with
 * `version`.
 */
export function fieldOfChange({ type, path, old, new: next }: SchemaChange): string {
  if (path.startsWith('version')) return path;
  const [, ...names] = path.split('.properties.');
  // For an added or removed property, the path ends with the property; for any other change, with the changed keyword.
  const hasKeyword = type !== 'PROPERTY_REMOVED' && type !== 'PROPERTY_ADDED';
  const fields = names.map((name, index) => {
    const isLast = index === names.length - 1;
    const field = isLast && hasKeyword ? name.replace(/\.[a-zA-Z-]+$/, '') : name;
    return field.replaceAll('.items', '[]').replaceAll('.additionalProperties', '.*');
  });
  const member = type === 'REQUIRED_ADDED' ? next : type === 'REQUIRED_DEFAULT_REMOVED' ? old : '';
  return [...fields, ...(member === '' ? [] : [member])].join('.') || 'the object';
}

function typeChanged(path: string, old: string, next: string): SchemaChange {
  const description = `Type changed from ${old} to ${next}`;
  return { type: 'TYPE_CHANGED', breaking: true, path, old, new: next, description };
}

/** The changes, divided into breaking ones and others. */
export function crdChanges(found: readonly SchemaChange[]): CrdChanges {
  const breaking = found.filter((change) => change.breaking);
  const nonBreaking = found.filter((change) => !change.breaking);
  return { compatible: breaking.length === 0, breaking, nonBreaking, summary: summarize(breaking) };
}

const MAX_LISTED_CHANGES = 3;

function summarize(breaking: readonly SchemaChange[]): string {
  if (breaking.length === 0) return 'no breaking changes';
  const shown = breaking.slice(0, MAX_LISTED_CHANGES).map((change) => change.description);
  if (breaking.length > MAX_LISTED_CHANGES) shown.push(`and ${breaking.length - MAX_LISTED_CHANGES} more changes`);
  return shown.join('; ');
}

const columnsOf = (version: JsonObject): JsonObject[] =>
  // The server omits a priority of zero.
  objectsAt(version, 'additionalPrinterColumns').map(({ priority = 0, ...column }) => ({ ...column, priority }));
const nameOf = (version: JsonObject): string => textAt(version, 'name');
const hasStatus = (version: JsonObject): boolean =>
  isJsonObject(version['subresources']) && isJsonObject(version['subresources']['status']);
