import { CERTIFICATES } from '../end-state.ts';
import { type JsonObject, type KubeObject, isJsonObject } from '@typekro/kit/core';
import type { KubeClient } from '@typekro/kube';
import { FieldManager, Tracking } from '@typekro/engine/runtime';
import { normalize } from '../../../packages/testing/src/simulation/compare-states.ts';
import { fieldManagersOf, templateManagers } from '../../../packages/testing/src/simulation/graph-writers.ts';
import type { MemberKind } from '../../../packages/testing/src/simulation/invariants.ts';
import { RIG_RULES, kindOfPlural } from '../rig-rules.ts';
import { rigDefinition } from '../rig.ts';
import type { Stage } from '../stage.ts';
import { DEPENDS_ON } from './shape.ts';

const GRAPH: MemberKind = { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', path: '/apis/kro.run/v1alpha1/graphs' };
const WIDGET: MemberKind = { apiVersion: 'sim.test/v1', kind: 'Widget', path: '/apis/sim.test/v1/widgets' };
const SECRET: MemberKind = { apiVersion: 'v1', kind: 'Secret', path: '/api/v1/secrets' };

/** The kinds of the objects that Graphs write. */
const WRITTEN: readonly MemberKind[] = [...RIG_RULES.members.values(), SECRET, WIDGET, GRAPH];
/** The kinds whose objects are compared at the end. */
const KINDS = [...WRITTEN, { apiVersion: 'sim.test/v1', kind: 'Rig' }];

const KIND_NAMES: Readonly<Record<string, string>> = {
  secrets: 'Secret',
  'widgets.sim.test': 'Widget.sim.test',
  'graphs.kro.run': 'Graph.kro.run',
};

const RBAC = 'rbac.authorization.k8s.io/v1';
const ALL_VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

/** The Role and RoleBinding of a ServiceAccount in the namespace `default`. */
export function rightsOf(account: string, verbs: readonly string[] = ALL_VERBS): KubeObject[] {
  const metadata = { name: account, namespace: 'default' };
  const rule = (apiGroup: string, ...resources: string[]) => ({ apiGroups: [apiGroup], resources, verbs: [...verbs] });
  const rules = [
    rule('', 'configmaps', 'secrets', 'limitranges'),
    rule('policy', 'poddisruptionbudgets'),
    rule('sim.test', 'widgets', 'widgets/status'),
    rule('kro.run', 'graphs'),
  ];
  return [
    { apiVersion: RBAC, kind: 'Role', metadata, rules },
    {
      apiVersion: RBAC,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: 'default' }],
    },
  ];
}

/** A ConfigMap that the user creates. */
export function userMap(name: string, data: JsonObject, labels?: Record<string, string>): KubeObject {
  const metadata = { name, namespace: 'default', ...(labels === undefined ? {} : { labels }) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

/** The kind whose status Graphs patch. */
export const WIDGET_CRD: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.sim.test' },
  spec: {
    group: 'sim.test',
    names: { kind: 'Widget', listKind: 'WidgetList', plural: 'widgets', singular: 'widget' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { size: { type: 'integer' } } },
              status: {
                type: 'object',
                properties: { seen: { type: 'object', additionalProperties: { type: 'string' } } },
              },
            },
          },
        },
      },
    ],
  },
};

/** The object whose status Graphs patch. */
export const WIDGET_OBJECT: KubeObject = {
  apiVersion: 'sim.test/v1',
  kind: 'Widget',
  metadata: { name: 'shown', namespace: 'default' },
  spec: { size: 1 },
};

const apply = (admin: KubeClient, object: KubeObject) => admin.apply(object, { fieldManager: 'user', force: true });

/**
 * The environment of stories about Graphs, with one definition. The cluster also has accounts, objects of users and a
 * custom kind.
 */
export const GRAPH_STAGE: Stage = {
  name: 'graphs',
  async prepare(admin, idle) {
    await admin.create(rigDefinition('a'));
    await admin.create(WIDGET_CRD);
    await idle();
    for (const account of ['default', 'builder', 'keeper']) {
      for (const object of rightsOf(account)) await admin.create(object);
    }
    await apply(admin, userMap('settings', { value: 'first' }));
    await apply(admin, userMap('target', { own: 'kept' }));
    for (const name of ['feed-a', 'feed-b']) await apply(admin, userMap(name, {}, { feed: 'yes' }));
    await apply(admin, WIDGET_OBJECT);
  },
  flags: [
    '--feature-gates=GraphKind=true',
    '--kro-compatibility=0.10',
    '--controller-namespace=kro-system',
    '--controller-service-account=kro',
  ],
  controller: {
    kroCompatibility: '0.10',
    features: { graphKind: true },
    serviceAccount: { namespace: 'kro-system', name: 'kro' },
  },
  kindOf: (plural, group) => KIND_NAMES[group === '' ? plural : `${plural}.${group}`] ?? kindOfPlural(plural, group),
  rules: {
    ...RIG_RULES,
    graphs: {
      kinds: WRITTEN,
      async missing(node, { metadata: { name = '' } }, server) {
        const found = [];
        for (const [plural, suffix] of DEPENDS_ON[node] ?? []) {
          const [base, kind] =
            plural === 'configmaps' ? ['/api/v1', 'ConfigMap'] : ['/apis/policy/v1', 'PodDisruptionBudget.policy'];
          const live = await server.read(`${base}/namespaces/default/${plural}/${name}-${suffix}`);
          if (live === undefined)
            found.push({ text: `${name}-${suffix}`, keys: [`${kind}/default/${name}-${suffix}`] });
        }
        return found;
      },
    },
  },
  endState,
  restProblems,
};

/**
 * The objects that are compared at the end. The names of a Graph's field managers are left out, because they depend on
 * the Graph's UID.
 */
async function endState(admin: KubeClient): Promise<KubeObject[]> {
  const found: KubeObject[] = [];
  for (const type of KINDS) {
    const { items } = await admin.list(type);
    for (const object of items) {
      if (CERTIFICATES.has(object.metadata.name ?? '')) continue;
      found.push(withoutManagers(normalize({ ...object, kind: type.kind, apiVersion: type.apiVersion })));
    }
  }
  return found;
}

function withoutManagers(object: KubeObject): KubeObject {
  const contributions = object.status?.['contributions'];
  if (!Array.isArray(contributions)) return object;
  const entries = contributions.map((entry) => (isJsonObject(entry) ? { ...entry, fieldManager: '' } : entry));
  return { ...object, status: { ...object.status, contributions: entries } };
}

/**
 * Checks the conditions that must be true whenever no work remains: no deletion is pending, and every object and field
 * belongs to a Graph.
 */
async function restProblems(admin: KubeClient): Promise<string[]> {
  const problems: string[] = [];
  const graphs = (await admin.list(GRAPH)).items;
  const byManager = new Map(graphs.map((graph) => [FieldManager.ofTemplate(graph.metadata.uid ?? ''), graph]));
  for (const type of KINDS) {
    for (const item of (await admin.list(type)).items) {
      const object = { ...item, apiVersion: type.apiVersion, kind: type.kind };
      const { name = '', namespace = '', uid, deletionTimestamp } = object.metadata;
      const text = `${type.kind} ${name}`;
      if (deletionTimestamp !== undefined) problems.push(`deletion never completes: ${text}`);
      for (const manager of templateManagers(object)) {
        const graph = byManager.get(manager);
        const entry = graph === undefined ? undefined : entryOf(graph, { ...type, namespace, name });
        if (graph === undefined) problems.push(`an orphan: ${text}`);
        else if (entry === undefined) problems.push(`not recorded: ${text} of ${graph.metadata.name ?? ''}`);
        else if (entry.uid !== uid) problems.push(`recorded with another UID: ${text}`);
      }
      for (const manager of fieldManagersOf(object).filter(FieldManager.isOfPatch)) {
        const graph = graphs.find(({ metadata }) => manager.startsWith(FieldManager.patchPrefix(metadata.uid ?? '')));
        const isRecorded = graph !== undefined && contributes(graph, manager, { ...type, namespace, name });
        // The status fields of an instance belong to the instance itself, so they need no record.
        if (!isRecorded && type.kind !== 'Rig') problems.push(`fields are left in ${text}`);
      }
    }
  }
  return problems;
}

type Named = { readonly apiVersion: string; readonly kind: string; readonly namespace: string; readonly name: string };

function entryOf(graph: KubeObject, named: Named) {
  return Tracking.read(graph).managedResources.find(
    (entry) => Tracking.resourceKey(entry) === Tracking.resourceKey(named),
  );
}

function contributes(graph: KubeObject, manager: string, named: Named): boolean {
  return Tracking.read(graph).contributions.some(
    (entry) => entry.fieldManager === manager && Tracking.resourceKey(entry) === Tracking.resourceKey(named),
  );
}
