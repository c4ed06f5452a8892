import type { KubeObject, ObjectRef } from '../../core/index.ts';
import { parseApiVersion } from '../../core/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import type { ObjectTarget, ObjectType } from '../../runtime/index.ts';
import type { SchemaSource } from '../../schema/index.ts';
import { pluralize } from '../../schema/index.ts';
import type { InputObject } from '../up/load-inputs.ts';
import type { ControllerSettings } from '../controller-settings.ts';
import type { ClusterBasics } from './cluster-basics.ts';
import type { LiveSource } from './live-source.ts';
import type { Plan } from './plan.ts';
import type { WriteChecker } from './write-checker.ts';

/** What all parts of a plan work with. */
export interface PlanContext {
  readonly api: KubernetesApi;
  readonly source: LiveSource;
  readonly checker: WriteChecker;
  readonly basics: ClusterBasics;
  readonly settings: ControllerSettings;
  readonly signal: AbortSignal;
  readonly operation: Plan['operation'];
  /** Namespace of objects of files that name none. */
  readonly namespace: string;
  /** The only namespace whose instances are planned; absent: all. */
  readonly only?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** With which the live objects of a snapshot hide values of Secrets; absent: they do not. */
  readonly salt?: string;
  /** Takes each object that the plan writes for an instance, with all that is known of it. */
  readonly onWrite?: (ref: ObjectRef, desired: KubeObject) => void;
}

/**
 * The type of an object: as the server has it, else as the files declare it, since they will create the kind. Of a kind
 * that neither has, plural and scope are a guess.
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

/** An object of a file, in the namespace in which the server would put it. */
export function placed(
  { namespace }: PlanContext,
  type: Pick<ObjectType, 'namespaced'>,
  input: InputObject,
): KubeObject {
  const { object } = input;
  return type.namespaced ? { ...object, metadata: { namespace, ...object.metadata } } : object;
}

/** The target of an object. */
export function targetOf(type: ObjectType, { metadata: { name = '', namespace } }: KubeObject): ObjectTarget {
  return { type, name, ...(type.namespaced && namespace !== undefined ? { namespace } : {}) };
}
