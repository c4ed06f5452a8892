import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject, jsonEquals } from '../../core/index.ts';
import { OBJECT_RECORD_SCHEMA } from '../../graph/index.ts';
import { valueAt } from '../../kubernetes/index.ts';
import type { ComparedFacets, CrdComparison } from '../../schema/index.ts';
import { compareCrds, crdVersions, fieldOfChange, versionSchema } from '../../schema/index.ts';
import { digestOf, keys, OBJECT_RECORD } from '../../runtime/index.ts';
import type { CrdDifference } from './crd-plan.ts';

/**
 * Compares the live CRD with the wanted one. Schemas are compared as in kro. Columns, rules, formats, and the author's
 * labels are compared, too, so that edits of them reach the cluster; kro 0.9 ignores them. `facets` has the keywords
 * whose changes may be breaking.
 */
export function crdDifference(existing: KubeObject, wanted: KubeObject, facets?: ComparedFacets): CrdDifference {
  const compared = compareInstanceCrds(existing, wanted, facets);
  if ('error' in compared) return { changed: true, breaking: [], error: compared.error };
  return {
    changed: compared.breaking.length > 0 || compared.nonBreaking.length > 0 || !covers(existing, wanted),
    breaking: compared.breaking.map((change) => ({ field: fieldOfChange(change), description: change.description })),
  };
}

/**
 * Compares the schemas of two CRDs of instances as kro does (see `compareCrds`), with one exception: the record of
 * objects that the gate `ManagedResources` adds to the status may disappear. Only the controller writes the record, so
 * that the gate can be turned off again.
 */
export function compareInstanceCrds(existing: KubeObject, wanted: KubeObject, facets?: ComparedFacets): CrdComparison {
  const loses = hasObjectRecord(existing) && !hasObjectRecord(wanted);
  return compareCrds(loses ? withoutObjectRecord(existing) : existing, wanted, facets);
}

/** Does the status of a CRD have the record of objects that the gate `ManagedResources` adds? */
export function hasObjectRecord(crd: KubeObject): boolean {
  const record = valueAt(crdVersions(crd)[0], ...RECORD_PATH);
  return record !== undefined && jsonEquals(record, OBJECT_RECORD_SCHEMA);
}

/** The path of the record's schema in a version of a CRD. */
const RECORD_PATH = ['schema', 'openAPIV3Schema', 'properties', 'status', 'properties', OBJECT_RECORD] as const;

function withoutObjectRecord(crd: KubeObject): KubeObject {
  const versions = crdVersions(crd).map((version) => withoutField(version, RECORD_PATH));
  return { ...crd, spec: { ...crd.spec, versions } };
}

function withoutField(object: JsonObject, [name = '', ...rest]: readonly string[]): JsonObject {
  const { [name]: value, ...others } = object;
  if (rest.length === 0) return others;
  return isJsonObject(value) ? { ...object, [name]: withoutField(value, rest) } : object;
}

/**
 * A digest of the fields that `crdDifference` compares, and of the names that `planCrd` compares. It does not cover
 * labels and annotations, which `hasMetadata` compares. `undefined` unless the CRD has exactly one version and this
 * version has a schema.
 */
export function crdDigest(crd: KubeObject): string | undefined {
  const { versions, names = null } = crd.spec ?? {};
  const [version, ...others] = Array.isArray(versions) ? versions : [];
  const schema = versionSchema(version);
  if (!isJsonObject(version) || schema === undefined || others.length > 0) return undefined;
  const { name = null, served = null, subresources } = version;
  const status = isJsonObject(subresources) && Object.hasOwn(subresources, 'status');
  const scale = scaleOf(version);
  const columns = columnsOf(version).map((column) => {
    if (!isJsonObject(column) || column['priority'] !== 0) return column;
    const { priority: _priority, ...rest } = column;
    return rest;
  });
  return digestOf({ names, name, served, status, scale, schema, columns });
}

/** Does the live CRD contain everything in the wanted one? Additions by the API server are ignored. */
function covers(existing: KubeObject, wanted: KubeObject): boolean {
  const [live, next] = [versionOf(existing), versionOf(wanted)];
  return (
    jsonEquals(versionSchema(live), versionSchema(next)) &&
    includes(columnsOf(live), columnsOf(next)) &&
    jsonEquals(scaleOf(live), scaleOf(next)) &&
    columnsOf(live).length === columnsOf(next).length &&
    hasMetadata(existing, wanted)
  );
}

/** Labels that name the owner of the CRD and the writer. A difference in only these labels causes no write. */
const OWN_LABELS: ReadonlySet<string> = new Set([
  keys.OWNED_LABEL,
  keys.VERSION_LABEL,
  keys.DEFINITION_ID_LABEL,
  keys.DEFINITION_NAME_LABEL,
]);

/** Does the live CRD have the labels and annotations that the author declares for it? */
export function hasMetadata({ metadata: live }: KubeObject, { metadata: wanted }: KubeObject): boolean {
  const labels = Object.entries(wanted.labels ?? {}).filter(([key]) => !OWN_LABELS.has(key));
  return entriesIn(live.labels, Object.fromEntries(labels)) && entriesIn(live.annotations, wanted.annotations);
}

function versionOf(crd: KubeObject): JsonValue | undefined {
  const versions = crd.spec?.['versions'];
  return Array.isArray(versions) ? versions[0] : undefined;
}

/** The subresource `scale` of a version; null without it. */
function scaleOf(version: JsonValue | undefined): JsonValue {
  const subresources = isJsonObject(version) ? version['subresources'] : undefined;
  return isJsonObject(subresources) ? (subresources['scale'] ?? null) : null;
}

function columnsOf(version: JsonValue | undefined): JsonValue[] {
  const columns = isJsonObject(version) ? version['additionalPrinterColumns'] : undefined;
  return Array.isArray(columns) ? columns : [];
}

/** Does the live list contain each wanted column at the same index? */
function includes(live: readonly JsonValue[], wanted: readonly JsonValue[]): boolean {
  return wanted.every((column, index) => {
    const other = live[index];
    if (!isJsonObject(column) || !isJsonObject(other)) return false;
    return Object.entries(column).every(([key, value]) => {
      // The API server omits a priority of zero.
      const stored = Object.hasOwn(other, key) ? other[key] : key === 'priority' ? 0 : undefined;
      return jsonEquals(stored, value);
    });
  });
}

function entriesIn(
  live: Readonly<Record<string, string>> = {},
  wanted: Readonly<Record<string, string>> = {},
): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(live, key) && live[key] === value);
}
