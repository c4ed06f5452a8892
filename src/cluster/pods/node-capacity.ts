/** The capacity of a simulated node, by the names of the resources. */
export const NODE_CAPACITY: Readonly<Record<string, string>> = {
  cpu: '64',
  memory: '256Gi',
  pods: '10k',
  'ephemeral-storage': '1Ti',
};
