import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { asText, deprecationWarning, listAt, objectsAt, textAt, valueAt } from '@typekro/kit/kubernetes';

/** What a CRD says about one of its versions. */
interface VersionFacts {
  readonly name: string;
  readonly served: boolean;
  /** Are objects written in this version now? */
  readonly storage: boolean;
  /** May the API server have stored objects in this version? For a CRD that is not in a cluster, as `storage`. */
  readonly stored: boolean;
  /** The warning that clients of the version get. Absent for a version that is not deprecated. */
  readonly deprecated?: string;
}

/** The versions of a CRD, in its order. */
export function versionFacts(crd: KubeObject): VersionFacts[] {
  const storedVersions = listAt(crd, 'status', 'storedVersions');
  const versions = crdVersions(crd).map((version) => ({
    name: asText(version['name']),
    served: version['served'] === true,
    storage: version['storage'] === true,
    deprecated: version['deprecated'] === true,
    deprecationWarning: asText(version['deprecationWarning']) || undefined,
  }));
  const api = { group: textAt(crd.spec, 'group'), kind: textAt(crd.spec, 'names', 'kind'), versions };
  return versions.map((version) => {
    const { name, served, storage } = version;
    const warning = deprecationWarning(version, api);
    const stored = storage || storedVersions.includes(name);
    return { name, served, storage, stored, ...(warning === undefined ? {} : { deprecated: warning }) };
  });
}

/** The versions of a CRD. */
export function crdVersions(crd: KubeObject): JsonObject[] {
  return objectsAt(crd, 'spec', 'versions');
}

/** The schema of a CRD's version as written (`openAPIV3Schema`); `undefined` if the version has none. */
export function versionSchema(version: JsonValue | undefined): JsonObject | undefined {
  const schema = isJsonObject(version) ? valueAt(version, 'schema', 'openAPIV3Schema') : undefined;
  return isJsonObject(schema) ? schema : undefined;
}

/** The versions of a CRD and their schemas. */
export const CrdSchema = { versions: crdVersions, ofVersion: versionSchema, facts: versionFacts };
