import type { DeployEventContent, DeployTarget } from '../compose/index.ts';
import { type KubeObject, type ObjectRef, refOf } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import { objectsAt } from '@typekro/kit/kubernetes';
import type { KubernetesApi } from '@typekro/kube';

/** The apiVersion and kind of definitions. */
export const DEFINITION_KIND = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' } as const;

/** The reference to a target's ResourceGraphDefinition or Graph. */
export function definitionRef(target: DeployTarget): ObjectRef {
  if (target.form === 'graph') return { ...GraphObject.KIND, name: target.name, namespace: target.namespace };
  return { ...DEFINITION_KIND, name: target.name };
}

/** The context of a deploy in kro mode. */
export interface KroContext {
  readonly api: KubernetesApi;
  readonly target: DeployTarget;
  readonly signal: AbortSignal;
  readonly progress: (event: DeployEventContent) => void;
}

/**
 * The children whose names are known, with the ids of their nodes. The names come from the status of a Graph, and from
 * the spec of any other instance.
 */
export function childRefsOf(
  target: DeployTarget,
  instance: KubeObject,
): { readonly id: string; readonly object: ObjectRef }[] {
  if (target.form === 'graph') return managedObjects(instance);
  const { namespace } = instance.metadata;
  return target.evaluate(instance).resources.flatMap(({ id, objects }) =>
    objects.map((object) => {
      const ref = refOf(object as KubeObject);
      return { id, object: { ...(namespace === undefined ? {} : { namespace }), ...ref } };
    }),
  );
}

/** The objects that a Graph manages according to its status. */
function managedObjects({ status }: KubeObject): { readonly id: string; readonly object: ObjectRef }[] {
  return objectsAt(status, 'managedResources').flatMap(({ nodeID, apiVersion, kind, name, namespace }) => {
    if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string') return [];
    const object = { apiVersion, kind, name, ...(typeof namespace === 'string' ? { namespace } : {}) };
    return [{ id: String(nodeID), object }];
  });
}
