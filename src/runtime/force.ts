import { isTemplateManager } from './field-managers.ts';
import type { ApplyAction } from './model.ts';

/**
 * May an apply take over the fields of the managers that it conflicts with? An apply with force has no conflicts, and
 * needs no second request. An apply that was meant to create the object takes over no field: another client created the
 * object first, and the object may belong to an instance. Only the next decision can see the owner.
 *
 * @param managers the managers that own the fields; empty when the server does not name them
 */
export function mayForce(
  { force = 'always', uid }: Pick<ApplyAction, 'force' | 'uid'>,
  managers: readonly string[],
): boolean {
  if (force === 'always' || managers.length === 0 || uid === undefined) return false;
  if (force === 'unlessGraph') return !managers.some(isTemplateManager);
  return managers.every((manager) => isCovered(manager, force.prefix) && !force.except.includes(manager));
}

/** Is the manager the prefix itself, or does it begin with the prefix and a dot? */
function isCovered(manager: string, prefix: string): boolean {
  return manager === prefix || manager.startsWith(`${prefix}.`);
}
