import { type KubeObject, count } from '@typekro/kit/core';
import { numberAt, objectsAt } from '@typekro/kit/kubernetes';
import type { ClusterFacts } from '../cluster-facts.ts';
import type { ControllerDeployment } from '../../controllers/running-controllers.ts';
import { type CheckResult, type Finding, checkReading } from '../finding.ts';
import { isLive } from './check-leases.ts';

/** Checks that exactly one controller works, and that it has the same version as this program. */
export function checkControllers(facts: ClusterFacts): CheckResult {
  const { controllersLimit: limit } = facts;
  const { findings, unread, isEmpty } = checkReading(facts.controllers, (all) => {
    const running = all.filter(({ replicas }) => replicas > 0);
    // If not all namespaces were searched, a controller may run in another namespace, so nothing is reported.
    if (running.length === 0) return limit === undefined ? withoutController(facts) : [];
    return [...rivalFindings(running), ...running.flatMap((each) => otherVersion(each, facts.version))];
  });
  return { findings, isEmpty, unread: [...unread, ...(limit === undefined ? [] : [limit])] };
}

const whereOf = ({ namespace, name }: ControllerDeployment): string => `Deployment ${namespace}/${name}`;

/**
 * Reports that no controller works. A controller outside the cluster has no Deployment, but holds a Lease if it uses
 * leader election. Without leader election, the only sign that no controller works is a definition that no controller
 * has observed.
 */
function withoutController({ leases, server, definitions }: ClusterFacts): Finding[] {
  if ('value' in leases && leases.value.some((lease) => isLive(lease, server.now))) return [];
  const areLeasesRead = 'value' in leases;
  const unobserved = 'value' in definitions ? definitions.value.filter((each) => !isObserved(each)) : [];
  return [
    {
      severity: unobserved.length > 0 ? 'error' : 'warning',
      where: 'the cluster',
      what: areLeasesRead
        ? 'no Deployment of a controller has replicas, and no Lease of a controller is renewed'
        : 'no Deployment of a controller has replicas',
      why:
        unobserved.length > 0
          ? `no controller has read the present spec of ${count(unobserved.length, 'definition')}`
          : `unless a controller works outside the cluster${areLeasesRead ? ' without --leader-elect' : ''}, changes have no effect`,
      remedy: 'typekro bootstrap, or typekro controller on this machine',
    },
  ];
}

/** Has a controller read the current spec of a definition? */
function isObserved({ metadata, status }: KubeObject): boolean {
  const conditions = objectsAt(status, 'conditions');
  const last = Math.max(-1, ...conditions.map((each) => numberAt(each, 'observedGeneration') ?? -1));
  return status?.['state'] !== undefined && (last < 0 || last === metadata.generation);
}

/**
 * Two controllers in the same namespace compete for one Lease. Two controllers in different namespaces have separate
 * Leases, so both work.
 */
function rivalFindings(running: readonly ControllerDeployment[]): Finding[] {
  const [first, ...others] = running;
  if (first === undefined) return [];
  return others.map((other) => {
    const isApart = other.namespace !== first.namespace;
    return {
      severity: isApart ? 'error' : 'warning',
      where: whereOf(other),
      what: `runs ${other.project}, and ${whereOf(first)} runs ${first.project}`,
      why: isApart
        ? 'their Leases are in different namespaces, so that both write the same objects'
        : 'they compete for one Lease: after each change of the leader the other controller works',
      remedy:
        first.project === other.project
          ? `scale one of them to 0: kubectl -n ${other.namespace} scale deployment ${other.name} --replicas=0`
          : 'stop kro with typekro bootstrap --take-over, or typekro with typekro hand-back',
    };
  });
}

/**
 * Compares the tag of a controller's image with a version. A tag of two numbers, such as 1.0, equals every version
 * 1.0.x.
 */
function otherVersion(controller: ControllerDeployment, version: string): Finding[] {
  const tag = /:v?(\d+\.\d+(?:\.\d+[^@]*)?)(?:@.*)?$/.exec(controller.image)?.[1];
  if (controller.project !== 'typekro' || tag === undefined) return [];
  if (tag === version || (/^\d+\.\d+$/.test(tag) && version.startsWith(`${tag}.`))) return [];
  return [
    {
      severity: 'warning',
      where: whereOf(controller),
      what: `runs the version ${tag}; this program is ${version}`,
      why: 'plans of this program may differ from the decisions of the controller',
      remedy: 'typekro upgrade --check, then typekro bootstrap',
    },
  ];
}
