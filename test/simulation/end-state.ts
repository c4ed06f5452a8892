import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import type { KubeClient } from '@typekro/kube';
import { normalize } from '../../packages/testing/src/simulation/compare-states.ts';

const KINDS = [
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'LimitRange' },
  { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
  { apiVersion: 'sim.test/v1', kind: 'Rig' },
  { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' },
  { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
];

const REVISIONS = { apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' };

/** The ConfigMaps with certificates, which differ in each cluster. */
export const CERTIFICATES: ReadonlySet<string> = new Set(['extension-apiserver-authentication', 'kube-root-ca.crt']);

/** The objects that are compared at the end of a run, without times, versions and UIDs. */
export async function endState(admin: KubeClient): Promise<KubeObject[]> {
  const found: KubeObject[] = [];
  for (const type of KINDS) {
    const { items } = await admin.list(type);
    for (const object of items) if (!CERTIFICATES.has(object.metadata.name ?? '')) found.push(normalize(object));
  }
  return found;
}

/** Checks the conditions that must be true whenever no work remains. Returns the problems. */
export async function restProblems(admin: KubeClient): Promise<string[]> {
  const problems: string[] = [];
  for (const type of KINDS) {
    for (const { kind, metadata } of (await admin.list(type)).items) {
      if (metadata.deletionTimestamp !== undefined)
        problems.push(`deletion never completes: ${kind} ${metadata.name ?? ''}`);
    }
  }
  const { items: definitions } = await admin.list({ apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' });
  const { items } = await admin.list(REVISIONS);
  const sorted = items.toSorted((a, b) => Number(a.spec?.['revision']) - Number(b.spec?.['revision']));
  const newest = sorted.at(-1)?.spec?.['snapshot'] as JsonObject | undefined;
  if (!jsonEquals(newest?.['spec'], definitions[0]?.spec)) {
    problems.push('the newest revision is not the definition as it is');
  }
  if (items.length > 5) problems.push(`${items.length} revisions are left`);
  return problems;
}
