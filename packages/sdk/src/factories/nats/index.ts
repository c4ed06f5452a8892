/**
 * Factories for NATS: streams, consumers and buckets of JetStream. The controller `nack` creates them.
 *
 * @packageDocumentation
 */
export * from './generated/jetstream.nats.io.ts';
export * from './generated/moved.ts';
