import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';

interface CrdOptions {
  /** The API group. Default: `example.com`. */
  readonly group?: string;
  /** The name of the version. Default: `v1`. */
  readonly version?: string;
  /** The scope of the kind. Default: `Namespaced`. */
  readonly scope?: 'Namespaced' | 'Cluster';
  /** Replaces or extends the names that are derived from the kind. */
  readonly names?: JsonObject;
  /** Additional fields of the version, such as subresources and printer columns. */
  readonly fields?: JsonObject;
}

/** A CustomResourceDefinition with one version. The type of the schema is `object` by default. */
export function crdOf(kind: string, schema: JsonObject = {}, options: CrdOptions = {}): KubeObject {
  const { group = 'example.com', version = 'v1', scope = 'Namespaced', names, fields } = options;
  const singular = kind.toLowerCase();
  const allNames = { kind, plural: `${singular}s`, singular, listKind: `${kind}List`, ...names };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${textAt(allNames, 'plural')}.${group}` },
    spec: {
      group,
      scope,
      names: allNames,
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', ...schema } },
          ...fields,
        },
      ],
    },
  };
}

/** The schema of an object with any fields. */
export const ANYTHING: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
