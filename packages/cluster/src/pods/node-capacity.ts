/**
 * The capacity of a simulated node, keyed by resource name. This one node has the capacity of the largest cluster that
 * Kubernetes supports: 5,000 nodes with four CPUs, 16 GiB of memory, 100 GiB of disk and 30 pods each.
 */
export const NODE_CAPACITY: Readonly<Record<string, string>> = {
  cpu: '20k',
  memory: '80000Gi',
  pods: '150k',
  'ephemeral-storage': '500000Gi',
};

/**
 * The limits of a local process whose container sets no limits. Programs derive the sizes of their pools from these
 * limits, so the values are those of a single large machine.
 */
export const PROCESS_LIMITS: Readonly<Record<string, string>> = {
  cpu: '64',
  memory: '256Gi',
  'ephemeral-storage': '1Ti',
};
