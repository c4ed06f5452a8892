import type { JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { asObject, countAt, textAt } from '@typekro/kit/kubernetes';
import type { StandInKind, StandInView } from '../../../stand-in.ts';
import { STAND_IN } from '../deployed.ts';
import { fluxResult, FOLLOWED_SOURCES, isStored, referencedSource } from './sources.ts';

/** The labels that name the release of an installed object. */
const RELEASE_NAME = 'helm.toolkit.fluxcd.io/name';
const RELEASE_NAMESPACE = 'helm.toolkit.fluxcd.io/namespace';

/**
 * Flux's helm controller. A release whose chart has a stored source becomes one Deployment with the name of the
 * release. The release is ready when that Deployment is available. No chart is rendered. The deletion of a release
 * deletes its Deployment.
 */
export const helmReleases: StandInKind = {
  group: 'helm.toolkit.fluxcd.io',
  kind: 'HelmRelease',
  controller: 'helm-controller',
  finalizer: 'finalizers.fluxcd.io',
  follows: [...FOLLOWED_SOURCES, { group: 'apps', kind: 'Deployment', anywhere: true, label: RELEASE_NAME }],

  reconcile(release, view) {
    if (release.spec?.['suspend'] === true) return undefined;
    const chart = chartOf(release);
    const source = referencedSource(view, chart.source, release.metadata.namespace ?? '');
    if (source === undefined || !isStored(source)) {
      const which = isJsonObject(chart.source)
        ? `${String(chart.source['kind'])} '${String(chart.source['name'])}'`
        : 'source';
      return fluxResult(release, view, {
        ready: false,
        reason: 'SourceNotReady',
        message: `${which} of the chart ${source === undefined ? 'does not exist' : 'is not ready'}`,
      });
    }
    const target = targetOf(release);
    const what = `release ${target.namespace}/${release.metadata.name}.v1 with chart ${chart.name}@${chart.version}`;
    const status = { lastAttemptedRevision: chart.version, lastAttemptedGeneration: release.metadata.generation ?? 1 };
    if (view.failure !== undefined) {
      const { reason, message } = view.failure;
      return fluxResult(release, view, {
        ready: false,
        reason: 'InstallFailed',
        message: `Helm install failed for ${what}: ${reason}: ${message}`,
        status,
      });
    }
    const installed = installedBy(release, view);
    const available = view.completedSteps(1) > 0 && countAt(installed?.status, 'availableReplicas') > 0;
    const result = fluxResult(release, view, {
      ready: available,
      reason: available ? 'InstallSucceeded' : 'Progressing',
      message: available
        ? `Helm install succeeded for ${what} (stand-in: no chart was rendered)`
        : `Running install for ${what}`,
      status,
    });
    return installed === undefined ? { ...result, objects: [deploymentOf(release)] } : result;
  },

  finalize(release, view) {
    const installed = installedBy(release, view);
    if (installed?.metadata.labels?.[RELEASE_NAME] !== release.metadata.name) return undefined;
    return { removed: [{ apiVersion: 'apps/v1', kind: 'Deployment', ...targetOf(release) }] };
  },
};

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
