import { type ArgumentTable, createResource, ifPresent, present } from '../../compose/index.ts';
import { type CommonConfig, COMMON, definedOnly, idOf, metadataOf, simpleFactory } from './common.ts';
import type { NetworkPolicyResource } from './kinds.ts';

/** Arguments of `NetworkPolicy`. */
export interface NetworkPolicyConfig extends CommonConfig {
  /** Selector of the pods to which the policy applies. `{}` selects all pods in the namespace of the policy. */
  readonly podSelector: object;
  /**
   * Directions that the policy restricts. Derived when absent: `Egress` when `egress` is present, `Ingress` when
   * `ingress` is present or `egress` is absent.
   */
  readonly policyTypes?: readonly ('Ingress' | 'Egress')[] | undefined;
  /**
   * Allowed connections to the pods. If `policyTypes` contains `Ingress`, an empty or absent list allows no
   * connections.
   */
  readonly ingress?: readonly object[] | undefined;
  /**
   * Allowed connections from the pods. If `policyTypes` contains `Egress`, an empty or absent list allows no
   * connections.
   */
  readonly egress?: readonly object[] | undefined;
}

const ARGUMENTS: ArgumentTable<NetworkPolicyConfig> = {
  ...COMMON,
  podSelector: 'required',
  policyTypes: 'optional',
  ingress: 'optional',
  egress: 'optional',
};

/** A NetworkPolicy. */
export const NetworkPolicy = simpleFactory(
  'NetworkPolicy.networking.k8s.io',
  ARGUMENTS,
  (config: NetworkPolicyConfig): NetworkPolicyResource => {
    const { podSelector, ingress, egress } = config;
    // Without `egress`, this is the default of the API server.
    const policyTypes = ifPresent(
      config.policyTypes,
      (types) => types,
      () => present(egress, () => restricted(ingress)),
    );
    return createResource(
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: metadataOf(config),
        spec: definedOnly({ podSelector, policyTypes, ingress, egress }),
      },
      idOf(config),
    ) as NetworkPolicyResource;
  },
);

/** The directions that a policy with `egress` restricts. The default of the API server ignores an empty `egress`. */
function restricted(ingress: unknown): unknown {
  return ifPresent(
    ingress,
    () => ['Ingress', 'Egress'],
    () => ['Egress'],
  );
}
