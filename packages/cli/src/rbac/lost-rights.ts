import type { Diagnostic, KubeObject } from '@typekro/kit/core';
import { KubeError } from '@typekro/kube';
import { objectsAt } from '@typekro/kit/kubernetes';
import { connectToCluster } from '../cluster-client.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { type GrantedAction, grantedActions, rightsText } from '@typekro/app/doctor';

/**
 * Compares a ClusterRole with the ClusterRole of the same name in the cluster that the options name.
 *
 * @returns a warning with the rights that an apply of the role would remove, `none` when it would remove none, and
 *   `unknown` when the user may not read the role in the cluster
 */
export async function lostRights(
  context: CommandContext,
  input: CommandInput,
  role: KubeObject,
): Promise<Diagnostic | 'none' | 'unknown'> {
  const { apiVersion, kind, metadata } = role;
  const name = metadata.name ?? '';
  await using connection = await connectToCluster(context, input);
  try {
    const live = await connection.client.find({ apiVersion, kind, name }, { signal: context.signal });
    const kept = new Set(grantedActions(objectsAt(role, 'rules')).map(keyOf));
    const lost =
      live === undefined ? [] : grantedActions(objectsAt(live, 'rules')).filter((right) => !kept.has(keyOf(right)));
    return lost.length === 0 ? 'none' : lostRightsWarning(name, lost);
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return 'unknown';
    throw error;
  }
}

const keyOf = ({ verb, group, resource, name }: GrantedAction): string => JSON.stringify([verb, group, resource, name]);

function lostRightsWarning(name: string, lost: readonly GrantedAction[]): Diagnostic {
  return {
    code: 'rbac/lost-rights',
    severity: 'warning',
    message: `ClusterRole ${name} of the cluster has rights that this output removes: ${rightsText(lost)}`,
    hint: 'name the files of all definitions in one call, or give these files their own ClusterRole with --name',
  };
}
