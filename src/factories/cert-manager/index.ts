/**
 * Factories for cert-manager: certificates, issuers, and what it makes of them.
 *
 * @packageDocumentation
 */
export * from './generated/cert-manager.io.ts';
export * from './generated/acme.cert-manager.io.ts';
export * from './moved.ts';
