import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { objectsAt, valueAt } from '@typekro/kit/kubernetes';
import { isJsonObject } from '@typekro/kit/core';

/** The versions of a CRD. */
export function crdVersions(crd: KubeObject): JsonObject[] {
  return objectsAt(crd, 'spec', 'versions');
}

/** The schema of a CRD's version as written (`openAPIV3Schema`); `undefined` if the version has none. */
export function versionSchema(version: JsonValue | undefined): JsonObject | undefined {
  const schema = isJsonObject(version) ? valueAt(version, 'schema', 'openAPIV3Schema') : undefined;
  return isJsonObject(schema) ? schema : undefined;
}
