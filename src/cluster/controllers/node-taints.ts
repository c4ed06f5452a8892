import type { JsonObject, KubeObject } from '../../core/index.ts';
import { objectsAt, textAt } from '../../kubernetes/index.ts';
import { CORDON_TAINT } from '../scheduling/taints.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, targetIn } from './controller.ts';
import { NODES } from './node.ts';

/** The keys of taints by the condition and its status from which they follow. */
const TAINTS: ReadonlyMap<string, string> = new Map([
  ['Ready=False', 'node.kubernetes.io/not-ready'],
  ['Ready=Unknown', 'node.kubernetes.io/unreachable'],
  ['MemoryPressure=True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure=True', 'node.kubernetes.io/disk-pressure'],
  ['NetworkUnavailable=True', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure=True', 'node.kubernetes.io/pid-pressure'],
]);

const CORDON = textAt(CORDON_TAINT, 'key');

/** The keys of the taints that follow from conditions and from `spec.unschedulable`. Other taints belong to users. */
const MANAGED: ReadonlySet<string> = new Set([CORDON, ...TAINTS.values()]);

const isManaged = (taint: JsonObject): boolean => taint['effect'] === 'NoSchedule' && MANAGED.has(textAt(taint, 'key'));

function wantedKeys(node: KubeObject): string[] {
  const keys = objectsAt(node.status, 'conditions').flatMap((condition) => {
    const key = TAINTS.get(`${textAt(condition, 'type')}=${textAt(condition, 'status')}`);
    return key === undefined ? [] : [key];
  });
  return node.spec?.['unschedulable'] === true ? [...keys, CORDON] : keys;
}

/**
 * Keeps the taints with the effect `NoSchedule` that follow from a node's conditions. The API server gives each new node
 * the taint for a node that is not ready, so a node takes pods only after this controller has seen it.
 */
export const nodeTaintController: SimulatedController = {
  name: 'node-lifecycle-controller',
  target: targetIn(NODES),

  *keysOf(event) {
    if (concerns(event, '', 'nodes') && event.type !== 'DELETED') yield event.stored.key;
  },

  reconcile(name, client) {
    const node = client.get(NODES, '', name);
    if (node === undefined || node.metadata.deletionTimestamp !== undefined) return;
    const wanted = new Set(wantedKeys(node));
    const present = objectsAt(node.spec, 'taints');
    const kept = present.filter((taint) => !isManaged(taint) || wanted.has(textAt(taint, 'key')));
    for (const taint of kept) if (isManaged(taint)) wanted.delete(textAt(taint, 'key'));
    if (kept.length === present.length && wanted.size === 0) return;
    const timeAdded = client.timestamp();
    const added = Array.from(wanted, (key) => ({ key, effect: 'NoSchedule', timeAdded }));
    const { taints: _taints, ...spec } = node.spec ?? {};
    const taints = [...kept, ...added];
    client.update({ ...node, spec: taints.length === 0 ? spec : { ...spec, taints } });
  },
};
