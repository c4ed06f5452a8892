import { type KubeObject, type ObjectRef, parseApiVersion } from '@typekro/kit/core';
import type { KubernetesApi } from '@typekro/kube';
import type { ObjectTarget, ObjectType } from '@typekro/engine/runtime';
import { type SchemaSource, pluralize } from '@typekro/engine/schema';
import type { ControllerSettings } from '@typekro/controller/controller';
import type { ClusterBasics } from './cluster-basics.ts';
import type { LiveSource } from './simulation/live-source.ts';
import type { Plan } from '@typekro/controller/inspect';
import type { PlannedOwners } from './simulation/simulate-all.ts';
import type { WriteChecker } from './simulation/write-checker.ts';

/** The dependencies of all parts of a plan. */
export interface PlanContext {
  readonly api: KubernetesApi;
  readonly source: LiveSource;
  readonly checker: WriteChecker;
  /**
   * Checks the writes of instances, and plans the instances of other definitions that they change. Default: `checker`,
   * which plans no other instances.
   */
  readonly children?: Pick<WriteChecker, 'check'>;
  /** As `children`, for the writes with the present revision of instances that wait for a canary. Default: `checker`. */
  readonly present?: Pick<WriteChecker, 'check'>;
  /** The objects that the planned instances create or adopt. Default: each group of instances is planned for itself. */
  readonly owners?: PlannedOwners;
  readonly basics: ClusterBasics;
  readonly settings: ControllerSettings;
  readonly signal: AbortSignal;
  readonly operation: Plan['operation'];
  /** The namespace of an object in the files if the object sets none. */
  readonly namespace: string;
  /** The only namespace whose instances are planned. By default, all namespaces. */
  readonly only?: string;
  /** The time of the plan in milliseconds since the epoch. */
  readonly now: number;
  /** The salt with which a snapshot masks values of Secrets. Absent for a live cluster. */
  readonly salt?: string;
  /** Called with each object that the plan writes for an instance. Fields that are not yet known are missing. */
  readonly onWrite?: (ref: ObjectRef, desired: KubeObject) => void;
}

/**
 * Returns the type of an object from the server, or else from the CRDs and definitions in the files. For an unknown
 * kind, guesses the plural and the scope.
 */
export async function typeOf(
  { api, signal }: PlanContext,
  declared: SchemaSource,
  object: KubeObject,
): Promise<ObjectType> {
  const { apiVersion, kind } = object;
  const { group, version } = parseApiVersion(apiVersion);
  const served = await api.discovery.resourceOf({ apiVersion, kind }, { signal });
  const found = served ?? declared.resourceOf({ group, version, kind });
  return {
    group,
    version,
    kind,
    plural: found?.plural ?? pluralize(kind.toLowerCase()),
    namespaced: found?.namespaced ?? object.metadata.namespace !== undefined,
  };
}

/** Returns the target of an object. */
export function targetOf(type: ObjectType, { metadata: { name = '', namespace } }: KubeObject): ObjectTarget {
  return { type, name, ...(type.namespaced && namespace !== undefined ? { namespace } : {}) };
}
