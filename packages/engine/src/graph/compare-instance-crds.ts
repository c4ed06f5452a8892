import { type JsonObject, type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { textAt, valueAt } from '@typekro/kit/kubernetes';
import { hasProgram } from '../conversion/program-of-crd.ts';
import { withFieldAt } from '../conversion/field-steps.ts';
import { type ComparedFacets, type SchemaChange, CrdSchema } from '../schema/index.ts';
import { type CrdComparison, compareCrds, crdChanges, fieldOfChange } from '../schema/crd/compare-crds.ts';
import { OBJECT_RECORD, OBJECT_RECORD_SCHEMA } from './crd.ts';
import type { Graph } from './model.ts';

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
  const recorded = loses ? withoutObjectRecord(existing) : existing;
  const compared = mayLackKinds === true ? withFreeStatus(recorded, wanted) : recorded;
  const isVersioned = hasProgram(existing) || hasProgram(wanted);
  return (isVersioned ? compareVersions : compareCrds)(compared, wanted, facets);
}

/**
 * Compares CRDs with conversions version by version. As the conversions replace each version by any other one, a change
 * of the stored version is not breaking. The removal of a version is, while the version is served.
 */
function compareVersions(existing: KubeObject, wanted: KubeObject, facets: ComparedFacets | undefined): CrdComparison {
  const found: SchemaChange[] = [];
  const next = new Map(CrdSchema.versions(wanted).map((version) => [textAt(version, 'name'), version]));
  for (const version of CrdSchema.versions(existing)) {
    const name = textAt(version, 'name');
    const other = next.get(name);
    next.delete(name);
    if (other === undefined) {
      found.push(versionChange(name, 'was removed', version['served'] === true));
      continue;
    }
    const compared = compareCrds(ofVersion(existing, version), ofVersion(wanted, other), facets);
    if ('error' in compared) return compared;
    const inVersion = (change: SchemaChange) => ({
      ...change,
      ...(change.path.startsWith('version') ? {} : { version: name }),
      description:
        change.path === 'version.served' ? `Version ${name} is no longer served` : `${name}: ${change.description}`,
    });
    found.push(...[...compared.breaking, ...compared.nonBreaking].map(inVersion));
    if (version['served'] === false && other['served'] === true) found.push(versionChange(name, 'is served again'));
  }
  for (const name of next.keys()) found.push(versionChange(name, 'was added'));
  return crdChanges(found);
}

function versionChange(
  name: string,
  what: 'was added' | 'was removed' | 'is served again',
  breaking = false,
): SchemaChange {
  const type = what === 'was removed' ? 'PROPERTY_REMOVED' : 'PROPERTY_ADDED';
  return { type, breaking, path: `version.${name}`, old: '', new: '', description: `Version ${name} ${what}` };
}

const ofVersion = (crd: KubeObject, version: JsonObject): KubeObject => ({
  ...crd,
  spec: { ...crd.spec, versions: [version] },
});

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
    return withFieldAt(version, STATUS_PATH, withFreeFields(live, status));
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

/** Does the status of a CRD have the record of objects that the gate `ManagedResources` adds? */
export function hasObjectRecord(crd: KubeObject): boolean {
  const record = valueAt(CrdSchema.versions(crd)[0], ...RECORD_PATH);
  return record !== undefined && jsonEquals(record, OBJECT_RECORD_SCHEMA);
}

/** The path of the record's schema in a version of a CRD. */
const RECORD_PATH = ['schema', 'openAPIV3Schema', 'properties', 'status', 'properties', OBJECT_RECORD] as const;

function withoutObjectRecord(crd: KubeObject): KubeObject {
  const versions = CrdSchema.versions(crd).map((version) => withFieldAt(version, RECORD_PATH, undefined));
  return { ...crd, spec: { ...crd.spec, versions } };
}

/** The generated CRD of a definition, and its changes. */
export const InstanceCrd = { compare: compareInstanceCrds, fieldOfChange, hasObjectRecord };
