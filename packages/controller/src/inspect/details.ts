import type { ObjectRef } from '@typekro/kit/core';
import type { KubernetesApi, ResourceType } from '@typekro/kube';
import type {
  ActionAnswer,
  ActionRequest,
  DefinitionDetail,
  InspectMeta,
  InstanceDetail,
  InstanceEvents,
  NodeDetail,
  ObjectDetail,
  PlanFile,
  RevisionDetail,
  WhyPath,
} from './inspect-model.ts';
import type { PodLog } from './instance-reports.ts';
import type { Plan } from './plan-report.ts';

/**
 * The viewer that reads as the client's own user. `mayList` is always true, because the same client has listed all that
 * the interface shows.
 */
export const ownViewer = (api: KubernetesApi): Viewer => ({ api, mayList: () => Promise.resolve(true) });

/** The caller of a request, and what the caller may read. */
export interface Viewer {
  /** The name of the user. Absent for the user of the kubeconfig. */
  readonly user?: string;
  /** A client that reads with the rights of the caller. */
  readonly api: KubernetesApi;
  /** May the caller list the objects of a kind in this namespace? Without a namespace: in all namespaces? */
  mayList(type: ResourceType, namespace?: string): Promise<boolean>;
}

/** A request for details. */
export interface InspectCall {
  readonly viewer: Viewer;
  /** Aborts when the client disconnects, and when the server closes. */
  readonly signal: AbortSignal;
}

/** The container whose log is requested, and the requested part of the log. */
export interface LogRequest {
  readonly pod: ObjectRef;
  readonly container: string;
  /** The log of the container's previous run. */
  readonly previous: boolean;
  /** The number of lines, counted from the end of the log. */
  readonly tail: number;
}

/**
 * The details of definitions and instances, read from the cluster at the time of the request with the rights of the
 * caller. A method returns `undefined` when the definition, revision, instance, node or object does not exist, and
 * throws `TypeKroError` for any other failure.
 */
export interface InspectDetails {
  meta(call: InspectCall): Promise<Omit<InspectMeta, 'epoch' | 'now'>>;
  definition(name: string, call: InspectCall): Promise<DefinitionDetail | undefined>;
  revision(name: string, revision: number, call: InspectCall): Promise<RevisionDetail | undefined>;
  instance(ref: string, call: InspectCall): Promise<InstanceDetail | undefined>;
  why(ref: string, node: string | undefined, call: InspectCall): Promise<WhyPath | undefined>;
  /**
   * The details of a node. For a collection, they have the values of the given object. Without an object, they have
   * only the values that are the same for all objects.
   */
  node(ref: string, node: string, object: ObjectRef | undefined, call: InspectCall): Promise<NodeDetail | undefined>;
  object(ref: string, object: ObjectRef, call: InspectCall): Promise<ObjectDetail | undefined>;
  events(ref: string, node: string | undefined, call: InspectCall): Promise<InstanceEvents | undefined>;
  log(ref: string, request: LogRequest, call: InspectCall): Promise<PodLog | undefined>;
  /** Plans the apply of files. If files have errors, throws an `InspectFailure` with the diagnostics. */
  plan(files: readonly PlanFile[], call: InspectCall): Promise<Plan>;
  act(ref: string, request: ActionRequest, call: InspectCall): Promise<ActionAnswer | undefined>;
}
