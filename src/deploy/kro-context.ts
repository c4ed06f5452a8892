import type { DeployTarget } from '../compose/index.ts';
import type { ObjectRef } from '../core/index.ts';
import type { KubernetesApi } from '../kube/index.ts';

/** The ResourceGraphDefinition of a target, by name. */
export function definitionRef(target: DeployTarget): ObjectRef {
  return { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: target.name };
}

/** What a kro deploy needs. */
export interface KroContext {
  readonly api: KubernetesApi;
  readonly target: DeployTarget;
  readonly signal: AbortSignal;
  readonly progress: (event: { readonly type: string; readonly resourceId?: string; readonly message: string }) => void;
}
