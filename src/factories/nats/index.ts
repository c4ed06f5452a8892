/**
 * Factories for NATS: streams, consumers and buckets of JetStream, as the controller nack makes them.
 *
 * @packageDocumentation
 */
export * from './generated/jetstream.nats.io.ts';
export * from './moved.ts';
