import { createHash } from 'node:crypto';
import type { KubeObject } from '../../../core/index.ts';
import type { SimulatedController } from '../controller.ts';
import { keyOfObject, splitKey } from '../controller.ts';
import type { ControllerClient } from '../controller-client.ts';
import { concernsDeployment, FLUX, runs, settle } from './simulation.ts';

const NAME = 'source-controller';

/**
 * Simulates Flux's source controller. Every source counts as fetched at once. The revision of its artifact contains a
 * digest of its spec; that of a HelmChart is the chart's version. Nothing is fetched.
 */
export const sourceStandIn: SimulatedController = {
  name: NAME,

  target(key, client) {
    const { plural, namespace, name } = parts(key);
    const resource = Object.values(FLUX).find((entry) => entry.plural === plural);
    return resource && client.get(resource, namespace, name);
  },

  *keysOf(event, client) {
    const { collection, stored } = event;
    const own = Object.values(FLUX).find(
      ({ group, plural }) => group === collection.group && plural === collection.plural,
    );
    if (own !== undefined && event.type !== 'DELETED') yield `${own.plural}:${stored.key}`;
    if (!concernsDeployment(event, NAME)) return;
    for (const resource of Object.values(FLUX)) {
      for (const object of client.list(resource, '')) yield `${resource.plural}:${keyOfObject(object)}`;
    }
  },

  reconcile(key, client) {
    const source = sourceStandIn.target?.(key, client);
    if (source === undefined || source.metadata.deletionTimestamp !== undefined || !runs(client, NAME)) return;
    if (source.spec?.['suspend'] === true) return;
    // A `HelmRepository` of type `oci` has nothing to fetch, and Flux writes no status for it.
    if (source.kind === 'HelmRepository' && source.spec?.['type'] === 'oci') return;
    const artifact = artifactOf(source, client);
    settle(client, source, {
      ready: true,
      reason: 'Succeeded',
      message: `stored artifact for revision '${artifact.revision}' (stand-in: nothing was fetched)`,
      status: { artifact },
    });
  },
};

function parts(key: string): { readonly plural: string; readonly namespace: string; readonly name: string } {
  const colon = key.indexOf(':');
  return { plural: key.slice(0, colon), ...splitKey(key.slice(colon + 1)) };
}

/** The artifact of a source. Equal specs give equal artifacts. */
function artifactOf(source: KubeObject, client: ControllerClient) {
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
  const known = typeof before === 'object' && before !== null && !Array.isArray(before) ? before : {};
  return known['digest'] === fresh.digest ? { ...known, ...fresh } : { ...fresh, lastUpdateTime: client.timestamp() };
}

function revisionOf({ kind, spec }: KubeObject, digest: string): string {
  const reference = spec?.['ref'];
  const ref = typeof reference === 'object' && reference !== null && !Array.isArray(reference) ? reference : {};
  if (kind === 'GitRepository') return `${String(ref['branch'] ?? ref['tag'] ?? 'master')}@sha1:${digest.slice(0, 40)}`;
  if (kind === 'OCIRepository') return `${String(ref['tag'] ?? ref['semver'] ?? 'latest')}@sha256:${digest}`;
  if (kind === 'HelmChart') return String(spec?.['version'] ?? '*');
  return `sha256:${digest}`;
}
