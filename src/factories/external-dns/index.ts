/**
 * The factory for external-dns: records that it writes at the DNS provider.
 *
 * @packageDocumentation
 */
export * from './generated/externaldns.k8s.io.ts';
export * from './moved.ts';
