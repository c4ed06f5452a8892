import type { DeployEventContent, DeployTarget } from '../compose/index.ts';
import type { KubeObject, ObjectRef } from '../core/index.ts';
import { refOf } from '../core/index.ts';
import type { KubernetesApi } from '../kube/index.ts';

/** The reference to a target's ResourceGraphDefinition. */
export function definitionRef(target: DeployTarget): ObjectRef {
  return { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: target.name };
}

/** The context of a deploy in kro mode. */
export interface KroContext {
  readonly api: KubernetesApi;
  readonly target: DeployTarget;
  readonly signal: AbortSignal;
  readonly progress: (event: DeployEventContent) => void;
}

/** The children whose names are known from the spec, with the ids of their nodes. */
export function childRefsOf(
  target: DeployTarget,
  instance: KubeObject,
): { readonly id: string; readonly object: ObjectRef }[] {
  const { namespace } = instance.metadata;
  return target.evaluate(instance.spec ?? {}).resources.flatMap(({ id, objects }) =>
    objects.map((object) => {
      const ref = refOf(object as unknown as KubeObject);
      return { id, object: { ...(namespace === undefined ? {} : { namespace }), ...ref } };
    }),
  );
}
