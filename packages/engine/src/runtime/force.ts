import { isTemplateManager } from './field-managers.ts';
import type { ApplyAction } from './model.ts';

/**
 * May an apply take over fields of the managers with which it conflicts? An apply that already had force has no
 * conflicts and is not repeated. An apply without a `uid`, which should have created the object, takes over no field:
 * another client created the object first, and the object may belong to an instance. Only the next decision sees the
 * owner.
 *
 * @param managers the managers that own the fields; empty if the server does not name the managers
 */
export function mayForce(
  { force = 'always', uid }: Pick<ApplyAction, 'force' | 'uid'>,
  managers: readonly string[],
): boolean {
  if (force === 'always' || managers.length === 0 || uid === undefined) return false;
  if (force === 'unlessGraph') return !managers.some(isTemplateManager);
  return managers.every((manager) => isCovered(manager, force.prefix) && !force.except.includes(manager));
}

/** Is the manager equal to the prefix, or does it begin with the prefix and a dot? */
function isCovered(manager: string, prefix: string): boolean {
  return manager === prefix || manager.startsWith(`${prefix}.`);
}
