/**
 * Factories for Cilium: network policies, addresses for load balancers and who announces them, BGP, gateways for
 * outgoing traffic.
 *
 * @packageDocumentation
 */
export * from './generated/cilium.io.ts';
export * from './moved.ts';
