/**
 * The factory for the kind of external-dns: DNS records that external-dns creates at a provider.
 *
 * @packageDocumentation
 */
export * from './generated/externaldns.k8s.io.ts';
export * from './generated/moved.ts';
