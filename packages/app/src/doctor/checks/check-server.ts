import type { ClusterFacts } from '../cluster-facts.ts';
import { type CheckResult, type Finding, checkReading, joinResults } from '../finding.ts';
import { KUBERNETES_RELEASES } from '@typekro/kit/kubernetes';

/** The oldest version of Kubernetes that the chart accepts: the oldest one that the controller is tested with. */
const OLDEST = KUBERNETES_RELEASES.at(-1) ?? '';

/** The largest clock difference that is not reported. The server's Date header has only whole seconds. */
const MAX_SKEW_MS = 5000;

/** Checks the version of the API server, and whether it has the optional features that the controller uses. */
export function checkServer({ server }: ClusterFacts): CheckResult {
  const where = `API server ${server.version}`;
  const old: Finding[] =
    server.minor >= Number(OLDEST.split('.')[1])
      ? []
      : [
          {
            severity: 'error',
            where,
            what: `is older than Kubernetes ${OLDEST}`,
            why: 'no test runs the controller on it, and fields that the controller writes may be unknown to it',
            remedy: `upgrade the cluster to ${OLDEST} or later`,
          },
        ];
  const lists = checkReading(server.watchLists, (served): Finding[] =>
    served
      ? []
      : [
          {
            severity: 'info',
            where,
            what: 'does not stream lists (feature gate WatchList)',
            why: 'the controller lists and then watches, which costs the server more memory at a start',
          },
        ],
  );
  return joinResults({ findings: old, unread: [], isEmpty: false }, lists);
}

/** Compares the clock of this machine with the server's. */
export function checkClock({ server: { aheadMs } }: ClusterFacts): CheckResult {
  if (Math.abs(aheadMs) <= MAX_SKEW_MS) return { findings: [], unread: [], isEmpty: false };
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  return {
    findings: [
      {
        severity: 'warning',
        where: 'this machine',
        what: `its clock is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the API server's`,
        why: 'ages in the output are wrong by as much, and a certificate or token may count as expired or not yet valid',
        remedy: 'synchronise the clocks of this machine and of the control plane',
      },
    ],
    unread: [],
    isEmpty: false,
  };
}
