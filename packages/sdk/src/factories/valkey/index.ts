/**
 * The factory for Valkey clusters. Hyperspike's Valkey operator creates the clusters.
 *
 * @packageDocumentation
 */
export * from './generated/hyperspike.io.ts';
export * from './generated/moved.ts';
