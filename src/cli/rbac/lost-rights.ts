import type { Diagnostic, JsonObject, KubeObject } from '../../core/index.ts';
import { withGroup } from '../../core/index.ts';
import { KubeError } from '../../kube/index.ts';
import { asTexts, objectsAt } from '../../kubernetes/index.ts';
import { connectToCluster } from '../cluster-client.ts';
import type { CommandContext, CommandInput } from '../command.ts';

/**
 * Compares a ClusterRole with the one of its name in the cluster that the options name.
 *
 * @returns a warning with the rights that the cluster loses when the role is applied; `none` when it loses none;
 *   `unknown` when this user may not read the role of the cluster
 */
export async function lostRights(
  context: CommandContext,
  input: CommandInput,
  role: KubeObject,
): Promise<Diagnostic | 'none' | 'unknown'> {
  const { apiVersion, kind, metadata } = role;
  const name = metadata.name ?? '';
  const { client } = await connectToCluster(context, input);
  try {
    const live = await client.find({ apiVersion, kind, name }, { signal: context.signal });
    const kept = new Set(rightsOf(role).map(keyOf));
    const lost = live === undefined ? [] : rightsOf(live).filter((right) => !kept.has(keyOf(right)));
    return lost.length === 0 ? 'none' : lostRightsWarning(name, lost);
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return 'unknown';
    throw error;
  } finally {
    await client.close();
  }
}

interface Right {
  readonly resource: string;
  readonly verb: string;
}

/** The rights of a ClusterRole, one for each verb on a resource or on an object of a name. */
function rightsOf(role: KubeObject): Right[] {
  return objectsAt(role, 'rules').flatMap((rule: JsonObject) => {
    const names = asTexts(rule['resourceNames']);
    const suffixes = names.length === 0 ? [''] : names.map((name) => ` ${name}`);
    return asTexts(rule['apiGroups']).flatMap((group) =>
      asTexts(rule['resources']).flatMap((resource) =>
        asTexts(rule['verbs']).flatMap((verb) =>
          suffixes.map((suffix) => ({ resource: `${withGroup(resource, group)}${suffix}`, verb })),
        ),
      ),
    );
  });
}

const keyOf = ({ resource, verb }: Right): string => JSON.stringify([resource, verb]);

function lostRightsWarning(name: string, lost: readonly Right[]): Diagnostic {
  const verbs = new Map<string, string[]>();
  for (const { resource, verb } of lost) verbs.set(resource, [...(verbs.get(resource) ?? []), verb]);
  const texts = [...verbs].map(([resource, all]) => `${all.join(', ')} ${resource}`);
  return {
    code: 'rbac/lost-rights',
    severity: 'warning',
    message: `ClusterRole ${name} of the cluster has rights that this output removes: ${texts.join('; ')}`,
    hint: 'name the files of all definitions in one call, or give this set a ClusterRole of its own with --name',
  };
}
