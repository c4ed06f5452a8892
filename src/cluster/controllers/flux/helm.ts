import type { JsonValue, KubeObject } from '../../../core/index.ts';
import { isJsonObject } from '../../../core/index.ts';
import type { SimulatedController } from '../controller.ts';
import { concerns, keyOfObject, splitKey, targetIn } from '../controller.ts';
import type { ControllerClient } from '../controller-client.ts';
import { concernsDeployment, FLUX, isStored, runs, settle, referencedSource, STAND_IN } from './simulation.ts';

const NAME = 'helm-controller';
const RELEASES = { group: 'helm.toolkit.fluxcd.io', plural: 'helmreleases' } as const;
const DEPLOYMENTS = { group: 'apps', plural: 'deployments' } as const;
const FINALIZER = 'finalizers.fluxcd.io';

/**
 * Simulates Flux's helm controller. A release whose chart has a stored source becomes one Deployment with the name of
 * the release. The release is ready when that Deployment is available. No chart is rendered. The deletion of a release
 * deletes its Deployment.
 */
export const helmStandIn: SimulatedController = {
  name: NAME,
  target: targetIn(RELEASES),

  *keysOf(event, client) {
    if (concerns(event, RELEASES.group, RELEASES.plural) && event.type !== 'DELETED') yield event.stored.key;
    const source = Object.values(FLUX).some(({ group, plural }) => concerns(event, group, plural));
    const deployment = concerns(event, DEPLOYMENTS.group, DEPLOYMENTS.plural);
    const installed = deployment && event.stored.object.metadata.labels?.['helm.toolkit.fluxcd.io/name'] !== undefined;
    if (!source && !installed && !concernsDeployment(event, NAME)) return;
    for (const release of client.list(RELEASES, '')) yield keyOfObject(release);
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const release = client.get(RELEASES, namespace, name);
    if (release === undefined || !runs(client, NAME)) return;
    if (release.metadata.deletionTimestamp !== undefined) return uninstall(client, release);
    if (release.spec?.['suspend'] === true) return;
    if (!release.metadata.finalizers?.includes(FINALIZER)) {
      // The update causes an event, which makes the key due again.
      const finalizers = [...(release.metadata.finalizers ?? []), FINALIZER];
      return void client.update({ ...release, metadata: { ...release.metadata, finalizers } });
    }
    const chart = chartOf(release);
    const source = referencedSource(client, chart.source, namespace);
    if (source === undefined || !isStored(source)) {
      const which = isJsonObject(chart.source)
        ? `${String(chart.source['kind'])} '${String(chart.source['name'])}'`
        : 'source';
      return settle(client, release, {
        ready: false,
        reason: 'SourceNotReady',
        message: `${which} of the chart ${source === undefined ? 'does not exist' : 'is not ready'}`,
      });
    }
    const installed = install(client, release);
    const available = Number(installed.status?.['availableReplicas'] ?? 0) > 0;
    const what = `release ${targetOf(release).namespace}/${name}.v1 with chart ${chart.name}@${chart.version}`;
    settle(client, release, {
      ready: available,
      reason: available ? 'InstallSucceeded' : 'Progressing',
      message: available
        ? `Helm install succeeded for ${what} (stand-in: no chart was rendered)`
        : `Running install for ${what}`,
      status: { lastAttemptedRevision: chart.version, lastAttemptedGeneration: release.metadata.generation ?? 1 },
    });
  },
};

/** The name, version and source of a release's chart. */
function chartOf(release: KubeObject): {
  readonly name: string;
  readonly version: string;
  readonly source: JsonValue | undefined;
} {
  const { chart, chartRef } = release.spec ?? {};
  const spec = isJsonObject(chart) && isJsonObject(chart['spec']) ? chart['spec'] : undefined;
  if (spec === undefined) {
    const name = isJsonObject(chartRef) ? String(chartRef['name']) : (release.metadata.name ?? '');
    return { name, version: '*', source: chartRef };
  }
  return { name: String(spec['chart']), version: String(spec['version'] ?? '*'), source: spec['sourceRef'] };
}

/** The namespace and name of the Deployment of a release. */
function targetOf(release: KubeObject): { readonly namespace: string; readonly name: string } {
  const { targetNamespace, releaseName } = release.spec ?? {};
  const { namespace = '', name = '' } = release.metadata;
  return {
    namespace: typeof targetNamespace === 'string' ? targetNamespace : namespace,
    name: typeof releaseName === 'string' ? releaseName : name,
  };
}

function install(client: ControllerClient, release: KubeObject): KubeObject {
  const { namespace, name } = targetOf(release);
  const found = client.get(DEPLOYMENTS, namespace, name);
  if (found !== undefined) return found;
  const labels = { 'app.kubernetes.io/instance': name, 'app.kubernetes.io/managed-by': 'Helm' };
  return client.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      labels: {
        ...labels,
        'helm.toolkit.fluxcd.io/name': release.metadata.name ?? '',
        'helm.toolkit.fluxcd.io/namespace': release.metadata.namespace ?? '',
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
  });
}

function uninstall(client: ControllerClient, release: KubeObject): void {
  const { namespace, name } = targetOf(release);
  const installed = client.get(DEPLOYMENTS, namespace, name);
  const own = installed?.metadata.labels?.['helm.toolkit.fluxcd.io/name'] === release.metadata.name;
  if (installed !== undefined && own) client.remove(installed, { propagation: 'Background' });
  const finalizers = (release.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
  client.update({ ...release, metadata: { ...release.metadata, finalizers } });
}
