/**
 * Factories for Cilium: network policies, addresses for load balancers and their announcement, BGP, gateways for
 * outgoing traffic.
 *
 * @packageDocumentation
 */
export * from './generated/cilium.io.ts';
export * from './moved.ts';
