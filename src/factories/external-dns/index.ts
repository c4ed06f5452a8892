/**
 * The factory for external-dns: records that external-dns creates at a DNS provider.
 *
 * @packageDocumentation
 */
export * from './generated/externaldns.k8s.io.ts';
export * from './moved.ts';
