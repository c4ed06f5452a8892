import type { JsonObject, KubeObject } from '../core/index.ts';
import { isJsonObject, jsonEquals } from '../core/index.ts';
import { valueAt } from '../kubernetes/index.ts';
import type { ComparedFacets, CrdComparison } from '../schema/index.ts';
import { compareCrds, crdVersions } from '../schema/index.ts';
import { OBJECT_RECORD, OBJECT_RECORD_SCHEMA } from './crd.ts';

/**
 * The annotation of a definition that allows changes of its CRD that can break existing instances. Only the value `true`
 * allows them.
 */
export const ALLOW_BREAKING_CHANGES = 'kro.run/allow-breaking-changes';

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
