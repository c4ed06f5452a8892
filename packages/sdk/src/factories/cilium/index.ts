/**
 * Factories for Cilium: network policies, load balancer addresses and their announcement, BGP, and gateways for
 * outgoing traffic.
 *
 * @packageDocumentation
 */
export * from './generated/cilium.io.ts';
export * from './generated/moved.ts';
