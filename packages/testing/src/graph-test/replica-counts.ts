import type { JsonObject, JsonValue } from '@typekro/kit/core';

/** Maps each count in the status of a workload to the counts that, for the API server, must be at least as high. */
const AT_LEAST: Readonly<Record<string, readonly string[]>> = {
  availableReplicas: ['readyReplicas', 'replicas'],
  readyReplicas: ['replicas'],
  updatedReplicas: ['replicas'],
  currentReplicas: ['replicas'],
};

const WORKLOADS: ReadonlySet<string> = new Set(['Deployment', 'ReplicaSet', 'StatefulSet']);

/**
 * Adds to the status that a test gives a workload the counts that the API server requires. For example, three available
 * replicas imply three ready ones. Counts that the test sets do not change.
 */
export function withReplicaCounts(kind: string, given: JsonObject, live: JsonObject): JsonObject {
  if (!WORKLOADS.has(kind)) return given;
  const result = { ...given };
  for (const [name, others] of Object.entries(AT_LEAST)) {
    const count = given[name];
    if (typeof count !== 'number') continue;
    for (const other of others) {
      if (Object.hasOwn(given, other)) continue;
      result[other] = Math.max(count, numberOf(result[other]), numberOf(live[other]));
    }
  }
  return result;
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}
