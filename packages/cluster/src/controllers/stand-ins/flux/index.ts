import { createHash } from 'node:crypto';
import { fluxDefinitionsText, parseJson } from '@typekro/kit/core';
import type { KubeObject } from '@typekro/kit/core';
import { asObject, textAt } from '@typekro/kit/kubernetes';
import type { StandIn, StandInView } from '../../../stand-in.ts';
import { FOLLOWED_SOURCES, fluxKind, isWithoutArtifact, SOURCE_GROUP, storedSource } from './flux-kind.ts';
import { helmReleases } from './helm.ts';

/** Flux's source controller. Reports a source as fetched without fetching anything. */
const sources = fluxKind({ group: SOURCE_GROUP, controller: 'source-controller' }, (source, view) => {
  if (isWithoutArtifact(source)) return undefined;
  if (view.failure !== undefined) return view.failure;
  if (view.completedSteps(1) === 0) return { reason: 'Progressing', message: 'building artifact' };
  const artifact = artifactOf(source, view);
  const message = `stored artifact for revision '${artifact.revision}' (stand-in: nothing was fetched)`;
  return { ready: true, reason: 'Succeeded', message, status: { artifact } };
});

/** The artifact of a source. Sources with equal specs have equal artifacts. */
function artifactOf(source: KubeObject, view: StandInView) {
  const digest = createHash('sha256')
    .update(JSON.stringify(source.spec ?? {}))
    .digest('hex');
  const { namespace = '', name = '' } = source.metadata;
  const path = `${source.kind.toLowerCase()}/${namespace}/${name}/${digest.slice(0, 12)}.tar.gz`;
  const known = asObject(source.status?.['artifact']);
  const fresh = {
    digest: `sha256:${digest}`,
    path,
    revision: revisionOf(source, digest),
    url: `http://source-controller.flux-system.svc.cluster.local./${path}`,
  };
  return known['digest'] === fresh.digest ? { ...known, ...fresh } : { ...fresh, lastUpdateTime: view.timestamp };
}

/** The revision of an artifact: the version of a chart, or a digest of the source's spec. */
function revisionOf({ kind, spec }: KubeObject, digest: string): string {
  const ref = asObject(spec?.['ref']);
  if (kind === 'GitRepository') return `${String(ref['branch'] ?? ref['tag'] ?? 'master')}@sha1:${digest.slice(0, 40)}`;
  if (kind === 'OCIRepository') return `${String(ref['tag'] ?? ref['semver'] ?? 'latest')}@sha256:${digest}`;
  return kind === 'HelmChart' ? String(spec?.['version'] ?? '*') : `sha256:${digest}`;
}

/** Flux's kustomize controller. Reports a Kustomization as applied when the artifact of its source is stored. */
const kustomizations = fluxKind(
  {
    group: 'kustomize.toolkit.fluxcd.io',
    kind: 'Kustomization',
    controller: 'kustomize-controller',
    follows: FOLLOWED_SOURCES,
  },
  (object, view) => {
    const source = storedSource(view, object.spec?.['sourceRef'], object.metadata.namespace ?? '');
    if (typeof source === 'string') return { reason: 'ArtifactFailed', message: `the source ${source}` };
    const revision = textAt(source.status, 'artifact', 'revision');
    if (view.failure !== undefined) return { ...view.failure, status: { lastAttemptedRevision: revision } };
    if (view.completedSteps(1) === 0) return { reason: 'Progressing', message: 'Reconciliation in progress' };
    return {
      ready: true,
      reason: 'ReconciliationSucceeded',
      message: `Applied revision: ${revision} (stand-in: nothing was applied)`,
      status: { lastAppliedRevision: revision, lastAttemptedRevision: revision },
    };
  },
);

/**
 * Simulates Flux's source, helm and kustomize controllers. Each success message says that nothing was fetched, rendered
 * or applied.
 */
export const fluxStandIn: StandIn = {
  name: 'flux',
  definitions: () => (parseJson(fluxDefinitionsText()) as unknown as { readonly items: readonly KubeObject[] }).items,
  kinds: [sources, helmReleases, kustomizations],
};
