/**
 * Factories for NATS: streams, consumers and buckets of JetStream, which the controller nack creates.
 *
 * @packageDocumentation
 */
export * from './generated/jetstream.nats.io.ts';
export * from './moved.ts';
