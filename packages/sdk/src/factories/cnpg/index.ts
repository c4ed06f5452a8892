/**
 * Factories for CloudNativePG: PostgreSQL clusters, their databases, poolers and backups.
 *
 * @packageDocumentation
 */
export * from './generated/postgresql.cnpg.io.ts';
export * from './generated/moved.ts';
