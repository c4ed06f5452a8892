import type { ResourceRecord } from '../trace/records.ts';
import { refuse } from '../refusal/refusal.ts';

/** Refuses a read of the collection `id`, whose loop has no iterations when the resource `other` is excluded. */
export function refuseExcludedCollection({ id }: ResourceRecord, other: string): never {
  return refuse(
    'no-cel',
    `without ${other}, the loop that makes ${id} has no iterations; the graph then leaves out the whole collection, and everything that reads it`,
    `put the loop itself under the condition of ${other}, not its elements: if (${other}) for (…)`,
  );
}

/** Refuses hand-written CEL that names a resource with several nodes. */
export function refuseByHand({ id }: ResourceRecord): never {
  return refuse(
    'unsupported',
    `hand-written CEL names ${id}, but ${id} is several nodes of the graph: one for each combination of the optional resources that it reads`,
    'pass the resource itself to Cel.expr() instead of its id',
  );
}

/**
 * Refuses a resource with too many combinations. `others` are the ids of the resources that may be excluded. `excess`
 * is the end of the message, which names the limit that the combinations exceed.
 */
export function refuseManyVariants(
  record: ResourceRecord | undefined,
  others: readonly string[],
  excess: string,
): never {
  return refuse(
    'too-large',
    `${record?.kind} ${record?.id} reads resources that may be excluded (${others.join(', ')}); the combinations with and without each of them ${excess}`,
    'read their values from the spec, make one resource for each optional one, or put them under one condition',
  );
}
