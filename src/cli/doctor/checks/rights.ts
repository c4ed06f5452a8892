import { withGroup } from '../../../core/index.ts';
import type { ClusterFacts, Right } from '../cluster-facts.ts';
import type { CheckResult, Finding } from '../finding.ts';
import { checkReading } from '../finding.ts';

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

function missingRightsFinding(rights: readonly Right[]): Finding {
  const [first] = rights;
  const { account, neededBy } = first ?? { account: '', neededBy: '' };
  const byResource = new Map<string, string[]>();
  for (const { verb, group, resource, name, namespace } of rights) {
    const kind = withGroup(resource, group);
    const key = `${kind}${name === undefined ? '' : ` ${name}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
    byResource.set(key, [...(byResource.get(key) ?? []), verb]);
  }
  const texts = [...byResource].map(([resource, verbs]) => `${verbs.join(', ')} ${resource}`);
  const isOwn = !neededBy.startsWith('ResourceGraphDefinition');
  return {
    severity: 'error',
    where: `ServiceAccount ${account}`,
    what: `may not ${texts.join('; ')}`,
    why: `${neededBy} needs these rights`,
    remedy: isOwn
      ? 'apply the roles of the chart again: typekro bootstrap'
      : `typekro rbac FILE | kubectl apply -f -, with the file of the definition and --controller ${account}`,
  };
}
