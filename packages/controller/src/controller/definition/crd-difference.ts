import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { Conversion } from '@typekro/engine/conversion';
import { type Graph, InstanceCrd } from '@typekro/engine/graph';
import { listAt, valueAt } from '@typekro/kit/kubernetes';
import { type ComparedFacets, CrdSchema } from '@typekro/engine/schema';
import { Fingerprint, keys } from '@typekro/engine/runtime';
import type { CrdDifference } from './crd-plan.ts';

/**
 * Compares the live CRD with the wanted one. Schemas are compared as in kro. In addition, columns, rules, formats, and
 * the author's labels and annotations are compared, so that edits of them reach the cluster. kro 0.9 ignores such
 * edits. `facets` has the keywords whose changes may be breaking.
 */
export function crdDifference(
  existing: KubeObject,
  wanted: KubeObject,
  facets?: ComparedFacets,
  graph?: Pick<Graph, 'mayLackKinds'>,
): CrdDifference {
  const compared = InstanceCrd.compare(existing, wanted, facets, graph);
  if ('error' in compared) return { changed: true, breaking: [], error: compared.error };
  return {
    changed: compared.breaking.length > 0 || compared.nonBreaking.length > 0 || !covers(existing, wanted),
    breaking: compared.breaking.map((change) => ({
      field: InstanceCrd.fieldOfChange(change),
      description: change.description,
    })),
  };
}

/**
 * A digest of the fields that `crdDifference` compares, and of the names that `planCrd` compares. It does not cover
 * labels and annotations, which `hasMetadata` compares. `undefined` unless the CRD has exactly one version and this
 * version has a schema.
 */
export function crdDigest(crd: KubeObject): string | undefined {
  const { versions, names = null } = crd.spec ?? {};
  const [version, ...others] = Array.isArray(versions) ? versions : [];
  const schema = CrdSchema.ofVersion(version);
  if (!isJsonObject(version) || schema === undefined || others.length > 0) return undefined;
  const { name = null, served = null, subresources } = version;
  const status = isJsonObject(subresources) && Object.hasOwn(subresources, 'status');
  const scale = scaleOf(version);
  const columns = columnsOf(version).map((column) => {
    if (!isJsonObject(column) || column['priority'] !== 0) return column;
    const { priority: _priority, ...rest } = column;
    return rest;
  });
  return Fingerprint.of({ names, name, served, status, scale, schema, columns });
}

/** Does the live CRD contain everything in the wanted one? Additions by the API server are ignored. */
function covers(existing: KubeObject, wanted: KubeObject): boolean {
  const [live, next] = [CrdSchema.versions(existing), CrdSchema.versions(wanted)];
  return (
    live.length === next.length &&
    next.every((version, index) => coversVersion(live[index] ?? {}, version)) &&
    hasConversion(existing, wanted) &&
    hasMetadata(existing, wanted)
  );
}

/** The members of a version that are compared beside its schema, its columns and its subresource `scale`. */
const VERSION_MEMBERS = ['name', 'served', 'storage', 'deprecated', 'deprecationWarning'];

const coversVersion = (live: JsonObject, next: JsonObject): boolean =>
  VERSION_MEMBERS.every((member) => jsonEquals(live[member] ?? null, next[member] ?? null)) &&
  jsonEquals(CrdSchema.ofVersion(live), CrdSchema.ofVersion(next)) &&
  includes(columnsOf(live), columnsOf(next)) &&
  jsonEquals(scaleOf(live), scaleOf(next)) &&
  columnsOf(live).length === columnsOf(next).length;

/**
 * Does the live CRD have the webhook of the wanted one? A wanted CRD with conversions and without a webhook is that of a
 * command, which does not know the certificate of the controller.
 */
function hasConversion({ spec: live }: KubeObject, wanted: KubeObject): boolean {
  const webhook = valueAt(wanted.spec, 'conversion', 'webhook') ?? null;
  const isOpen = webhook === null && Conversion.isIn(wanted);
  return isOpen || jsonEquals(valueAt(live, 'conversion', 'webhook') ?? null, webhook);
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
  const isStale = (key: string) => live.annotations?.[key] !== undefined && wanted.annotations?.[key] === undefined;
  return (
    entriesIn(live.labels, Object.fromEntries(labels)) &&
    entriesIn(live.annotations, wanted.annotations) &&
    !isStale(Conversion.ANNOTATION)
  );
}

/** The subresource `scale` of a version; null without it. */
const scaleOf = (version: JsonObject | undefined): JsonValue => valueAt(version, 'subresources', 'scale') ?? null;

const columnsOf = (version: JsonObject | undefined): readonly JsonValue[] =>
  listAt(version, 'additionalPrinterColumns');

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
