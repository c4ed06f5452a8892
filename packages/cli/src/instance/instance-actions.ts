import { RECONCILE_REQUEST } from '@typekro/controller/controller';
import { type KubeObject, cryptoLibrary, isoTime, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { type KubernetesApi, systemClock } from '@typekro/kube';
import { Finalizers, keys } from '@typekro/engine/runtime';
import { type ChangeResult, annotate } from './change-report.ts';
import { GraphObject } from '@typekro/engine/graph';
import { argumentOf } from '@typekro/app/instance';

/** The reason for `refuseGraph` in commands about suspension. */
export const NO_SUSPENSION = 'cannot be suspended: neither kro nor TypeKro can suspend a Graph';

/** The options of a change of one instance. */
export interface ActionOptions {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/**
 * Suspends an instance: its controller writes none of its objects until the instance is resumed.
 *
 * @throws TypeKroError `cli/graph` for a Graph, and KubeError when the write fails.
 */
export async function suspendInstance(
  api: KubernetesApi,
  instance: KubeObject,
  options: ActionOptions,
): Promise<ChangeResult> {
  refuseGraph(instance, NO_SUSPENSION);
  if (Finalizers.isSuspended(instance)) return 'unchanged';
  return annotate(api, instance, keys.RECONCILE_ANNOTATION, 'suspended', options);
}

/** Ends the suspension of an instance. Throws the errors of `suspendInstance`. */
export async function resumeInstance(
  api: KubernetesApi,
  instance: KubeObject,
  options: ActionOptions,
): Promise<ChangeResult> {
  refuseGraph(instance, NO_SUSPENSION);
  if (!Finalizers.isSuspended(instance)) return 'unchanged';
  return annotate(api, instance, keys.RECONCILE_ANNOTATION, undefined, options);
}

/** Returns a new value for the annotation that requests a pass of the controller. */
export const newReconcileRequest = (): string =>
  `${isoTime(systemClock.now())} ${cryptoLibrary().randomUUID().slice(0, 8)}`;

/** Requests a pass of the controller over an object, and does not wait for the end of the pass. */
export function requestReconcile(
  api: KubernetesApi,
  object: KubeObject,
  options: ActionOptions,
): Promise<ChangeResult> {
  return annotate(api, object, RECONCILE_REQUEST, newReconcileRequest(), options);
}

/**
 * Throws for a Graph, in a command that applies only to instances of definitions.
 *
 * @param why the rest of the sentence after the name of the Graph, e.g. `has no revisions`
 * @throws TypeKroError `cli/graph` for an object of the kind Graph.
 */
export function refuseGraph(object: KubeObject, why: string): void {
  if (!GraphObject.is(object)) return;
  throw new TypeKroError(`${objectName(refOf(object))} ${why}`, {
    code: 'cli/graph',
    remedy: `change the spec of the Graph instead; typekro why ${argumentOf(object)} shows what the Graph waits for`,
  });
}
