import { type JsonObject, isJsonObject } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import type { Target } from '../public-types.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { failureOf, Refusal } from '../refusal/refusal.ts';
import type { TracedGraph } from './definition.ts';
import { ExpressionWriter } from './expression-writer.ts';
import { assertPlainData } from './plain-data.ts';
import { resourceEntry } from './resource-entry.ts';
import type { Variants } from './variants.ts';

/** The parts of a Graph that the traced function does not supply. */
export interface GraphPlace {
  readonly namespace?: string | undefined;
  readonly serviceAccountName?: string | undefined;
}

/**
 * Writes the resources of a trace as one object of kind Graph. Adds a refusal to `refusals` for each part of the trace
 * that a Graph cannot express.
 */
export function writeGraph(
  { names: { name }, schemaOf, validations }: TracedGraph,
  { records }: Variants,
  target: Target,
  { namespace, serviceAccountName }: GraphPlace,
  refusals: Refusal[],
): JsonObject {
  const ids = new Set(records.map((record) => record.id));
  const names = { ids, records, schemaOf, target, writer: new ExpressionWriter(ids, target) };
  for (const { message, site } of validations) {
    const refusal = new Refusal(
      'validation',
      `the graph throws "${message}" under a condition that is known only in the cluster, but a Graph has no schema that could contain such a rule`,
      'decide by values that are known while the graph is built, or put the resources under an if with this condition',
    );
    refusal.site = site;
    refusals.push(refusal);
  }
  const nodes = records
    .toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .flatMap((record): JsonObject[] => {
      try {
        return [nodeEntry(record, names)];
      } catch (error) {
        const refusal = failureOf(error);
        if (refusal === undefined) throw error;
        refusal.site ??= record.site;
        refusals.push(refusal);
        return [];
      }
    });
  return {
    ...GraphObject.KIND,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: { nodes, ...(serviceAccountName === undefined ? {} : { serviceAccountName }) },
  };
}

function nodeEntry(record: ResourceRecord, names: Parameters<typeof resourceEntry>[1]): JsonObject {
  const entry = resourceEntry(record, names);
  assertPlainData(entry, record.id);
  const payload = entry[record.node];
  if (isJsonObject(payload)) return entry;
  throw new Refusal(
    'types',
    `the ${record.node} ${record.id} is one expression, but a Graph takes an object with expressions in its fields`,
    'write the object with all its keys, and compute the values of the keys',
  );
}
