import type { JsonObject, ObjectRef } from '../../src/core/index.ts';
import type { KubeClient } from '../../src/kube/index.ts';

/** A user's action. Its effect on the end state does not depend on its time. */
export interface UserAction {
  readonly text: string;
  /**
   * Carries the action out. Resolves to `later` to be called again. `tries` counts the calls from 0, and `memory` keeps
   * values between the calls.
   */
  readonly do: (admin: KubeClient, tries: number, memory: Map<string, string>) => Promise<unknown>;
  /** What the user does after the action: continue, wait until the state is at rest, or wait for some milliseconds. */
  readonly pause?: 'none' | 'settle' | number;
}

/** The instance of this name. */
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
