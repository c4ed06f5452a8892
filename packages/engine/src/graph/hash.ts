import { type JsonObject, type JsonValue, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { fnv64a } from '@typekro/kit/golang';
import { asText } from '@typekro/kit/kubernetes';

/**
 * Hash of a definition's spec: 16 hex digits of FNV-1a-64 over the JSON of its normal form. A change between specs with
 * equal hashes creates no revision. The order of resources, of conditions and of keys does not change the hash, but the
 * order of forEach dimensions does. An absent value counts as the API server's default. The hash differs from kro's,
 * but two specs with equal hashes in kro also have equal hashes here.
 */
export function revisionHash(spec: JsonValue | undefined): string {
  return Buffer.from(fnv64a(stringifyJson(sortKeys(normalizeSpec(isJsonObject(spec) ? spec : {}))))).toString('hex');
}

function normalizeSpec(spec: JsonObject): JsonObject {
  const schema = isJsonObject(spec['schema']) ? spec['schema'] : {};
  return {
    schema: {
      kind: asText(schema['kind']),
      apiVersion: asText(schema['apiVersion']),
      group: asText(schema['group']) || 'kro.run',
      scope: asText(schema['scope']) || 'Namespaced',
      spec: freeForm(schema['spec']),
      types: freeForm(schema['types']),
      status: freeForm(schema['status']),
      additionalPrinterColumns: list(schema['additionalPrinterColumns']).map(normalizeColumn),
      shortNames: list(schema['shortNames']),
      categories: list(schema['categories']),
      metadata: normalizeMetadata(schema['metadata']),
      ...(list(schema['versions']).length === 0 ? {} : { versions: list(schema['versions']) }),
    },
    resources: list(spec['resources']).map(normalizeResource).toSorted(byId),
    ...conditionsOf(spec),
  };
}

/**
 * Returns `propagateWhen` only if it has conditions. A definition without them keeps the hash that it had before this
 * field existed.
 */
function conditionsOf(block: JsonObject): JsonObject {
  const conditions = list(block['propagateWhen']);
  return conditions.length === 0 ? {} : { propagateWhen: conditions.map(asText).toSorted() };
}

function normalizeMetadata(metadata: JsonValue | undefined): JsonObject | null {
  if (!isJsonObject(metadata)) return null;
  return { labels: metadata['labels'] ?? {}, annotations: metadata['annotations'] ?? {} };
}

/** Removes empty strings and the priority 0 from a printer column, because they mean the same as absent fields. */
function normalizeColumn(column: JsonValue): JsonValue {
  if (!isJsonObject(column)) return column;
  return Object.fromEntries(
    ['name', 'type', 'jsonPath', 'description', 'format', 'priority']
      .map((key) => [key, column[key]] as const)
      .filter(([, value]) => value !== undefined && value !== '' && value !== 0 && value !== null),
  );
}

function normalizeResource(resource: JsonValue): JsonObject {
  const fields = isJsonObject(resource) ? resource : {};
  return {
    id: asText(fields['id']),
    template: freeForm(fields['template']),
    externalRef: isJsonObject(fields['externalRef']) ? normalizeExternalRef(fields['externalRef']) : null,
    // Set only when the definition has the field. Other definitions keep the hash that they had before this field
    // existed.
    ...(isJsonObject(fields['variable']) ? { variable: fields['variable'] } : {}),
    // `Delete` is the default, so it counts as absent.
    ...(fields['deletionPolicy'] === 'Orphaned' ? { deletionPolicy: 'Orphaned' } : {}),
    ...(list(fields['externalFields']).length > 0
      ? { externalFields: list(fields['externalFields']).map(asText).toSorted() }
      : {}),
    ...(fields['optional'] === true ? { optional: true } : {}),
    ...conditionsOf(fields),
    readyWhen: list(fields['readyWhen']).map(asText).toSorted(),
    includeWhen: list(fields['includeWhen']).map(asText).toSorted(),
    forEach: list(fields['forEach']),
  };
}

function normalizeExternalRef(reference: JsonObject): JsonObject {
  const metadata = isJsonObject(reference['metadata']) ? reference['metadata'] : {};
  const selector = metadata['selector'];
  return {
    apiVersion: asText(reference['apiVersion']),
    kind: asText(reference['kind']),
    name: asText(metadata['name']),
    namespace: asText(metadata['namespace']),
    selector: isJsonObject(selector)
      ? {
          ...selector,
          matchLabels: selector['matchLabels'] ?? {},
          matchExpressions: selector['matchExpressions'] ?? [],
        }
      : (selector ?? null),
  };
}

/** Normalises a free-form block. An absent block equals null; an empty block does not. */
function freeForm(value: JsonValue | undefined): JsonValue {
  return value ?? null;
}

function list(value: JsonValue | undefined): JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function byId(a: JsonObject, b: JsonObject): number {
  const [left, right] = [asText(a['id']), asText(b['id'])];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/**
 * Sorts the keys of all objects in a value: first the keys that are integers, then the others by code units.
 * `__proto__` remains an ordinary key. Unless `exact` is set, long integers are rounded to 64-bit floats, as kro does
 * with the numbers of definitions.
 */
export function sortKeys(value: JsonValue, exact = false): JsonValue {
  if (Array.isArray(value)) return value.map((entry) => sortKeys(entry, exact));
  if (typeof value === 'bigint') return exact ? value : Number(value);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value)
    .filter((entry): entry is [string, JsonValue] => entry[1] !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, sortKeys(entry, exact)]));
}
