import type { KubeObject } from '../../core/index.ts';
import { textAt } from '../../kubernetes/index.ts';
import type { Readiness } from '../model.ts';
import { needs } from './cluster.ts';

/**
 * A registry of charts: Flux keeps no state of it, and leaves `observedGeneration` at the -1 with which its
 * definition fills it.
 */
export function isRegistry(object: KubeObject): boolean {
  return textAt(object, 'spec', 'type') === 'oci';
}

/** Repositories with an index: Ready=True. */
export function helmRepository(object: KubeObject): Readiness {
  return needs(object, 'Ready');
}
