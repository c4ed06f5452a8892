/**
 * The factory for clusters of Valkey, as the operator of hyperspike makes them.
 *
 * @packageDocumentation
 */
export * from './generated/hyperspike.io.ts';
export * from './moved.ts';
