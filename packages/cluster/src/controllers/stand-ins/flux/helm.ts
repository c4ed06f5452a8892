import type { JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { asObject, countAt, textAt } from '@typekro/kit/kubernetes';
import type { StandInKind, StandInView } from '../../../stand-in.ts';
import { STAND_IN } from '../deployed.ts';
import { FOLLOWED_SOURCES, fluxKind, storedSource } from './flux-kind.ts';

/** The labels that name the release of an installed object. */
const RELEASE_NAME = 'helm.toolkit.fluxcd.io/name';
const RELEASE_NAMESPACE = 'helm.toolkit.fluxcd.io/namespace';

/**
 * Flux's helm controller. A release whose chart has a stored source becomes one Deployment with the name of the
 * release. The release is ready when that Deployment is available. No chart is rendered. The deletion of a release
 * deletes its Deployment.
 */
export const helmReleases: StandInKind = fluxKind(
  {
    group: 'helm.toolkit.fluxcd.io',
    kind: 'HelmRelease',
    controller: 'helm-controller',
    finalizer: 'finalizers.fluxcd.io',
    follows: [...FOLLOWED_SOURCES, { group: 'apps', kind: 'Deployment', anywhere: true, label: RELEASE_NAME }],

    finalize(release, view) {
      const installed = installedBy(release, view);
      if (installed?.metadata.labels?.[RELEASE_NAME] !== release.metadata.name) return undefined;
      return { removed: [{ apiVersion: 'apps/v1', kind: 'Deployment', ...targetOf(release) }] };
    },
  },
  (release, view) => {
    const chart = chartOf(release);
    const source = storedSource(view, chart.source, release.metadata.namespace ?? '');
    if (typeof source === 'string') {
      const { kind, name } = asObject(chart.source);
      const which = kind === undefined ? 'source' : `${String(kind)} '${String(name)}'`;
      return { reason: 'SourceNotReady', message: `${which} of the chart ${source}` };
    }
    const { namespace } = targetOf(release);
    const what = `release ${namespace}/${release.metadata.name}.v1 with chart ${chart.name}@${chart.version}`;
    const status = { lastAttemptedRevision: chart.version, lastAttemptedGeneration: release.metadata.generation ?? 1 };
    if (view.failure !== undefined) {
      const cause = `${view.failure.reason}: ${view.failure.message}`;
      return { reason: 'InstallFailed', message: `Helm install failed for ${what}: ${cause}`, status };
    }
    const installed = installedBy(release, view);
    const objects = installed === undefined ? [deploymentOf(release)] : [];
    if (view.completedSteps(1) === 0 || countAt(installed?.status, 'availableReplicas') === 0)
      return { reason: 'Progressing', message: `Running install for ${what}`, status, objects };
    const message = `Helm install succeeded for ${what} (stand-in: no chart was rendered)`;
    return { ready: true, reason: 'InstallSucceeded', message, status, objects };
  },
);

/** The name, version and source of a release's chart. */
function chartOf(release: KubeObject): {
  readonly name: string;
  readonly version: string;
  readonly source: JsonValue | undefined;
} {
  const { chart, chartRef } = release.spec ?? {};
  const spec = asObject(chart)['spec'];
  if (!isJsonObject(spec)) {
    const name = isJsonObject(chartRef) ? String(chartRef['name']) : (release.metadata.name ?? '');
    return { name, version: '*', source: chartRef };
  }
  return { name: String(spec['chart']), version: String(spec['version'] ?? '*'), source: spec['sourceRef'] };
}

/** The namespace and name of the Deployment of a release. */
function targetOf({ spec, metadata }: KubeObject): { readonly namespace: string; readonly name: string } {
  const { namespace = '', name = '' } = metadata;
  return { namespace: textAt(spec, 'targetNamespace') || namespace, name: textAt(spec, 'releaseName') || name };
}

const installedBy = (release: KubeObject, view: StandInView): KubeObject | undefined =>
  view.get({ apiVersion: 'apps/v1', kind: 'Deployment', ...targetOf(release) });

function deploymentOf(release: KubeObject): KubeObject {
  const { namespace, name } = targetOf(release);
  const labels = { 'app.kubernetes.io/instance': name, 'app.kubernetes.io/managed-by': 'Helm' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      labels: {
        ...labels,
        [RELEASE_NAME]: release.metadata.name ?? '',
        [RELEASE_NAMESPACE]: release.metadata.namespace ?? '',
      },
      annotations: { [STAND_IN]: 'true' },
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: { 'app.kubernetes.io/instance': name } },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'stand-in', image: 'typekro.dev/stand-in' }] },
      },
    },
  };
}
