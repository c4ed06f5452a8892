import type { JsonValue, ObjectRef } from '@typekro/kit/core';
import type {
  CurrentValue,
  DefinitionDetail,
  DefinitionRow,
  InstanceCounts,
  InstanceDetail,
  InstanceNode,
  InstanceRow,
  ObjectDetail,
  RolloutState,
  ShownState,
  ValueEdge,
  WhyPath,
} from '@typekro/controller/inspect';
import { instanceRef } from '@typekro/controller/inspect';
import type { SceneDefinition } from '@typekro/dashboard/test-support/scene-definition';
import { fleetDefinition, shopDefinition, sourceOf } from '@typekro/dashboard/test-support/scene-definition';

/** The fixed time of a scene, so that screenshots do not change. */
export const SCENE_TIME = Date.parse('2026-11-24T12:00:00Z');

const ago = (minutes: number): string => new Date(SCENE_TIME - minutes * 60_000).toISOString();
const counts = (given: Partial<InstanceCounts>): InstanceCounts => ({
  ACTIVE: 0,
  IN_PROGRESS: 0,
  ERROR: 0,
  DELETING: 0,
  NONE: 0,
  ...given,
});

/**
 * The data of a server without a cluster, for screenshots, for measurements, and for more objects than a test cluster
 * has.
 */
export interface Scene {
  readonly instances: readonly InstanceRow[];
  readonly definitions: readonly DefinitionRow[];
  definition(name: string): DefinitionDetail | undefined;
  instance(ref: string): InstanceDetail | undefined;
  why(ref: string): WhyPath | undefined;
  object(ref: string, object: string): ObjectDetail | undefined;
  /** Changes which nodes of the fleet wait, so that the next read returns different data. */
  step(): void;
  /** Shows an instance as being deleted, with all nodes already deleted, or ends this state. */
  setLeaving(ref: string, isLeaving: boolean): void;
  /** Removes an instance or restores it. */
  setGone(ref: string, isGone: boolean): void;
  /** The row that a removed instance had in the list. */
  removed(ref: string): InstanceRow | undefined;
}

/** The numbers of objects in a scene. */
export interface SceneSize {
  readonly instances: number;
  readonly nodes: number;
  readonly children: number;
  /** The newest revision of the shops is tried first on the instance of `SHOP_REF`. */
  readonly canary?: true;
  /** A string with markup, which becomes a label, an annotation, a reason, a condition message and a part of names. */
  readonly hostile?: string;
}

/** The references of the first two instances of every scene. */
export const SHOP_REF = 'acme.dev/v1/Shop/shop/web';
export const FLEET_REF = 'acme.dev/v1/Fleet/shop/fleet';

export function createScene(size: SceneSize): Scene {
  const shop = shopDefinition();
  const fleet = fleetDefinition(size.nodes);
  const instances = [
    row('Shop', 'shop', 'web', 'IN_PROGRESS', 'Deployment shop/web-web: 1 of 2 replicas are available'),
    row('Fleet', 'shop', 'fleet', 'IN_PROGRESS', 'n17 waits until its ConfigMap is written'),
    ...Array.from({ length: size.instances - 2 }, (_, index) => manyRow(index)).map((each) =>
      size.canary === true && each.revision === 4 ? { ...each, revision: 3 } : each,
    ),
  ];
  let steps = 0;
  const gone = new Set<string>();
  const leaving = new Set<string>();
  const known = (ref: string): InstanceRow | undefined => instances.find((item) => item.ref === ref);
  const find = (ref: string): InstanceRow | undefined => (gone.has(ref) ? undefined : known(ref));
  return {
    instances,
    definitions: [
      definitionRow('shops.acme.dev', 'Shop', instances),
      definitionRow('fleets.acme.dev', 'Fleet', instances),
    ],
    definition: (name) => {
      const rows = instances.filter((item) => item.definition === name);
      if (name === 'shops.acme.dev') {
        const detail = definitionDetail(name, 'Shop', shop, rows);
        return size.canary === true ? { ...detail, rollout: rolloutOf(rows) } : detail;
      }
      return name === 'fleets.acme.dev' ? definitionDetail(name, 'Fleet', fleet, rows) : undefined;
    },
    instance: (ref) => {
      const found = find(ref);
      if (found === undefined) return undefined;
      if (leaving.has(ref)) {
        const row: InstanceRow = { ...found, state: 'DELETING', deletedAt: ago(0) };
        return { ...instanceDetail(row, shop, (id) => shopNode(id, size), size.hostile), nodes: [] };
      }
      return found.kind === 'Fleet'
        ? instanceDetail(found, fleet, (id, index) => fleetNode(id, index, steps), size.hostile)
        : instanceDetail(found, shop, (id) => shopNode(id, size), size.hostile);
    },
    why: (ref) => {
      const found = find(ref);
      return found === undefined ? undefined : whyOf(found, instances);
    },
    object: (_ref, object) => objectDetail(object),
    step: () => {
      steps += 1;
    },
    setLeaving: (ref, isLeaving) => void (isLeaving ? leaving.add(ref) : leaving.delete(ref)),
    setGone: (ref, isGone) => void (isGone ? gone.add(ref) : gone.delete(ref)),
    removed: (ref) => (gone.has(ref) ? known(ref) : undefined),
  };
}

function row(
  kind: string,
  namespace: string,
  name: string,
  state: InstanceRow['state'],
  waitingFor?: string,
  minutes = 14,
): InstanceRow {
  const apiVersion = 'acme.dev/v1';
  return {
    ref: instanceRef({ apiVersion, kind, namespace, name }),
    apiVersion,
    kind,
    namespace,
    name,
    uid: `${kind}-${namespace}-${name}`,
    definition: `${kind.toLowerCase()}s.acme.dev`,
    revision: 4,
    state,
    createdAt: ago(minutes),
    ...(waitingFor === undefined ? {} : { waitingFor }),
  };
}

const TEAMS = ['apollo', 'borealis', 'cascade', 'delta', 'ember'];

function manyRow(index: number): InstanceRow {
  const team = TEAMS[index % TEAMS.length] ?? 'apollo';
  const name = `store-${String(index).padStart(4, '0')}`;
  const minutes = 3 + ((index * 7919) % 90_000);
  if (index % 29 === 3) {
    return row(
      'Shop',
      team,
      name,
      'ERROR',
      'Secret credentials: the API server refuses the write: quota exceeded',
      minutes,
    );
  }
  if (index % 11 === 5)
    return row('Shop', team, name, 'IN_PROGRESS', 'StatefulSet database: the volume is not bound', minutes);
  if (index % 97 === 8)
    return {
      ...row('Shop', team, name, 'DELETING', 'Ingress: a finalizer of another controller', minutes),
      deletedAt: ago(2),
    };
  const active = row('Shop', team, name, 'ACTIVE', undefined, minutes);
  return index === PINNED ? { ...active, revision: 2 } : active;
}

/** The index of the instance that is pinned to an older revision. */
const PINNED = 7000;

function countRows(rows: readonly InstanceRow[]): InstanceCounts {
  const found: Record<string, number> = {};
  for (const { state } of rows) found[state] = (found[state] ?? 0) + 1;
  return counts(found);
}

function definitionRow(name: string, kind: string, all: readonly InstanceRow[]): DefinitionRow {
  const rows = all.filter((item) => item.definition === name);
  return {
    name,
    uid: name,
    apiVersion: 'acme.dev/v1',
    kind,
    state: 'Active',
    revision: 4,
    instances: rows.length,
    conditions: [],
    problems: [],
    counts: countRows(rows),
    suspended: 0,
    createdAt: ago(9000),
  };
}

/**
 * A list with the name of a pinned instance. Each instance that follows revision 2 is pinned; the list is empty for the
 * others.
 */
const pinnedName = ({ revision, namespace = '', name }: InstanceRow): string[] =>
  revision === 2 ? [`${namespace}/${name}`] : [];

function definitionDetail(
  name: string,
  kind: string,
  definition: SceneDefinition,
  rows: readonly InstanceRow[],
): DefinitionDetail {
  return {
    definition: definitionRow(name, kind, rows),
    graph: definition.outline,
    edges: definition.edges,
    schema: definition.schema,
    statusSchema: definition.statusSchema,
    namespaced: true,
    source: { text: sourceOf(name, definition.text), ...(kind === 'Fleet' ? { masked: true as const } : {}) },
    diagnostics: [],
    revisions: [4, 3, 2, 1].map((revision) => ({
      revision,
      name: `${name}-r0000${revision}`,
      createdAt: ago((5 - revision) * 700),
      current: revision === 4,
      changes: revision === 1 ? [] : [`node web`, `schema spec.replicas`],
      pinned: revision === 2 ? rows.flatMap(pinnedName) : [],
    })),
    followers: [4, 3, 2].flatMap((revision) => {
      const instances = rows.filter((each) => each.revision === revision).length;
      return instances === 0 ? [] : [{ revision, instances }];
    }),
    notes: [],
  };
}

function rolloutOf(rows: readonly InstanceRow[]): RolloutState {
  const message = 'revision 4 goes to 1 instance first: shop/web is not ready yet';
  return { revision: 4, phase: 'waiting', first: ['shop/web'], of: rows.length, message };
}

/** The source of a revision. Older revisions do not have all parts of the newest one. */
export function revisionText(scene: Scene, name: string, revision: number): string {
  const text = scene.definition(name)?.source.text ?? '';
  const older = text.replace('shop:1.4.2', `shop:1.${revision}.0`);
  return revision >= 3 ? older : older.replace(/^ *plan:.*\n/m, '');
}

type NodeOf = (
  id: string,
  index: number,
) => Pick<InstanceNode, 'state' | 'reason' | 'waitsFor' | 'objects'> & { readonly remedy?: string };

function instanceDetail(
  instance: InstanceRow,
  definition: SceneDefinition,
  nodeOf: NodeOf,
  hostile: string | undefined,
): InstanceDetail {
  const nodes = definition.outline.nodes.map(({ id }, index): InstanceNode => {
    const node = nodeOf(id, index);
    const found = { unknown: 0, absent: 0, present: 0, deleting: 0, failed: 0 };
    for (const { state } of node.objects) found[state] += 1;
    const present = node.objects.filter(({ state }) => state === 'present');
    const unready = present.filter(({ ready }) => ready === false).length;
    const unchecked = present.filter(({ ready }) => ready === undefined).length;
    const numbers = { ...(unready === 0 ? {} : { unready }), ...(unchecked === 0 ? {} : { unchecked }) };
    return { id, ...node, counts: found, ...numbers };
  });
  const states = new Map(nodes.map(({ id, state }) => [id, state]));
  const edges = definition.edges.map((edge): ValueEdge => ({
    ...edge,
    reads: edge.reads.map((read) => ({ ...read, values: read.paths.map((path) => valueAt(edge.from, path, states)) })),
  }));
  return {
    instance,
    object: {
      apiVersion: instance.apiVersion,
      kind: instance.kind,
      metadata: {
        name: instance.name,
        ...(hostile === undefined ? {} : { labels: { hostile }, annotations: { 'acme.dev/hostile': hostile } }),
      },
      spec: { name: instance.name },
    },
    conditions: [
      {
        type: 'Ready',
        status: 'False',
        reason: 'NotReady',
        message: hostile ?? 'web is not ready',
        lastTransitionTime: ago(30),
      },
    ],
    graph: definition.outline,
    edges,
    nodes,
    notes: [],
  };
}

/** Object names that are not composed of the instance's name and the node's id. */
const OBJECT_NAMES: Readonly<Record<string, string>> = {
  account: 'web',
  credentials: 'web-db',
  databaseService: 'web-db',
  database: 'web-db',
};

function valueAt(node: string, path: string, states: ReadonlyMap<string, ShownState>): CurrentValue {
  const state = states.get(node);
  if (state !== 'ready' && state !== 'waiting') return { is: 'unknown', message: `${node} does not exist yet` };
  const values: Readonly<Record<string, JsonValue>> = {
    'metadata.name': OBJECT_NAMES[node] ?? `web-${node}`,
    'spec.clusterIP': '10.96.14.7',
    'status.readyReplicas': 1,
  };
  return { is: 'known', value: values[path] ?? 'web' };
}

const objectRef = (kind: string, name: string): ObjectRef => ({
  apiVersion: kind === 'Deployment' || kind === 'StatefulSet' ? 'apps/v1' : 'v1',
  kind,
  namespace: 'shop',
  name,
});

function shopNode(id: string, { children, hostile }: SceneSize): ReturnType<NodeOf> {
  const present = (kind: string, name: string) => [{ object: objectRef(kind, name), state: 'present' as const }];
  switch (id) {
    case 'web':
      return {
        state: 'waiting',
        reason: hostile ?? 'Deployment shop/web-web: 1 of 2 replicas are available',
        waitsFor: [],
        objects: present('Deployment', 'web-web'),
        remedy: 'Look at the pods: the image of one cannot be pulled.',
      };
    case 'edge': {
      const objects = Array.from({ length: children }, (_, index): InstanceNode['objects'][0] => {
        const object = objectRef('ConfigMap', `web-${hostile ?? 'region'}-${String(index).padStart(3, '0')}`);
        if (index % 97 === 5) return { object, state: 'failed' };
        if (index % 41 === 9) return { object, state: 'absent' };
        return { object, state: 'present', ready: index % 31 !== 2 };
      });
      const written = objects.filter(({ state }) => state === 'present').length;
      return { state: 'waiting', reason: `${written} of ${children} objects are written`, waitsFor: ['web'], objects };
    }
    case 'service':
      return { state: 'pending', reason: 'waits for web', waitsFor: ['web'], objects: [] };
    case 'ingress':
      return { state: 'skipped', reason: 'schema.spec.ingress.enabled is false', waitsFor: [], objects: [] };
    case 'database':
      return { state: 'ready', reason: 'is ready', waitsFor: [], objects: present('StatefulSet', 'web-db') };
    case 'databaseService':
      return { state: 'ready', reason: 'is ready', waitsFor: [], objects: present('Service', 'web-db') };
    case 'credentials':
      return { state: 'ready', reason: 'is ready', waitsFor: [], objects: present('Secret', 'web-db') };
    case 'account':
      return { state: 'ready', reason: 'is ready', waitsFor: [], objects: present('ServiceAccount', 'web') };
    default:
      return { state: 'ready', reason: 'is ready', waitsFor: [], objects: present('ConfigMap', `web-${id}`) };
  }
}

function fleetNode(_id: string, index: number, steps: number): ReturnType<NodeOf> {
  const isWaiting = index === 17 || (index + steps) % 211 === 7;
  const isReady = index !== 40 && !isWaiting;
  const kind = index % 5 === 0 ? 'Secret' : 'ConfigMap';
  return {
    state: index === 40 ? 'failed' : isWaiting ? 'waiting' : 'ready',
    reason:
      index === 40
        ? 'the API server refuses the write: quota exceeded'
        : isWaiting
          ? `waits until its ${kind} is written`
          : 'is ready',
    waitsFor: [],
    objects: [
      { object: objectRef(kind, `fleet-${index}`), state: isReady ? 'present' : index === 40 ? 'failed' : 'absent' },
    ],
  };
}

/** The number of instances that a server compares if it has no controller reports. */
const MAX_COMPARED = 25;

function whyOf(instance: InstanceRow, all: readonly InstanceRow[]): WhyPath {
  const waiting = all.filter(({ ref, state }) => ref !== instance.ref && state !== 'ACTIVE').length;
  const object = objectRef('Deployment', 'web-web');
  const isFleet = instance.kind === 'Fleet';
  return {
    schemaVersion: 1,
    instance,
    state: instance.state,
    ready: 5,
    nodes: 8,
    skipped: 1,
    blocked: [],
    refusals: [],
    causes: [
      {
        node: isFleet ? 'n17' : 'web',
        state: 'waiting',
        reason: 'is not ready: 1 of 2 replicas are available',
        waitsFor: [],
        waiting: isFleet ? [] : ['edge', 'service'],
        objects: [object],
        found: [],
        troubles: [
          {
            object: objectRef('Pod', 'web-web-7f9c6d-x2x9q'),
            others: 0,
            reason: 'ImagePullBackOff',
            message: 'the image shop:1.4.2 does not exist, or the registry refuses the pull',
          },
        ],
        unread: [],
        remedy: 'Correct spec.image of the instance, or give the account web the secret of the registry.',
        look: 'kubectl describe pod web-web-7f9c6d-x2x9q -n shop',
      },
    ],
    // The Deployment belongs only to this instance.
    chains: [{ nodes: isFleet ? ['n17'] : ['web', 'edge', 'service'], object, others: [], othersTotal: 0 }],
    othersWaiting: waiting,
    limits: [],
    othersCompared: Math.min(waiting, MAX_COMPARED),
  };
}

function objectDetail(text: string): ObjectDetail {
  const [name = '', namespace = '', kind = '', ...version] = text.split('/').toReversed();
  const object = { apiVersion: version.toReversed().join('/'), kind, namespace, name };
  const container = (image: string) => ({ name: 'web', image, envFrom: [{ configMapRef: { name: 'web-settings' } }] });
  const of = (replicas: number, image: string, more: object) => ({
    apiVersion: object.apiVersion,
    kind,
    metadata: { name, namespace, labels: { app: 'web' }, ...more },
    spec: { replicas, template: { spec: { serviceAccountName: 'web', containers: [container(image)] } } },
  });
  return {
    object,
    node: 'web',
    desired: of(2, 'shop:1.4.2', {}),
    live: of(5, 'shop:1.4.2', { uid: 'e2c5a9c0', generation: 7, creationTimestamp: ago(14) }),
    differences: [
      {
        path: 'spec.replicas',
        kind: 'differs',
        wanted: 2,
        found: 5,
        managers: ['kubectl-scale'],
        taken: true,
        at: ago(3),
      },
    ],
    managers: [
      { manager: 'kubectl-scale', operation: 'Update', time: ago(3), fields: 1 },
      { manager: 'typekro', operation: 'Apply', time: ago(14), fields: 9 },
    ],
    masked: [],
    owned: [],
    pods: [{ pod: objectRef('Pod', 'web-web-7f9c6d-x2x9q'), containers: ['web'] }],
  };
}
