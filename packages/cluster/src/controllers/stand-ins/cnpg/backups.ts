import type { KubeObject } from '@typekro/kit/core';
import { formatTime, textAt } from '@typekro/kit/kubernetes';
import type { StandInKind, StandInResult, StandInView } from '../../../stand-in.ts';
import { parseSchedule } from '../../jobs/cron-schedule.ts';
import { clusterName, GROUP, isHealthy, referencedCluster, V1 } from './names.ts';

const CLUSTER = { group: GROUP, kind: 'Cluster' } as const;

/**
 * Runs Backups. A backup starts and completes while its cluster is healthy, and is pending while the cluster is not
 * healthy. A backup fails when its cluster does not exist, or when an annotation or a test makes it fail. A finished
 * backup stays as it is.
 */
export const backups: StandInKind = {
  group: GROUP,
  kind: 'Backup',
  controller: 'cloudnative-pg-backup',
  follows: [CLUSTER],

  reconcile(backup, view) {
    const phase = textAt(backup.status, 'phase');
    if (phase === 'completed' || phase === 'failed') return undefined;
    const cluster = referencedCluster(backup, view);
    const name = clusterName(backup);
    if (cluster === undefined) return failedBackup(backup, view, `Unknown cluster ${name}`);
    if (!isHealthy(cluster)) return { status: { ...backup.status, phase: 'pending' } };
    if (view.failure !== undefined)
      return failedBackup(backup, view, `${view.failure.reason}: ${view.failure.message}`);
    const steps = view.completedSteps(2);
    const startedAt = backup.status?.['startedAt'] ?? view.timestamp;
    return {
      status: {
        ...backup.status,
        method: textAt(backup.spec, 'method') || 'barmanObjectStore',
        serverName: name,
        instanceID: { podName: textAt(cluster.status, 'currentPrimary') },
        startedAt,
        phase: ['started', 'running', 'completed'][steps] ?? 'completed',
        ...(steps < 2
          ? {}
          : { backupId: backupId(view), backupName: `backup-${backupId(view)}`, stoppedAt: view.timestamp }),
      },
      events:
        steps < 2
          ? [{ reason: 'Starting', message: 'Starting backup' }]
          : [{ reason: 'Completed', message: 'Backup completed' }],
    };
  },
};

/** The ID of a backup in a Barman store, derived from the time of the backup. */
const backupId = ({ timestamp }: StandInView): string => timestamp.replaceAll(/[-:Z]/g, '');

function failedBackup(backup: KubeObject, view: StandInView, error: string): StandInResult {
  return {
    status: { ...backup.status, phase: 'failed', error, stoppedAt: view.timestamp },
    events: [{ type: 'Warning', reason: 'Error', message: error }],
  };
}

/**
 * Creates a Backup at each time of the schedule of a ScheduledBackup. A schedule has six fields, or is one of the `@`
 * forms. The first of the six fields sets the seconds. If the first field is not a number, the seconds are 0.
 */
export const scheduledBackups: StandInKind = {
  group: GROUP,
  kind: 'ScheduledBackup',
  controller: 'cloudnative-pg-scheduled-backup',

  reconcile(scheduled, view) {
    if (scheduled.spec?.['suspend'] === true) return undefined;
    const text = textAt(scheduled.spec, 'schedule');
    const seconds = /^\s*(\d+)\s/.exec(text)?.[1] ?? '0';
    const schedule = parseSchedule(text.startsWith('@') ? text : text.trim().split(/\s+/).slice(1).join(' '));
    if (schedule === undefined) {
      const message = `cannot parse the schedule ${JSON.stringify(text)}`;
      return {
        events: [{ type: 'Warning', reason: 'InvalidSchedule', message }],
        status: { ...scheduled.status, error: message },
      };
    }
    const nextAfter = (time: number): number | undefined => {
      const next = schedule.next(time - Number(seconds) * 1000);
      return next === undefined ? undefined : next + Number(seconds) * 1000;
    };
    const planned = Date.parse(textAt(scheduled.status, 'nextScheduleTime'));
    const isFirst = Number.isNaN(planned);
    const isDue = isFirst ? scheduled.spec?.['immediate'] === true : planned <= view.now;
    const next = isFirst || isDue ? nextAfter(view.now) : planned;
    const again = next === undefined ? {} : { againMs: Math.max(0, next - view.now) };
    const nextTime = next === undefined ? {} : { nextScheduleTime: formatTime(next) };
    if (!isDue)
      return {
        ...again,
        status: {
          ...scheduled.status,
          lastCheckTime: scheduled.status?.['lastCheckTime'] ?? view.timestamp,
          ...nextTime,
        },
      };
    const time = isFirst ? view.now : planned;
    return {
      ...again,
      objects: [backupOf(scheduled, time)],
      status: { lastCheckTime: view.timestamp, lastScheduleTime: formatTime(time), ...nextTime },
      events: [{ reason: 'BackupSchedule', message: `Scheduled backup at ${formatTime(time)}` }],
    };
  },
};

function backupOf(scheduled: KubeObject, time: number): KubeObject {
  const { name = '', namespace = '' } = scheduled.metadata;
  const stamp = formatTime(time).replaceAll(/[-:TZ]/g, '');
  const { method } = scheduled.spec ?? {};
  return {
    apiVersion: V1,
    kind: 'Backup',
    metadata: {
      name: `${name}-${stamp}`,
      namespace,
      labels: { 'cnpg.io/scheduled-backup': name, 'cnpg.io/cluster': clusterName(scheduled) },
    },
    spec: { cluster: { name: clusterName(scheduled) }, ...(method === undefined ? {} : { method }) },
  };
}
