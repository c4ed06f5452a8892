import type { KubeObject } from '@typekro/kit/core';
import type { TransportRequest } from '@typekro/kube';
import type { ProcessKnowledge } from './knowledge.ts';

/** A kind whose objects may be children of instances. */
export interface MemberKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** The path that lists all objects of the kind. */
  readonly path: string;
}

/** The name of an instance, as the labels of its children record it. */
export interface InstanceName {
  readonly name: string;
  /** Empty for a cluster-scoped instance. */
  readonly namespace: string;
}

/** A dependency that does not exist or is not ready. */
export interface UnreadyDependency {
  readonly text: string;
  /**
   * The keys of the objects that determine the dependency's state. If another client recently changed one of these
   * objects, the process did not violate the rule.
   */
  readonly keys: readonly string[];
}

/** Reads the state of the server. Its reads have no injected faults. */
export interface ServerReader {
  read(path: string): Promise<KubeObject | undefined>;
  list(path: string): Promise<KubeObject[]>;
}

/** The names of the rules. */
export type Rule =
  | 'order'
  | 'finalizer'
  | 'inventory'
  | 'ownership'
  | 'needless'
  | 'overlap'
  | 'leader'
  | 'end'
  | 'propagation';

/** A violation of a rule. */
export interface Violation {
  readonly rule: Rule;
  readonly text: string;
}

/** The controller process whose writes are checked. */
export interface Suspect {
  readonly name: string;
  readonly knowledge: ProcessKnowledge;
  /** The paths of writes whose outcome the process does not know. The process may repeat a write at such a path. */
  readonly unsure: Set<string>;
  /** May the process send this write at this time? */
  readonly mayWrite: (request: TransportRequest) => Promise<boolean>;
}
