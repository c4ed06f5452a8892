import type { KubeObject } from '@typekro/kit/core';
import { GraphObject } from '../../graph/index.ts';
import { DELETION_POLICY_ANNOTATION, FINALIZER, GRAPH_FINALIZER, RECONCILE_ANNOTATION } from '../objects/keys.ts';
import { annotationOf } from '../objects/identity.ts';

/** Does the instance carry the controller's finalizer? */
export function hasFinalizer(instance: KubeObject): boolean {
  return instance.metadata.finalizers?.includes(FINALIZER) === true;
}

/** The finalizers of an instance, a definition or a Graph, except the controller's own. */
export function otherFinalizers(object: KubeObject): string[] {
  const own = GraphObject.is(object) ? GRAPH_FINALIZER : FINALIZER;
  return (object.metadata.finalizers ?? []).filter((finalizer) => finalizer !== own);
}

/** Does the Graph carry the controller's finalizer? */
export function hasGraphFinalizer(graph: KubeObject): boolean {
  return graph.metadata.finalizers?.includes(GRAPH_FINALIZER) === true;
}

/** Is the instance suspended by its annotation? The value is `suspended`, or `disabled` in older versions. */
export function isSuspended(instance: KubeObject): boolean {
  const value = annotationOf(instance, RECONCILE_ANNOTATION)?.toLowerCase();
  return value === 'suspended' || value === 'disabled';
}

/** Does the deletion policy keep the children when the instance is deleted? */
export function keepsChildren(instance: KubeObject): boolean {
  return deletionPolicy(instance) === 'orphan';
}

/**
 * The problem of an unknown deletion policy. With an unknown policy nothing is deleted, because the author may have
 * meant that children stay.
 */
export function deletionPolicyProblem(instance: KubeObject): string | undefined {
  if (['', 'delete', 'orphan'].includes(deletionPolicy(instance))) return undefined;
  const given = JSON.stringify(annotationOf(instance, DELETION_POLICY_ANNOTATION));
  const remedy = 'set it to "orphan" to leave the children behind, or remove it to have them deleted';
  return `the annotation ${DELETION_POLICY_ANNOTATION} is ${given}, which is not a known policy: ${remedy}`;
}

function deletionPolicy(instance: KubeObject): string {
  return (annotationOf(instance, DELETION_POLICY_ANNOTATION) ?? '').trim().toLowerCase();
}

/**
 * Is the instance released, i.e. suspended and with a policy that keeps its children? A released instance needs no
 * finalizer. Another controller that takes the instance over may remove the finalizer.
 */
export function isReleased(instance: KubeObject): boolean {
  return isSuspended(instance) && keepsChildren(instance);
}

/** What finalizers and annotations say about the deletion of an object. */
export const Finalizers = { has: hasFinalizer, isSuspended, others: otherFinalizers };
