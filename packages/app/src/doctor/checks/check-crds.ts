import { listed } from '@typekro/kit/core';
import { controllerCrds } from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { objectsAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import { GraphObject } from '@typekro/engine/graph';
import { CrdRules } from '@typekro/engine/schema';
import type { ClusterFacts } from '../cluster-facts.ts';
import { type CheckResult, type Finding, checkReading } from '../finding.ts';

/** The maximum number of missing fields that a finding names. */
const MAX_NAMED_FIELDS = 3;

/**
 * Checks that the CRDs of kro exist, are served, have no objects in old versions, and accept the fields that this
 * version writes.
 */
export function checkCrds({ crds }: ClusterFacts): CheckResult {
  return checkReading(crds, (installed) =>
    controllerCrds().flatMap((wanted) => {
      const name = wanted.metadata.name ?? '';
      const where = `CustomResourceDefinition ${name}`;
      const crd = installed.get(name);
      return crd === undefined ? [missingCrd(where, name === GraphObject.CRD)] : crdFindings(where, crd, wanted);
    }),
  );
}

const missingCrd = (where: string, isOptional: boolean): Finding => ({
  severity: isOptional ? 'info' : 'error',
  where,
  what: 'does not exist',
  why: isOptional ? 'only the gate GraphKind needs it' : 'the controller does not start without it',
  ...(isOptional ? {} : { remedy: 'typekro install' }),
});

function crdFindings(where: string, crd: KubeObject, wanted: KubeObject): Finding[] {
  if (crd.metadata.deletionTimestamp !== undefined) {
    return [
      {
        severity: 'error',
        where,
        what: `is being deleted (since ${crd.metadata.deletionTimestamp})`,
        why: 'its deletion deletes all objects of the kind, and no object of the kind can be created',
        remedy:
          'find the client that deleted the CRD; when the CRD is gone, run typekro install and apply the definitions again',
      },
    ];
  }
  const findings: Finding[] = [];
  const notServed = objectsAt(crd.status, 'conditions').find(
    (each) => ['Established', 'NamesAccepted'].includes(textAt(each, 'type')) && textAt(each, 'status') !== 'True',
  );
  if (notServed !== undefined) {
    findings.push({
      severity: 'error',
      where,
      what: `is not ${textAt(notServed, 'type')}: ${textAt(notServed, 'message')}`,
      why: 'the API server does not serve the kind',
      remedy: `kubectl describe ${where.replace('CustomResourceDefinition ', 'crd ')}, and rename or delete the kind with the same names`,
    });
  }
  const stored = valueAt(crd.status, 'storedVersions');
  const storage = objectsAt(crd.spec, 'versions').find((version) => version['storage'] === true);
  const old = Array.isArray(stored) ? stored.filter((version) => version !== storage?.['name']) : [];
  if (old.length > 0) {
    findings.push({
      severity: 'warning',
      where,
      what: `has objects that may be stored in ${old.join(', ')}`,
      why: 'a version cannot be removed while its name is in status.storedVersions',
      remedy:
        'write every object once (kubectl get … -o yaml | kubectl replace -f -), then remove the version from status.storedVersions',
    });
  }
  const lacks = CrdRules.narrowings(wanted, crd);
  if (lacks.length > 0) {
    findings.push({
      severity: 'warning',
      where,
      what: `accepts less than the CRD of this typekro version: ${listed(lacks, MAX_NAMED_FIELDS, '; ', '; ')}`,
      why: 'the API server drops the fields, or refuses the objects that use them',
      remedy: 'typekro install',
    });
  }
  return findings;
}
