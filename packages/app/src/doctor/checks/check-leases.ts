import { LEASE_NAME } from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { numberAt, textAt } from '@typekro/kit/kubernetes';
import type { ClusterFacts } from '../cluster-facts.ts';
import { type CheckResult, type Finding, checkReading } from '../finding.ts';

/**
 * The maximum time by which a renewal may be ahead of the server's clock. The server's Date header has only whole
 * seconds.
 */
const MAX_AHEAD_MS = 5000;

/** Checks that the Leases have holders that renew them, and that only one namespace has a leader. */
export function checkLeases(facts: ClusterFacts): CheckResult {
  const { leases, server } = facts;
  const without = WITHOUT_HOLDER[controllerState(facts)];
  return checkReading(leases, (all) => [
    ...all.flatMap((lease) => leaseFindings(lease, server.now, without)),
    ...severalLeaders(all.filter((lease) => lease.metadata.name === LEASE_NAME && isLive(lease, server.now))),
  ]);
}

/** The parts of a finding about a Lease that no holder renews. */
type WithoutHolder = Pick<Finding, 'severity' | 'why' | 'remedy'>;

const REMEDY = 'read the log of the controller: its pods do not start, or they lack the right to update Leases';
const WITHOUT_HOLDER: Readonly<Record<ReturnType<typeof controllerState>, WithoutHolder>> = {
  runs: { severity: 'error', why: 'no replica works', remedy: REMEDY },
  absent: { severity: 'info', why: 'as expected: no Deployment of a controller has replicas' },
  unknown: { severity: 'warning', why: 'if a controller runs, none of its replicas works', remedy: REMEDY },
};

/** Does a Deployment of a controller have replicas? `unknown` if not all Deployments could be read. */
function controllerState({ controllers, controllersLimit }: ClusterFacts): 'runs' | 'absent' | 'unknown' {
  if ('value' in controllers && controllers.value.some(({ replicas }) => replicas > 0)) return 'runs';
  return 'value' in controllers && controllersLimit === undefined ? 'absent' : 'unknown';
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

function leaseFindings(lease: KubeObject, now: number, without: WithoutHolder): Finding[] {
  const where = whereOf(lease);
  const renewed = renewedAt(lease);
  if (holderOf(lease) === '') return [{ ...without, where, what: 'has no holder' }];
  if (renewed !== undefined && renewed > now + MAX_AHEAD_MS) {
    return [
      {
        severity: 'warning',
        where,
        what: `was renewed ${Math.round((renewed - now) / 1000)} s ahead of the clock of the API server`,
        why: 'the node on which the holder runs has a wrong clock; elections do not need it, but times in conditions and events are wrong',
        remedy: `synchronise the clock of the node on which ${holderOf(lease)} runs`,
      },
    ];
  }
  if (isLive(lease, now)) return [];
  const missed =
    renewed === undefined ? 'has never renewed it' : `has not renewed it since ${new Date(renewed).toISOString()}`;
  return [{ ...without, where, what: `${holderOf(lease)} ${missed}` }];
}

function severalLeaders(live: readonly KubeObject[]): Finding[] {
  const [first, ...others] = live;
  if (first === undefined) return [];
  return others.map((other) => ({
    severity: 'error',
    where: whereOf(other),
    what: `${holderOf(other)} leads by this Lease, and ${holderOf(first)} leads by ${whereOf(first)}`,
    why: 'two controllers write the same objects',
    remedy: 'stop one of them, or give both the same --leader-election-namespace',
  }));
}
