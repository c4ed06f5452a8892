import { LEASE_NAME } from '../../../controller/index.ts';
import type { KubeObject } from '../../../core/index.ts';
import { numberAt, textAt } from '../../../kubernetes/index.ts';
import type { ClusterFacts } from '../cluster-facts.ts';
import type { CheckResult, Finding } from '../finding.ts';
import { checkReading } from '../finding.ts';

/**
 * A renewal may be ahead of the server's clock by this time, because the server's Date header has only whole seconds.
 */
const MAX_AHEAD_MS = 5000;

/** Checks that the Leases have holders that renew them, and that only one namespace has a leader. */
export function checkLeases({ leases, server, controllers }: ClusterFacts): CheckResult {
  const runs = 'value' in controllers && controllers.value.some(({ replicas }) => replicas > 0);
  return checkReading(leases, (all) => [
    ...all.flatMap((lease) => leaseFindings(lease, server.now, runs)),
    ...severalLeaders(all.filter((lease) => lease.metadata.name === LEASE_NAME && isLive(lease, server.now))),
  ]);
}

/** Does the Lease have a holder that renewed it in time? `now` is the time of the server. */
export function isLive(lease: KubeObject, now: number): boolean {
  const renewed = renewedAt(lease);
  return holderOf(lease) !== '' && renewed !== undefined && renewed + durationMs(lease) >= now - MAX_AHEAD_MS;
}

const holderOf = ({ spec }: KubeObject): string => textAt(spec, 'holderIdentity');

function renewedAt({ spec }: KubeObject): number | undefined {
  const time = Date.parse(textAt(spec, 'renewTime'));
  return Number.isNaN(time) ? undefined : time;
}

const durationMs = ({ spec }: KubeObject): number => (numberAt(spec, 'leaseDurationSeconds') ?? 0) * 1000;

const whereOf = ({ metadata }: KubeObject): string => `Lease ${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

function leaseFindings(lease: KubeObject, now: number, runs: boolean): Finding[] {
  const where = whereOf(lease);
  const severity = runs ? 'error' : 'info';
  const remedy = 'read the log of the controller: its pods may not start, or lack the right to update Leases';
  const why = runs ? 'no replica works' : 'as expected: no Deployment of a controller has replicas';
  const renewed = renewedAt(lease);
  if (holderOf(lease) === '') {
    return [{ severity, where, what: 'has no holder', why, ...(runs ? { remedy } : {}) }];
  }
  if (renewed !== undefined && renewed > now + MAX_AHEAD_MS) {
    return [
      {
        severity: 'warning',
        where,
        what: `was renewed ${Math.round((renewed - now) / 1000)} s ahead of the clock of the server`,
        why: 'the clock of the node of the holder is wrong; elections do not depend on it, but times in conditions and events do',
        remedy: `synchronise the clock of the node of ${holderOf(lease)}`,
      },
    ];
  }
  if (isLive(lease, now)) return [];
  const since = renewed === undefined ? 'never' : `since ${new Date(renewed).toISOString()}`;
  return [
    { severity, where, what: `${holderOf(lease)} has not renewed it ${since}`, why, ...(runs ? { remedy } : {}) },
  ];
}

function severalLeaders(live: readonly KubeObject[]): Finding[] {
  const [first, ...others] = live;
  if (first === undefined) return [];
  return others.map((other) => ({
    severity: 'error',
    where: whereOf(other),
    what: `${holderOf(other)} leads, and ${holderOf(first)} leads by ${whereOf(first)}`,
    why: 'two controllers write the same objects',
    remedy: 'stop one of them, or give both the same --leader-election-namespace',
  }));
}
