import { createHash } from 'node:crypto';
import type { KubeObject } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { asObject } from '@typekro/kit/kubernetes';
import type { StandInKind, StandInView } from '../../../stand-in.ts';
import { fluxResult, SOURCE_GROUP } from './sources.ts';

/**
 * Flux's source controller. Reports a source as fetched without fetching anything. The revision of an artifact contains
 * a digest of the source's spec. For a HelmChart, the revision is the version of the chart.
 */
export const sources: StandInKind = {
  group: SOURCE_GROUP,
  controller: 'source-controller',

  reconcile(source, view) {
    if (source.spec?.['suspend'] === true) return undefined;
    // A `HelmRepository` of type `oci` has nothing to fetch, and Flux writes no status for it.
    if (source.kind === 'HelmRepository' && source.spec?.['type'] === 'oci') return undefined;
    const { failure } = view;
    if (failure !== undefined) return fluxResult(source, view, { ready: false, ...failure });
    if (view.completedSteps(1) === 0) {
      return fluxResult(source, view, { ready: false, reason: 'Progressing', message: 'building artifact' });
    }
    const artifact = artifactOf(source, view);
    return fluxResult(source, view, {
      ready: true,
      reason: 'Succeeded',
      message: `stored artifact for revision '${artifact.revision}' (stand-in: nothing was fetched)`,
      status: { artifact },
    });
  },
};

/** The artifact of a source. Sources with equal specs have equal artifacts. */
function artifactOf(source: KubeObject, view: StandInView) {
  const digest = createHash('sha256')
    .update(JSON.stringify(source.spec ?? {}))
    .digest('hex');
  const { namespace = '', name = '' } = source.metadata;
  const path = `${source.kind.toLowerCase()}/${namespace}/${name}/${digest.slice(0, 12)}.tar.gz`;
  const before = source.status?.['artifact'];
  const fresh = {
    digest: `sha256:${digest}`,
    path,
    revision: revisionOf(source, digest),
    url: `http://source-controller.flux-system.svc.cluster.local./${path}`,
  };
  const known = isJsonObject(before) ? before : {};
  return known['digest'] === fresh.digest ? { ...known, ...fresh } : { ...fresh, lastUpdateTime: view.timestamp };
}

function revisionOf({ kind, spec }: KubeObject, digest: string): string {
  const ref = asObject(spec?.['ref']);
  if (kind === 'GitRepository') return `${String(ref['branch'] ?? ref['tag'] ?? 'master')}@sha1:${digest.slice(0, 40)}`;
  if (kind === 'OCIRepository') return `${String(ref['tag'] ?? ref['semver'] ?? 'latest')}@sha256:${digest}`;
  if (kind === 'HelmChart') return String(spec?.['version'] ?? '*');
  return `sha256:${digest}`;
}
