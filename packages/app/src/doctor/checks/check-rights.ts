import { withGroup } from '@typekro/kit/core';
import { DEFAULT_CONTROLLER } from '../../controllers/controller-settings.ts';
import type { ClusterFacts, Right } from '../cluster-facts.ts';
import { type CheckResult, type Finding, checkReading } from '../finding.ts';

/** Checks that the accounts of the controllers have the rights that they and the definitions need. */
export function checkRights({ rights }: ClusterFacts): CheckResult {
  return checkReading(rights, (all) => {
    const missing = new Map<string, Right[]>();
    for (const right of all) {
      if (right.allowed) continue;
      const key = JSON.stringify([right.account, right.neededBy]);
      missing.set(key, [...(missing.get(key) ?? []), right]);
    }
    return [...missing.values()].map(missingRightsFinding);
  });
}

/** Formats rights: `get, list services; patch deployments.apps`. */
export function rightsText(
  rights: readonly Pick<Right, 'verb' | 'group' | 'resource' | 'name' | 'namespace'>[],
): string {
  const byResource = new Map<string, string[]>();
  for (const { verb, group, resource, name, namespace } of rights) {
    const kind = withGroup(resource, group);
    const key = `${kind}${name === undefined ? '' : ` ${name}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
    byResource.set(key, [...(byResource.get(key) ?? []), verb]);
  }
  return [...byResource].map(([resource, verbs]) => `${verbs.join(', ')} ${resource}`).join('; ');
}

function missingRightsFinding(rights: readonly Right[]): Finding {
  const [first] = rights;
  const { account, controller, neededBy } = first ?? { account: '', controller: DEFAULT_CONTROLLER, neededBy: '' };
  const option = controller === DEFAULT_CONTROLLER ? '' : ` --controller ${controller}`;
  const isOwn = !neededBy.startsWith('ResourceGraphDefinition');
  return {
    severity: 'error',
    where: `ServiceAccount ${account}`,
    what: `may not ${rightsText(rights)}`,
    why: `${neededBy} needs these rights`,
    remedy: isOwn
      ? 'apply the roles of the chart again: typekro bootstrap'
      : `typekro rbac FILES${option} | kubectl apply -f -, with the files of all definitions in one call`,
  };
}
