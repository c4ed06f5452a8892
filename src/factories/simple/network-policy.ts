import { createResource } from '../../compose/index.ts';
import type { CommonConfig } from './common.ts';
import { given, idOf, metadataOf, simpleFactory } from './common.ts';
import type { NetworkPolicyResource } from './kinds.ts';

/** Arguments of `NetworkPolicy`. */
export interface NetworkPolicyConfig extends CommonConfig {
  readonly podSelector: object;
  /** Derived from `ingress` and `egress` when absent. */
  readonly policyTypes?: readonly ('Ingress' | 'Egress')[];
  readonly ingress?: readonly object[];
  readonly egress?: readonly object[];
}

/** A NetworkPolicy. */
export const NetworkPolicy = simpleFactory(
  'NetworkPolicy.networking.k8s.io',
  (config: NetworkPolicyConfig): NetworkPolicyResource => {
    const { podSelector, ingress, egress } = config;
    const derived = [
      ...(ingress === undefined && egress !== undefined ? [] : ['Ingress']),
      ...(egress === undefined ? [] : ['Egress']),
    ];
    return createResource(
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: metadataOf(config),
        spec: given({ podSelector, policyTypes: config.policyTypes ?? derived, ingress, egress }),
      },
      idOf(config),
    ) as NetworkPolicyResource;
  },
);
