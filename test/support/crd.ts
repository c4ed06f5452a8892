import type { JsonObject, KubeObject } from '../../src/core/index.ts';
import { textAt } from '../../src/kubernetes/index.ts';

interface CrdOptions {
  /** Default `example.com`. */
  readonly group?: string;
  /** Default `v1`. */
  readonly version?: string;
  /** Default `Namespaced`. */
  readonly scope?: 'Namespaced' | 'Cluster';
  /** Names that replace or extend the derived ones. */
  readonly names?: JsonObject;
  /** Further fields of the version, such as subresources and printer columns. */
  readonly fields?: JsonObject;
}

/** A CustomResourceDefinition with one version. The schema has type `object`, unless it says otherwise. */
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
