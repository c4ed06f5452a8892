import type { KubeObject } from '../../core/index.ts';
import { textAt } from '../../kubernetes/index.ts';
import type { Readiness } from '../model.ts';
import { needs } from './cluster.ts';

/**
 * Is the repository a registry of charts? Flux writes no status for it, and its `observedGeneration` stays at -1, the
 * default in the CRD.
 */
export function isRegistry(object: KubeObject): boolean {
  return textAt(object, 'spec', 'type') === 'oci';
}

/** A repository with an index is ready with the condition Ready. */
export function helmRepository(object: KubeObject): Readiness {
  return needs(object, 'Ready');
}
