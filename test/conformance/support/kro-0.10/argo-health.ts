import { type JsonObject, type KubeObject, isJsonObject } from '@typekro/kit/core';

/** A health status as Argo CD shows it. */
export interface ArgoHealth {
  readonly health: 'Healthy' | 'Progressing' | 'Degraded';
  readonly message: string;
}

const PARTS: ReadonlySet<string> = new Set(['InstanceManaged', 'GraphResolved', 'ResourcesReady', 'Ready']);

/**
 * The health status that Argo CD derives from an object of kro's API group. Applies the rules of Argo CD's health check
 * in their order.
 */
export function argoHealth(object: KubeObject | undefined): ArgoHealth {
  const { metadata = {}, status = {} } = object ?? {};
  const { deletionTimestamp, finalizers = [], generation } = metadata;
  if (deletionTimestamp !== undefined) {
    const held = finalizers.length === 0 ? '' : `; blocked by finalizers: ${finalizers.join(', ')}`;
    return { health: 'Progressing', message: `Pending deletion${held}` };
  }
  const conditions = status['conditions'];
  if (!Array.isArray(conditions)) return { health: 'Progressing', message: 'Waiting for KRO to report status' };
  const present = conditions.filter((entry): entry is JsonObject => isJsonObject(entry) && entry['observedGeneration'] === generation);
  for (const { type, status: is, message } of present) {
    if (type === 'Ready' && is === 'True') return { health: 'Healthy', message: 'Instance is active and running' };
    if (is !== 'False' || !PARTS.has(String(type))) continue;
    if (status['state'] === 'ERROR' || status['state'] === 'FAILED') return { health: 'Degraded', message: String(message) };
    if (status['state'] === 'IN_PROGRESS') return { health: 'Progressing', message: String(message) };
  }
  return { health: 'Progressing', message: 'Waiting for instance to become ready' };
}
