/**
 * `typekro/testing`: an embedded cluster for a test, with a client, a clock to advance, faults to inject and snapshots
 * to restore. The cluster runs in this process. It opens a socket only if the test calls `listen`. Each test creates
 * its own cluster.
 *
 * @packageDocumentation
 */
export type { ConnectOptions, TestAuditOptions, TestCluster, TestClusterOptions } from './create-cluster.ts';
export { createCluster } from './create-cluster.ts';
export { STAND_IN_NAMES } from '@typekro/cluster';
export type {
  AuditEvent,
  AuditGroupResources,
  AuditLevel,
  AuditPolicy,
  AuditPolicyRule,
  AuditStage,
  AuditUser,
  ClusterSnapshot,
  ControllerSettings,
  CommonCluster,
  CommonClusterOptions,
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
  ClusterClock,
  ManualClock,
  PodMatch,
  PodRules,
  PodSimulation,
  PresentedProcess,
  PresentOptions,
  ServingCertificate,
  SimulatedPods,
  FollowedKind,
  KindName,
  StandIn,
  StandInCondition,
  StandInEvent,
  StandInFailure,
  StandInFile,
  StandInKind,
  StandInMatch,
  StandInName,
  StandInResult,
  StandIns,
  StandInView,
  SnapshotCollection,
  SnapshotLog,
  Timer,
  UserInfo,
} from '@typekro/cluster';
export type {
  FaultTestOptions,
  FaultTestSummary,
  TestedComposition,
  TestGraphOptions,
  TypedGraphTest,
} from './graph-test/test-graph.ts';
export { testGraph, testGraphWithFaults } from './graph-test/test-graph.ts';
export type {
  ExpectedChild,
  ExpectedCondition,
  ExpectedEvent,
  ExpectedNode,
  ExpectedOrder,
  Expectation,
  GivenState,
  GraphTest,
  PartialObject,
  TestStep,
} from './graph-test/steps.ts';
