/**
 * Factories for the AWS Controllers for Kubernetes: DynamoDB tables, S3 buckets, and a helper for every other kind.
 *
 * @packageDocumentation
 */
export { type AckFields, type AckStatusFields, ackFactory } from './ack-factory.ts';
export * from './generated/dynamodb.services.k8s.aws.ts';
export * from './generated/s3.services.k8s.aws.ts';
