/**
 * `typekro/testing`: an embedded cluster for a user's test, with a client, a clock to turn, faults to inject
 * and states to go back to. In this process and without sockets unless asked; every test has its own.
 *
 * @packageDocumentation
 */
export type { ConnectOptions, TestCluster, TestClusterOptions } from './create-cluster.ts';
export { createCluster } from './create-cluster.ts';
export type {
  ClusterSnapshot,
  ControllerSettings,
  ControllersOptions,
  Fault,
  FaultMatch,
  FaultOptions,
  FaultRequest,
  FaultRule,
  Faults,
  KubeVerb,
  Listener,
  ListenOptions,
  LogLine,
  ManualClock,
  PresentedProcess,
  PresentOptions,
  SnapshotCollection,
  SnapshotLog,
  UserInfo,
} from '../cluster/index.ts';
