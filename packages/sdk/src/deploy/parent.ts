import type { JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import { formatApiVersion, parseJson, stringifyJson, isJsonObject, TypeKroError } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { isDnsSubdomain, labelValue } from '@typekro/kit/kubernetes';
import { type Decisions, keys } from '@typekro/engine/runtime';

/** The label of every parent ConfigMap. Its value is the definition's name. */
export const DEFINITION_LABEL = 'typekro.dev/definition';

/** The record of a direct deploy in the cluster. Any later process can continue from it. */
export interface DirectRecord {
  /** The ResourceGraphDefinition or the Graph that was deployed. */
  readonly definition: JsonObject;
  /** The instance's spec, after defaults. */
  readonly spec: JsonObject;
  /** The number of deploys of this instance, including this one. */
  readonly revision: number;
  /**
   * The id of the deploy that wrote the record. Of two concurrent deploys, only the one that wrote the record last
   * proceeds.
   */
  readonly deploy?: string;
  /**
   * The time of the deploy, in milliseconds since the epoch. It is the value of `now()` in templates until the next
   * deploy.
   */
  readonly time?: number;
  /** The previous deploy, for `rollback`. */
  readonly previous?: { readonly definition: JsonObject; readonly spec: JsonObject };
}

/** The name of the ConfigMap that is the ApplySet parent of a direct deploy. */
export function parentName(definition: string, instance: string): string {
  return `typekro-${definition}-${instance}`;
}

/** Is the name a valid label value that is also valid in an object's name? */
const isLabelName = (name: string): boolean => isDnsSubdomain(name) && labelValue(name).length === 0;

/**
 * Checks the names of the definition and the instance. They become labels of every child, and parts of the record's
 * name.
 *
 * @throws TypeKroError `deploy/invalid-name` when a name is not valid in labels or in names of objects.
 */
export function checkLabelNames(definition: string, instance: string): void {
  for (const [what, name] of [
    ['definition', definition],
    ['instance', instance],
  ] as const) {
    if (isLabelName(name)) continue;
    throw new TypeKroError(`"${name}" cannot be the name of the ${what} in direct mode`, {
      code: 'deploy/invalid-name',
      remedy: 'use at most 63 lower-case letters, digits, dots and dashes; names become labels of the deployed objects',
    });
  }
}

/**
 * Is the ConfigMap the record of this instance? The name of the ConfigMap alone is ambiguous: definition `a` with
 * instance `b-c` has the same name as definition `a-b` with instance `c`.
 */
export function isRecordOf(parent: KubeObject, definition: string, instance: string): boolean {
  const { name, labels } = parent.metadata;
  return name === parentName(definition, instance) && labels?.[DEFINITION_LABEL] === definition;
}

/**
 * The maximum total size of the record's values, in bytes. It is below the server's limit of 1 MiB, because that limit
 * also counts the keys.
 */
const MAX_RECORD_BYTES = 1_000_000;

/**
 * The ConfigMap data of a record. When the data would exceed the limit, the previous deploy is left out, because only
 * `rollback` uses it.
 */
function recordData(record: DirectRecord): Record<string, string> {
  const data = {
    definition: stringifyJson(record.definition),
    spec: stringifyJson(record.spec),
    revision: String(record.revision),
    ...(record.deploy === undefined ? {} : { deploy: record.deploy }),
    ...(record.time === undefined ? {} : { time: new Date(record.time).toISOString() }),
  };
  if (record.previous === undefined) return data;
  const previous = stringifyJson(record.previous);
  const bytes = [...Object.values(data), previous].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return bytes > MAX_RECORD_BYTES ? data : { ...data, previous };
}

/**
 * Makes the parent ConfigMap to write. Its data are the record as JSON strings. It has the labels and annotations of
 * `carried`, and the label with the definition's name.
 */
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
    data: recordData(record),
  };
}

/**
 * Parses the record in a parent.
 *
 * @throws TypeKroError `deploy/record-invalid` when another client wrote or edited the ConfigMap.
 */
export function readDeployRecord(parent: KubeObject, ref: ObjectRef): DirectRecord {
  const data = isJsonObject(parent.data) ? parent.data : {};
  const read = (key: string): JsonObject => {
    const text = Object.hasOwn(data, key) ? data[key] : undefined;
    const value = typeof text === 'string' ? parseRecordPart(text) : undefined;
    if (value === undefined) {
      throw new TypeKroError(
        `data.${key} of the ConfigMap ${ref.name} (the record of the direct deploy) is missing or not a JSON object`,
        {
          code: 'deploy/record-invalid',
          object: ref,
          remedy: 'deploy again in direct mode to write the record; the children do not change',
        },
      );
    }
    return value;
  };
  const previous = Object.hasOwn(data, 'previous') ? read('previous') : undefined;
  const deploy = deployOf(parent);
  const time = Date.parse(String(data['time']));
  return {
    definition: read('definition'),
    spec: read('spec'),
    revision: revisionOf(parent),
    ...(deploy === undefined ? {} : { deploy }),
    ...(Number.isNaN(time) ? {} : { time }),
    ...(previous !== undefined && isJsonObject(previous.definition) && isJsonObject(previous.spec)
      ? { previous: { definition: previous.definition, spec: previous.spec } }
      : {}),
  };
}

/** The number of deploys of the instance, from its record; 1 when the record has no valid number. */
export function revisionOf(parent: KubeObject): number {
  const data = isJsonObject(parent.data) ? parent.data : {};
  const revision = Number.parseInt(String(data.revision), 10);
  return Number.isSafeInteger(revision) && revision > 0 ? revision : 1;
}

/** Does the record say that the instance was deployed exactly once? False for a record without a valid number. */
export function isFirstDeploy(parent: KubeObject): boolean {
  return isJsonObject(parent.data) && parent.data.revision === '1';
}

/** The id of the deploy that last wrote the record; `undefined` when the record has none. */
export function deployOf(parent: KubeObject): string | undefined {
  const data = isJsonObject(parent.data) ? parent.data : {};
  return typeof data.deploy === 'string' ? data.deploy : undefined;
}

function parseRecordPart(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined; // The caller reports the invalid JSON with the object's name.
  }
}

/**
 * The instance of a direct deploy, for the runtime. The cluster has no such object. Its UID, labels and annotations are
 * those of the parent. The virtual instance always has the finalizer, so that the runtime does not add it to the
 * parent. The parent needs no finalizer, because only this client deletes it.
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

/**
 * The metadata of the parent after a write: its name, and its labels and annotations merged with those of the write.
 */
export function wantedMetadata(write: Decisions.ParentWrite, parent: KubeObject | undefined): KubeObject['metadata'] {
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
