import { textAt } from '@typekro/kit/kubernetes';
import type { StandInKind } from '../../../stand-in.ts';
import { fluxResult, FOLLOWED_SOURCES, isStored, referencedSource } from './sources.ts';

/**
 * Flux's kustomize controller. A Kustomization is reported as applied, with the revision of its source, when the
 * artifact of the source is stored. Nothing is fetched, so nothing is applied.
 */
export const kustomizations: StandInKind = {
  group: 'kustomize.toolkit.fluxcd.io',
  kind: 'Kustomization',
  controller: 'kustomize-controller',
  follows: FOLLOWED_SOURCES,

  reconcile(object, view) {
    if (object.spec?.['suspend'] === true) return undefined;
    const source = referencedSource(view, object.spec?.['sourceRef'], object.metadata.namespace ?? '');
    if (source === undefined || !isStored(source)) {
      const message = `the source ${source === undefined ? 'does not exist' : 'is not ready'}`;
      return fluxResult(object, view, { ready: false, reason: 'ArtifactFailed', message });
    }
    const revision = textAt(source.status, 'artifact', 'revision');
    if (view.failure !== undefined) {
      const status = { lastAttemptedRevision: revision };
      return fluxResult(object, view, { ready: false, ...view.failure, status });
    }
    if (view.completedSteps(1) === 0) {
      return fluxResult(object, view, { ready: false, reason: 'Progressing', message: 'Reconciliation in progress' });
    }
    return fluxResult(object, view, {
      ready: true,
      reason: 'ReconciliationSucceeded',
      message: `Applied revision: ${revision} (stand-in: nothing was applied)`,
      status: { lastAppliedRevision: revision, lastAttemptedRevision: revision },
    });
  },
};
