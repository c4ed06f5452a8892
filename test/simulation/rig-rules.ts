import { ObjectLabels } from '@typekro/engine/runtime';
import { HELD_TEXT } from './rig.ts';
import type { RuledGraph } from '../../packages/testing/src/simulation/invariants.ts';
import type { KindOfPlural } from '../../packages/testing/src/simulation/ledger.ts';

/** The kinds in the inventory, by their names there. Each has its API version and its API path. */
const MEMBERS: RuledGraph['members'] = new Map([
  ['ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', path: '/api/v1/configmaps' }],
  ['LimitRange', { apiVersion: 'v1', kind: 'LimitRange', path: '/api/v1/limitranges' }],
  [
    'PodDisruptionBudget.policy',
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', path: '/apis/policy/v1/poddisruptionbudgets' },
  ],
]);

/** Maps a node to its dependencies. A dependency has a kind and a node id. */
const DEPENDS_ON: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  mid: [['ConfigMap', 'base']],
  parts: [['ConfigMap', 'mid']],
  extra: [['ConfigMap', 'mid']],
  gate: [['ConfigMap', 'base']],
  after: [['PodDisruptionBudget', 'gate']],
};

/** The facts about the definition of `rigDefinition` that the rules need. */
export const RIG_RULES: RuledGraph = {
  instanceKind: 'Rig.sim.test',
  instancesPath: '/apis/sim.test/v1/rigs',
  members: MEMBERS,
  heldBack(sent) {
    const { text } = (sent['data'] ?? {}) as { text?: unknown };
    return ObjectLabels.nodeIdOf(sent) === 'parts' && text === HELD_TEXT
      ? `whose text ${HELD_TEXT} is held back`
      : undefined;
  },
  async unready(id, instance, server) {
    const found = [];
    for (const [kind, node] of DEPENDS_ON[id] ?? []) {
      const name = `${instance.name}-${node}`;
      const base = kind === 'ConfigMap' ? '/api/v1' : '/apis/policy/v1';
      const plural = kind === 'ConfigMap' ? 'configmaps' : 'poddisruptionbudgets';
      const live = await server.read(`${base}/namespaces/default/${plural}/${name}`);
      const isReady = live !== undefined && (node !== 'gate' || Number(live.status?.['currentHealthy'] ?? 0) > 0);
      const group = kind === 'ConfigMap' ? '' : '.policy';
      if (!isReady) found.push({ text: name, keys: [`${kind}${group}/default/${name}`] });
    }
    return found;
  },
};

const KINDS: Readonly<Record<string, string>> = {
  configmaps: 'ConfigMap',
  limitranges: 'LimitRange',
  'poddisruptionbudgets.policy': 'PodDisruptionBudget.policy',
  'rigs.sim.test': 'Rig.sim.test',
  'resourcegraphdefinitions.kro.run': 'ResourceGraphDefinition.kro.run',
  'graphrevisions.internal.kro.run': 'GraphRevision.internal.kro.run',
  'customresourcedefinitions.apiextensions.k8s.io': 'CustomResourceDefinition.apiextensions.k8s.io',
  'leases.coordination.k8s.io': 'Lease.coordination.k8s.io',
};

/**
 * Maps a resource's plural and group to the name of its kind. Returns undefined for resources that the simulation does
 * not check.
 */
export const kindOfPlural: KindOfPlural = (plural, group) => KINDS[group === '' ? plural : `${plural}.${group}`];
