import type { JsonObject, KubeObject } from '@typekro/kit/core';

/** The optional parts of a Graph of the simulation. */
export interface Shape {
  readonly text: string;
  readonly names: readonly string[];
  /** The ServiceAccount. Default: the account `default`. */
  readonly account?: 'builder' | 'keeper';
  /** A conditional node. The API server normalizes its values. */
  readonly extra?: boolean;
  /** A node that waits for a status that another controller writes, and a node that reads this status. */
  readonly gate?: boolean;
  /** A subgraph in a subgraph. Both read values of nodes outside of their frame. */
  readonly sub?: boolean;
  /** A node whose kind is computed. */
  readonly kind?: 'ConfigMap' | 'Secret';
  /** A reference to one object, and a node that copies a value of it. */
  readonly copy?: boolean;
  /** A reference to objects by labels, a node with the list of their names, and a patch of each object. */
  readonly feeds?: boolean;
  /** A patch of an object that a user created. */
  readonly mark?: boolean;
  /** A patch of the status of an object that a user created. */
  readonly seen?: boolean;
  /** A patch of an object that belongs to an instance. */
  readonly ofThree?: boolean;
  /** A Graph that the Graph creates. */
  readonly stamp?: boolean;
}

type Node = JsonObject;

const map = (name: string, data: JsonObject): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

/**
 * Maps a node to its dependencies. A dependency is an object that must exist: the plural of its kind, and the suffix of
 * its name.
 */
export const DEPENDS_ON: Readonly<Record<string, readonly (readonly [plural: string, suffix: string])[]>> = {
  mid: [['configmaps', 'base']],
  parts: [['configmaps', 'mid']],
  after: [['poddisruptionbudgets', 'gate']],
  outer: [['configmaps', 'inner']],
};

/** The nodes of a Graph, in an order that is not the order of their dependencies. */
function nodesOf(name: string, shape: Shape): Node[] {
  const { text, names, extra, gate, sub, kind, copy, feeds, mark, seen, ofThree, stamp } = shape;
  const nodes: Node[] = [
    {
      id: 'parts',
      forEach: [{ name: '${cfg.names}' }],
      template: map(`${name}-item-\${name}`, { text: '${mid.data.text}' }),
    },
    { id: 'mid', template: map(`${name}-mid`, { text: '${base.data.text}' }) },
    { id: 'cfg', def: { text, names: [...names], extra: extra === true, kind: kind ?? '' } },
    { id: 'base', template: map(`${name}-base`, { text: '${cfg.text}' }) },
    {
      id: 'extra',
      includeWhen: ['${cfg.extra}'],
      template: {
        apiVersion: 'v1',
        kind: 'LimitRange',
        metadata: { name: `${name}-extra`, annotations: { text: '${mid.data.text}' } },
        spec: { limits: [{ type: 'Container', default: { cpu: '0.5' }, defaultRequest: { cpu: '0.25' } }] },
      },
    },
  ];
  if (gate === true) nodes.push(...gateNodes(name));
  if (sub === true) nodes.push(...subgraphNodes(name));
  if (kind !== undefined) {
    const template = {
      apiVersion: 'v1',
      kind: '${cfg.kind}',
      metadata: { name: `${name}-any`, annotations: { text: '${cfg.text}' } },
    };
    nodes.push({ id: 'any', template });
  }
  if (copy === true) {
    nodes.push({ id: 'copy', template: map(`${name}-copy`, { value: '${settings.data.value}' }) });
    nodes.push({ id: 'settings', ref: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } } });
  }
  if (feeds === true) nodes.push(...feedNodes(name));
  if (mark === true) {
    const patch = {
      ...map('target', { [name]: '${cfg.text}' }),
      metadata: { name: 'target', labels: { [`mark-${name}`]: text } },
    };
    nodes.push({ id: 'mark', patch });
  }
  if (seen === true) nodes.push({ id: 'seen', patch: widgetStatus({ [name]: '${cfg.text}' }) });
  if (ofThree === true) {
    const metadata = { name: 'three-mid', annotations: { [`of-${name}`]: '${mid.data.text}' } };
    nodes.push({ id: 'ofThree', patch: { apiVersion: 'v1', kind: 'ConfigMap', metadata } });
  }
  if (stamp === true) nodes.push(stampedNode(name));
  return nodes;
}

function gateNodes(name: string): Node[] {
  const spec = { minAvailable: 1, selector: { matchLabels: { text: '${base.data.text}' } } };
  const template = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: `${name}-gate` }, spec };
  return [
    { id: 'gate', readyWhen: ['${gate.status.currentHealthy > 0}'], template },
    { id: 'after', template: map(`${name}-after`, { healthy: '${string(gate.status.currentHealthy)}' }) },
  ];
}

function subgraphNodes(name: string): Node[] {
  const deep = {
    nodes: [
      { id: 'cfg', def: { text: 'deep' } },
      { id: 'leaf', template: map(`${name}-leaf`, { text: '${cfg.text}', of: '${inner.data.text}' }) },
    ],
  };
  const nodes = [
    { id: 'deep', graph: deep },
    { id: 'inner', template: map(`${name}-inner`, { text: '${mid.data.text}' }) },
    {
      id: 'pieces',
      forEach: [{ part: '${cfg.names}' }],
      template: map(`${name}-sub-\${part}`, { text: '${cfg.text}' }),
    },
  ];
  return [
    { id: 'outer', template: map(`${name}-outer`, { text: '${sub.inner.data.text}' }) },
    { id: 'sub', graph: { nodes } },
  ];
}

function feedNodes(name: string): Node[] {
  const metadata = { namespace: 'default', selector: { matchLabels: { feed: 'yes' } } };
  const patch = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: '${feed.metadata.name}', annotations: { [`read-by-${name}`]: 'yes' } },
  };
  return [
    { id: 'feeds', ref: { apiVersion: 'v1', kind: 'ConfigMap', metadata } },
    {
      id: 'sum',
      includeWhen: ['${feeds.size() > 0}'],
      template: map(`${name}-sum`, { names: "${feeds.map(f, f.metadata.name).join(',')}" }),
    },
    { id: 'noted', forEach: [{ feed: '${feeds}' }], patch },
  ];
}

function stampedNode(name: string): Node {
  const inner = [
    { id: 'n', def: { x: '${cfg.text}' } },
    { id: 'made', template: map(`${name}-made`, { text: "${'${n.x}'}" }) },
  ];
  const template = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Graph',
    metadata: { name: `${name}-stamped` },
    spec: { nodes: inner },
  };
  return { id: 'stamped', template };
}

function widgetStatus(seen: JsonObject): JsonObject {
  return { apiVersion: 'sim.test/v1', kind: 'Widget', metadata: { name: 'shown' }, status: { seen } };
}

/** A Graph of the simulation. */
export function graphObject(name: string, shape: Shape): KubeObject {
  return withNodes(name, nodesOf(name, shape), shape.account);
}

function withNodes(name: string, nodes: Node[], account?: string): KubeObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Graph',
    metadata: { name, namespace: 'default' },
    spec: { nodes, ...(account === undefined ? {} : { serviceAccountName: account }) },
  };
}

/** A Graph that writes the same object or status field as another Graph or an instance. */
export function contender(name: string, what: 'one-base' | 'two-mid' | 'three-base' | 'status'): KubeObject {
  const node =
    what === 'status'
      ? { id: 'seen', patch: widgetStatus({ one: name, two: name }) }
      : { id: 'taken', template: map(what, { text: name }) };
  return withNodes(name, [node]);
}
