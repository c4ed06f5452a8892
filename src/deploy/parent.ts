import type { JsonObject, KubeObject, ObjectRef } from '../core/index.ts';
import { formatApiVersion, parseJson, stringifyJson, isJsonObject, TypeKroError } from '../core/index.ts';
import type { Graph } from '../graph/index.ts';
import type { ParentWrite } from '../runtime/index.ts';
import { keys } from '../runtime/index.ts';

/** Label of every parent ConfigMap; its value is the definition's name. */
export const DEFINITION_LABEL = 'typekro.dev/definition';

/** What one direct deploy leaves in the cluster so that any later process can go on from there. */
export interface DirectRecord {
  /** The ResourceGraphDefinition as it was deployed. */
  readonly definition: JsonObject;
  /** The instance's spec, after defaults. */
  readonly spec: JsonObject;
  /** Counts deploys of this instance, from 1. */
  readonly revision: number;
  /** The deploy before this one, for `rollback`. */
  readonly previous?: { readonly definition: JsonObject; readonly spec: JsonObject };
}

/** Name of the ConfigMap that is the ApplySet parent of a direct deploy. */
export function parentName(definition: string, instance: string): string {
  return `typekro-${definition}-${instance}`;
}

/** The parent as it is written: the record as JSON texts, metadata as the runtime wants it. */
export function parentObject(ref: ObjectRef, graph: Graph, record: DirectRecord, carried?: KubeObject): KubeObject {
  const metadata = carried?.metadata;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: ref.name,
      ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
      labels: { ...metadata?.labels, [DEFINITION_LABEL]: graph.name },
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
    },
    data: {
      definition: stringifyJson(record.definition),
      spec: stringifyJson(record.spec),
      revision: String(record.revision),
      ...(record.previous === undefined ? {} : { previous: stringifyJson(record.previous) }),
    },
  };
}

/**
 * Reads the record out of a parent.
 *
 * @throws TypeKroError `deploy/record-invalid` when somebody else wrote the ConfigMap or edited it.
 */
export function readRecord(parent: KubeObject, ref: ObjectRef): DirectRecord {
  const data = isJsonObject(parent.data) ? parent.data : {};
  const read = (key: string): JsonObject => {
    const text = Object.hasOwn(data, key) ? data[key] : undefined;
    const value = typeof text === 'string' ? parseRecordPart(text) : undefined;
    if (value === undefined) {
      throw new TypeKroError(`data.${key} of the deployment's record is missing or no JSON object`, {
        code: 'deploy/record-invalid',
        object: ref,
        remedy: 'deploy again to write it anew; the children stay as they are',
      });
    }
    return value;
  };
  const previous = Object.hasOwn(data, 'previous') ? read('previous') : undefined;
  const revision = Number.parseInt(String(data.revision), 10);
  return {
    definition: read('definition'),
    spec: read('spec'),
    revision: Number.isSafeInteger(revision) && revision > 0 ? revision : 1,
    ...(previous !== undefined && isJsonObject(previous.definition) && isJsonObject(previous.spec)
      ? { previous: { definition: previous.definition, spec: previous.spec } }
      : {}),
  };
}

function parseRecordPart(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined; // no JSON: reported by the caller with the object's name
  }
}

/**
 * The instance that the runtime sees in direct mode: there is no such object in the cluster, its metadata
 * is the parent's. The finalizer is always there, since a ConfigMap is deleted by us alone.
 */
export function virtualInstance(
  graph: Graph,
  name: string,
  namespace: string,
  record: DirectRecord,
  parent?: KubeObject,
): KubeObject {
  const type = graph.instance;
  return {
    apiVersion: formatApiVersion(type),
    kind: type.kind,
    metadata: {
      name,
      ...(type.namespaced ? { namespace } : {}),
      uid: parent?.metadata.uid ?? '',
      generation: record.revision,
      labels: { ...parent?.metadata.labels },
      annotations: { ...parent?.metadata.annotations },
      finalizers: [keys.FINALIZER],
    },
    spec: record.spec,
  };
}

/** Labels and annotations that a decision wants on the instance, for the parent that stands in for it. */
export function wantedMetadata(write: ParentWrite, parent: KubeObject | undefined): KubeObject['metadata'] {
  const metadata = parent?.metadata;
  return {
    ...(metadata?.name === undefined ? {} : { name: metadata.name }),
    labels: { ...metadata?.labels, ...write.labels?.metadata.labels, ...write.inventory?.metadata.labels },
    annotations: {
      ...metadata?.annotations,
      ...write.labels?.metadata.annotations,
      ...write.inventory?.metadata.annotations,
    },
  };
}
