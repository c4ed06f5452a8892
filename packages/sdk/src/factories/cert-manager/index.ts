/**
 * Factories for cert-manager: certificates, issuers, and the objects that cert-manager creates from them.
 *
 * @packageDocumentation
 */
export * from './generated/cert-manager.io.ts';
export * from './generated/acme.cert-manager.io.ts';
export * from './generated/moved.ts';
