import { type JsonObject, type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { valueAt } from '@typekro/kit/kubernetes';
import { type ComparedFacets, CrdSchema } from '../schema/index.ts';
import { type CrdComparison, compareCrds, fieldOfChange } from '../schema/crd/compare-crds.ts';
import { OBJECT_RECORD, OBJECT_RECORD_SCHEMA } from './crd.ts';
import type { Graph } from './model.ts';

/**
 * The annotation with which a definition allows changes of its CRD that can break existing instances. Only the value
 * `true` allows them.
 */
export const ALLOW_BREAKING_CHANGES = 'kro.run/allow-breaking-changes';

/**
 * Compares the schemas of two instance CRDs as kro does (see `compareCrds`), with two exceptions in the status. They
 * are safe because only the controller writes the status. First, the record of objects of the gate `ManagedResources`
 * may disappear, because the gate can be turned off again. Second, if resources of the graph may wait for their kinds,
 * a field may get a type and lose it again, because the type is known only while the kind exists.
 */
export function compareInstanceCrds(
  existing: KubeObject,
  wanted: KubeObject,
  facets?: ComparedFacets,
  { mayLackKinds }: Pick<Graph, 'mayLackKinds'> = {},
): CrdComparison {
  const loses = hasObjectRecord(existing) && !hasObjectRecord(wanted);
  const compared = loses ? withoutObjectRecord(existing) : existing;
  return compareCrds(mayLackKinds === true ? withFreeStatus(compared, wanted) : compared, wanted, facets);
}

/** A schema that accepts any value. */
const ANYTHING: JsonObject = { 'x-kubernetes-preserve-unknown-fields': true };
const STATUS_PATH = ['schema', 'openAPIV3Schema', 'properties', 'status'] as const;

/**
 * A copy of the existing CRD for the comparison. If a status field accepts any value in either CRD, the copy has the
 * wanted CRD's schema for this field.
 */
function withFreeStatus(existing: KubeObject, wanted: KubeObject): KubeObject {
  const [next] = CrdSchema.versions(wanted);
  const versions = CrdSchema.versions(existing).map((version) => {
    const [live, status] = [valueAt(version, ...STATUS_PATH), valueAt(next, ...STATUS_PATH)];
    if (!isJsonObject(live) || !isJsonObject(status)) return version;
    return withField(version, STATUS_PATH, withFreeFields(live, status));
  });
  return { ...existing, spec: { ...existing.spec, versions } };
}

function withFreeFields(live: JsonObject, wanted: JsonObject): JsonObject {
  if (jsonEquals(live, ANYTHING) || jsonEquals(wanted, ANYTHING)) return wanted;
  const free = { ...live };
  for (const keyword of ['items', 'additionalProperties']) {
    const [own, other] = [live[keyword], wanted[keyword]];
    if (isJsonObject(own) && isJsonObject(other)) free[keyword] = withFreeFields(own, other);
  }
  const [own, others] = [live['properties'], wanted['properties']];
  if (!isJsonObject(own) || !isJsonObject(others)) return free;
  const properties = Object.fromEntries(
    Object.entries(own).map(([name, field]) => {
      const other = Object.hasOwn(others, name) ? others[name] : undefined;
      return [name, isJsonObject(field) && isJsonObject(other) ? withFreeFields(field, other) : field];
    }),
  );
  return { ...free, properties };
}

function withField(object: JsonObject, [name = '', ...rest]: readonly string[], value: JsonObject): JsonObject {
  const inner = object[name];
  return { ...object, [name]: rest.length === 0 ? value : withField(isJsonObject(inner) ? inner : {}, rest, value) };
}

/** Does the status of a CRD have the record of objects that the gate `ManagedResources` adds? */
export function hasObjectRecord(crd: KubeObject): boolean {
  const record = valueAt(CrdSchema.versions(crd)[0], ...RECORD_PATH);
  return record !== undefined && jsonEquals(record, OBJECT_RECORD_SCHEMA);
}

/** The path of the record's schema in a version of a CRD. */
const RECORD_PATH = ['schema', 'openAPIV3Schema', 'properties', 'status', 'properties', OBJECT_RECORD] as const;

function withoutObjectRecord(crd: KubeObject): KubeObject {
  const versions = CrdSchema.versions(crd).map((version) => withoutField(version, RECORD_PATH));
  return { ...crd, spec: { ...crd.spec, versions } };
}

function withoutField(object: JsonObject, [name = '', ...rest]: readonly string[]): JsonObject {
  const { [name]: value, ...others } = object;
  if (rest.length === 0) return others;
  return isJsonObject(value) ? { ...object, [name]: withoutField(value, rest) } : object;
}

/** The generated CRD of a definition, and its changes. */
export const InstanceCrd = { compare: compareInstanceCrds, fieldOfChange, hasObjectRecord };
