import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { conditionOf, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { CORDON_TAINT } from '../../scheduling/taints.ts';
import { type SimulatedController, concerns, targetIn } from '../simulated-controller.ts';
import { NODES } from './simulated-node.ts';
import { withReplacedLabels } from '../../kinds/node-strategy.ts';
import { ZoneHealth } from './zone-health.ts';

/** Maps the status of the condition `Ready` to the key of the resulting taint with the effect `NoExecute`. */
const EVICTING_TAINTS: ReadonlyMap<string, string> = new Map([
  ['False', 'node.kubernetes.io/not-ready'],
  ['Unknown', 'node.kubernetes.io/unreachable'],
]);

/** Maps a condition and its status to the key of the resulting taint with the effect `NoSchedule`. */
const TAINTS: ReadonlyMap<string, string> = new Map([
  ...[...EVICTING_TAINTS].map(([status, key]) => [`Ready=${status}`, key] as const),
  ['MemoryPressure=True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure=True', 'node.kubernetes.io/disk-pressure'],
  ['NetworkUnavailable=True', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure=True', 'node.kubernetes.io/pid-pressure'],
]);

const CORDON = textAt(CORDON_TAINT, 'key');

/**
 * The keys of the taints that this controller manages, because they follow from conditions and `spec.unschedulable`.
 * Other taints belong to users.
 */
const MANAGED: ReadonlySet<string> = new Set([CORDON, ...TAINTS.values()]);
const EVICTING: ReadonlySet<string> = new Set(EVICTING_TAINTS.values());

const isEvicting = (taint: JsonObject): boolean =>
  taint['effect'] === 'NoExecute' && EVICTING.has(textAt(taint, 'key'));

const isManaged = (taint: JsonObject): boolean =>
  isEvicting(taint) || (taint['effect'] === 'NoSchedule' && MANAGED.has(textAt(taint, 'key')));

const idOf = (taint: JsonObject): string => `${textAt(taint, 'key')}:${textAt(taint, 'effect')}`;

function wantedTaints(node: KubeObject, health: ZoneHealth): JsonObject[] {
  const keys = objectsAt(node.status, 'conditions').flatMap((condition) => {
    const key = TAINTS.get(`${textAt(condition, 'type')}=${textAt(condition, 'status')}`);
    return key === undefined ? [] : [key];
  });
  if (node.spec?.['unschedulable'] === true) keys.push(CORDON);
  const taints: JsonObject[] = keys.map((key) => ({ key, effect: 'NoSchedule' }));
  const evicting = evictingKey(node, health);
  return evicting === undefined ? taints : [...taints, { key: evicting, effect: 'NoExecute' }];
}

/**
 * Returns the key of the taint that evicts the pods of a node; `undefined` for none. If no node of the cluster is
 * ready, no node gets or keeps such a taint. In a small disrupted zone, nodes keep such a taint, but no further node
 * gets one.
 */
function evictingKey(node: KubeObject, health: ZoneHealth): string | undefined {
  if (health.isFullyDisrupted) return undefined;
  const isNew = !objectsAt(node.spec, 'taints').some(isEvicting);
  if (isNew && health.isPartlyDisrupted(node)) return undefined;
  return EVICTING_TAINTS.get(textAt(conditionOf(node, 'Ready'), 'status'));
}

/**
 * Maintains the taints that follow from a node's conditions: `NoSchedule` for each condition that reports a problem,
 * and `NoExecute` for a node that is not ready. Kubernetes taints at most one node per ten seconds for evictions, while
 * this controller taints each node immediately. Also maintains the deprecated labels. The API server sets the taint for
 * unready nodes on each new node, so a node accepts pods only after this controller has seen it.
 */
export function nodeTaintController(): SimulatedController {
  const health = new ZoneHealth();
  return {
    name: 'node-lifecycle-controller',
    target: targetIn(NODES),

    *keysOf(event) {
      if (!concerns(event, '', 'nodes')) return;
      const { key, object } = event.stored;
      const isGone = event.type === 'DELETED';
      const isChanged = health.take(key, isGone ? undefined : object);
      if (!isGone) yield key;
      // The health of one node can change the taints of other nodes in its zone.
      if (isChanged) yield* health.unreadyNodes();
    },

    reset() {
      health.clear();
    },

    reconcile(name, client) {
      const node = client.get(NODES, '', name);
      if (node === undefined || node.metadata.deletionTimestamp !== undefined) return;
      const { labels = {} } = node.metadata;
      const wantedLabels = withReplacedLabels(labels);
      const wanted = new Map(wantedTaints(node, health).map((taint) => [idOf(taint), taint]));
      const present = objectsAt(node.spec, 'taints');
      const kept = present.filter((taint) => !isManaged(taint) || wanted.has(idOf(taint)));
      for (const taint of kept) wanted.delete(idOf(taint));
      if (kept.length === present.length && wanted.size === 0 && jsonEquals(labels, wantedLabels)) return;
      const timeAdded = client.timestamp();
      const taints = [...kept, ...Array.from(wanted.values(), (taint) => ({ ...taint, timeAdded }))];
      const { taints: _taints, ...spec } = node.spec ?? {};
      client.update({
        ...node,
        metadata: { ...node.metadata, labels: wantedLabels },
        spec: taints.length === 0 ? spec : { ...spec, taints },
      });
    },
  };
}
