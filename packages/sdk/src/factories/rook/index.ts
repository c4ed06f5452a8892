/**
 * Factories for object storage with Rook and Ceph: stores, their users, buckets for applications.
 *
 * @packageDocumentation
 */
export * from './generated/ceph.rook.io.ts';
export * from './generated/objectbucket.io.ts';
export * from './generated/moved.ts';
