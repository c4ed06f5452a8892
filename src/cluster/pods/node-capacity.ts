/**
 * The capacity of a simulated node, by the names of the resources. One node stands for the largest cluster that
 * Kubernetes supports: 5,000 nodes. Each of these has four CPUs, 16 GiB of memory, 100 GiB of disk and 30 pods.
 */
export const NODE_CAPACITY: Readonly<Record<string, string>> = {
  cpu: '20k',
  memory: '80000Gi',
  pods: '150k',
  'ephemeral-storage': '500000Gi',
};

/**
 * The limits of a local process whose container sets none. Programs derive the sizes of their pools from these limits.
 * The values are therefore those of one large machine.
 */
export const PROCESS_LIMITS: Readonly<Record<string, string>> = {
  cpu: '64',
  memory: '256Gi',
  'ephemeral-storage': '1Ti',
};
