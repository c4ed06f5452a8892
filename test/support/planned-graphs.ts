import type { JsonObject } from '@typekro/kit/core';
import { mapResource } from '@typekro/testing/test-support/virtual-world';

/** Returns a number from 0 (inclusive) to 1 (exclusive). */
export type Random = () => number;

export const pick = <Item>(random: Random, items: readonly Item[]): Item =>
  items[Math.floor(random() * items.length)] as Item;

/**
 * The definition of the kind Lid. Generated graphs contain instances of this kind. The names of its children differ
 * from the names in generated graphs.
 */
export const lidDefinition = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'lids' },
  spec: {
    schema: { apiVersion: 'v1', kind: 'Lid', group: 'acme.test', spec: { text: 'string | default="x"' } },
    resources: [
      {
        id: 'inner',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'of-${schema.metadata.name}' },
          data: { v: '${schema.spec.text}' },
        },
      },
    ],
  },
};

/** The object that external references read. No graph creates it. */
export const sharedSettings = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'shared-settings', namespace: 'default' },
  data: { v: 'shared' },
};

/**
 * Maps the id of a node to its template, for all kinds except ConfigMap. Each template except that of the kind Lid has
 * the value in an annotation.
 */
const TEMPLATES: Readonly<Record<string, (name: string, value: string) => JsonObject>> = {
  deployment: (name, value) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, annotations: { v: value } },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'x' }] } },
    },
  }),
  service: (name, value) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, annotations: { v: value } },
    spec: { selector: { app: name }, ports: [{ port: 80 }] },
  }),
  secret: (name, value) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, annotations: { v: value } },
    stringData: { password: value },
  }),
  role: (name, value) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, annotations: { v: value } },
    rules: [],
  }),
  lid: (name, value) => ({ apiVersion: 'acme.test/v1', kind: 'Lid', metadata: { name }, spec: { text: value } }),
};

/** Maps a plural to its kind, for the kinds of generated graphs. */
export const KINDS_BY_PLURAL: Readonly<Record<string, string>> = {
  configmaps: 'ConfigMap',
  deployments: 'Deployment',
  services: 'Service',
  secrets: 'Secret',
  clusterroles: 'ClusterRole',
  lids: 'Lid',
};

const IDS = ['a', 'b', 'deployment', 'secret', 'ext', 'c', 'service', 'role', 'lid', 'each1', 'd'];
const ADDED_IDS = ['x', 'y', 'each2', 'deployment', 'service', 'secret', 'role', 'lid', 'ext'];

/** An expression that reads a value of a node. */
function readOf(id: string): string {
  if (id.startsWith('each')) return `\${string(size(${id}))}`;
  if (id === 'lid') return '${lid.spec.text}';
  return Object.hasOwn(TEMPLATES, id) ? `\${${id}.metadata.annotations.v}` : `\${${id}.data.v}`;
}

/** A `readyWhen` condition. Its result is random. */
function readinessOf(random: Random, id: string): string {
  const value = readOf(id).slice(2, -1);
  return `\${${value} ${random() < 0.5 ? '!=' : '=='} "fixed"}`;
}

/** A generated node, which reads some of the nodes before it. */
function generatedNode(random: Random, id: string, before: readonly string[]): JsonObject {
  if (id === 'ext') {
    const name = random() < 0.7 ? 'shared-settings' : 'missing-settings';
    return { id, externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } } };
  }
  const value = (): string => {
    const reads = [
      'fixed',
      String(Math.floor(random() * 3)),
      '${schema.spec.text}',
      '${string(schema.spec.count)}',
      ...before.map(readOf),
    ];
    return pick(random, reads);
  };
  if (id.startsWith('each')) {
    const node = mapResource(id, { v: value() });
    const template = node['template'] as JsonObject;
    const metadata = { name: `\${schema.metadata.name}-${id}-\${string(n)}` };
    return { ...node, template: { ...template, metadata }, forEach: [{ n: '${lists.range(schema.spec.count)}' }] };
  }
  const ready = random() < 0.15 ? { readyWhen: [readinessOf(random, id)] } : {};
  const included = random() < 0.2 ? { includeWhen: ['${schema.spec.count > 1}'] } : {};
  const make = Object.hasOwn(TEMPLATES, id) ? TEMPLATES[id] : undefined;
  if (make !== undefined) {
    return { id, template: make(`\${schema.metadata.name}-${id}`, value()), ...ready, ...included };
  }
  const data: JsonObject = { v: value(), ...(random() < 0.5 ? { w: value() } : {}) };
  const labels = random() < 0.2 ? { labels: { tier: pick(random, ['a', 'b']) } } : {};
  return { ...mapResource(id, data, labels), ...ready, ...included };
}

/** Generates the nodes of a graph. */
export function generatedNodes(random: Random): JsonObject[] {
  const chosen = IDS.filter(() => random() < 0.4);
  const ids = chosen.length === 0 ? ['a'] : chosen;
  return ids.map((id, index) => generatedNode(random, id, ids.slice(0, index)));
}

/**
 * Generates another version of the nodes: some nodes are changed, removed or added. Nodes that read a removed node are
 * generated again.
 */
export function changedNodes(random: Random, nodes: readonly JsonObject[]): JsonObject[] {
  const ids = nodes.map(({ id }) => String(id)).filter(() => random() > 0.2);
  const added = pick(random, ADDED_IDS);
  if (random() < 0.4 && !ids.includes(added)) ids.push(added);
  if (ids.length === 0) ids.push('x');
  const kept = new Map(nodes.map((node) => [String(node['id']), node]));
  return ids.map((id, index) => {
    const former = kept.get(id);
    const text = JSON.stringify(former ?? {});
    const isWhole =
      former !== undefined && nodes.every(({ id: read }) => ids.includes(String(read)) || !reads(text, String(read)));
    return isWhole && random() > 0.4 ? former : generatedNode(random, id, ids.slice(0, index));
  });
}

const reads = (text: string, id: string): boolean => text.includes(readOf(id).slice(2, -1));
