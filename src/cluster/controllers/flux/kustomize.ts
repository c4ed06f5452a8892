import { isJsonObject } from '../../../core/index.ts';
import type { SimulatedController } from '../controller.ts';
import { concerns, keyOfObject, splitKey, targetIn } from '../controller.ts';
import { concernsDeployment, FLUX, isStored, runs, settle, referencedSource } from './simulation.ts';

const NAME = 'kustomize-controller';
const KUSTOMIZATIONS = { group: 'kustomize.toolkit.fluxcd.io', plural: 'kustomizations' } as const;

/**
 * Simulates Flux's kustomize controller. A kustomization whose source is stored counts as applied, with the source's
 * revision. Nothing is fetched, so nothing is applied.
 */
export const kustomizeStandIn: SimulatedController = {
  name: NAME,
  target: targetIn(KUSTOMIZATIONS),

  *keysOf(event, client) {
    if (concerns(event, KUSTOMIZATIONS.group, KUSTOMIZATIONS.plural) && event.type !== 'DELETED')
      yield event.stored.key;
    const source = Object.values(FLUX).some(({ group, plural }) => concerns(event, group, plural));
    if (!source && !concernsDeployment(event, NAME)) return;
    for (const kustomization of client.list(KUSTOMIZATIONS, '')) yield keyOfObject(kustomization);
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const object = client.get(KUSTOMIZATIONS, namespace, name);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined || !runs(client, NAME)) return;
    if (object.spec?.['suspend'] === true) return;
    const source = referencedSource(client, object.spec?.['sourceRef'], namespace);
    if (source === undefined || !isStored(source)) {
      const message = `the source ${source === undefined ? 'does not exist' : 'is not ready'}`;
      return settle(client, object, { ready: false, reason: 'ArtifactFailed', message });
    }
    const artifact = source.status?.['artifact'];
    const revision = isJsonObject(artifact) ? String(artifact['revision']) : '';
    settle(client, object, {
      ready: true,
      reason: 'ReconciliationSucceeded',
      message: `Applied revision: ${revision} (stand-in: nothing was applied)`,
      status: { lastAppliedRevision: revision, lastAttemptedRevision: revision },
    });
  },
};
