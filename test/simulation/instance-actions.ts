import type { JsonObject, ObjectRef } from '@typekro/kit/core';
import type { KubeClient } from '@typekro/kube';

/** A user's action. Its effect on the end state does not depend on when it happens. */
export interface UserAction {
  readonly text: string;
  /**
   * Carries out the action. Resolves to `later` if the caller must call it again. `tries` is the number of earlier
   * calls, and `memory` keeps values between the calls.
   */
  readonly do: (admin: KubeClient, tries: number, memory: Map<string, string>) => Promise<unknown>;
  /** The pause after the action: no pause, until no work remains (`settle`), or some milliseconds. */
  readonly pause?: 'none' | 'settle' | number;
}

/** The reference of the instance with this name. */
export const rig = (name: string) => ({ apiVersion: 'sim.test/v1', kind: 'Rig', namespace: 'default', name });

/** The CRD of the instances. */
export const CRD: ObjectRef = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: 'rigs.sim.test',
};

/** Creates or updates an instance. */
export function applyRig(name: string, spec: JsonObject): UserAction {
  const object = { ...rig(name), metadata: { name, namespace: 'default' }, spec };
  const { name: _name, namespace: _namespace, ...manifest } = object;
  return {
    text: `apply ${name} ${JSON.stringify(spec)}`,
    async do(admin) {
      const crd = await admin.find(CRD);
      if (crd === undefined || crd.metadata.deletionTimestamp !== undefined) return 'later';
      const present = await admin.find(rig(name));
      if (present?.metadata.deletionTimestamp !== undefined) return 'later';
      return admin.apply(manifest, { fieldManager: 'user', force: true });
    },
  };
}

/** Suspends or resumes an instance. */
export function suspend(name: string, on: boolean): UserAction {
  const value = on ? 'suspended' : null;
  return {
    text: `${on ? 'suspend' : 'resume'} ${name}`,
    do: (admin) => admin.patch(rig(name), { metadata: { annotations: { 'kro.run/reconcile': value } } }),
  };
}
