import type { KubeObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import type { Readiness } from '../model.ts';
import { current, failed, inProgress } from '../verdict.ts';

/** Argo CD applications are ready when they are healthy and in sync. */
export function application(object: KubeObject): Readiness {
  const health = textAt(object, 'status', 'health', 'status');
  const message = textAt(object, 'status', 'health', 'message');
  const sync = textAt(object, 'status', 'sync', 'status');
  const phase = textAt(object, 'status', 'operationState', 'phase');
  if (phase === 'Failed' || phase === 'Error') {
    return failed('SyncFailed', textAt(object, 'status', 'operationState', 'message') || 'the last sync has failed');
  }
  if (health === 'Degraded') return inProgress('Degraded', message || 'the application is degraded');
  if (health !== 'Healthy')
    return inProgress(health || 'NotObserved', message || `health is ${health || 'not known yet'}`);
  return sync === 'Synced'
    ? current('Healthy')
    : inProgress(sync || 'NotSynced', `sync status is ${sync || 'not known yet'}`);
}
