/**
 * The factory for clusters of Valkey, which hyperspike's operator creates.
 *
 * @packageDocumentation
 */
export * from './generated/hyperspike.io.ts';
export * from './moved.ts';
