/**
 * `typekro/testing`: an embedded cluster for a user's test, with a client, a clock to turn and faults to
 * inject. In this process and without sockets unless asked; every test has its own.
 *
 * @packageDocumentation
 */
export type { TestCluster, TestClusterOptions } from './create-cluster.ts';
export { createCluster } from './create-cluster.ts';
export type { Fault, FaultMatch } from './faults.ts';
export { Faults } from './faults.ts';
