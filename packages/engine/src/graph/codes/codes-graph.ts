import type { CodeInfo } from '@typekro/kit/core';
import { error } from './codes-example.ts';

/** A Graph with these entries of `spec.nodes`. */
const withNodes = (nodes: string): string =>
  `apiVersion: kro.run/v1alpha1\nkind: Graph\nmetadata: {name: example, namespace: default}\nspec:\n  nodes:\n${nodes
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('')}`;

const MAP = 'apiVersion: v1, kind: ConfigMap';

/** Codes of the problems that Graphs can have, and that definitions cannot have. */
export const graphCodes: readonly CodeInfo[] = [
  error(
    'graph/invalid-graph',
    'A part of a Graph has the wrong JSON type, or is not allowed by the CRD of Graphs.',
    withNodes('- id: a\n  def: {k: v}\n  includeWhen: yes'),
    'Write the part as the reference of the kind Graph shows it.',
  ),
  error(
    'graph/no-nodes',
    'A Graph or a subgraph has no nodes.',
    withNodes('- id: a\n  graph: {nodes: []}'),
    'Add at least one node, or remove the subgraph.',
  ),
  error(
    'graph/node-payload',
    'A node does not have exactly one of template, ref, def, graph and patch, or it has a field that does not belong to its kind of node.',
    withNodes('- id: a'),
    'Give each node one of the five. A ref has no forEach; a subgraph has neither forEach nor conditions.',
  ),
  error(
    'graph/unknown-node-field',
    'A node or a subgraph has a field that Graphs do not have.',
    withNodes(`- id: a\n  templat: {${MAP}, metadata: {name: a}}`),
    'Correct the name of the field, or remove it.',
  ),
  error(
    'graph/iterator-shape',
    'An entry of forEach does not have exactly one name with its list.',
    withNodes(
      `- {id: d, def: {l: [a]}}\n- id: a\n  forEach:\n    - {x: "\${d.l}", z: "\${d.l}"}\n  template: {${MAP}, metadata: {name: "\${x}"}}`,
    ),
    'Write one entry for each dimension: - NAME: ${LIST}.',
  ),
  error(
    'graph/patch-target',
    'A patch does not name the object that it changes.',
    withNodes(`- id: a\n  patch: {${MAP}, metadata: {}, data: {k: v}}`),
    'Add metadata.name.',
  ),
  error(
    'graph/patch-metadata',
    'A patch sets metadata that only the owner of an object may set.',
    withNodes(`- id: a\n  patch: {${MAP}, metadata: {name: a, finalizers: []}, data: {k: v}}`),
    'Remove ownerReferences, finalizers, deletionTimestamp and uid, or make the object with a template.',
  ),
  error(
    'graph/patch-endpoint',
    'A patch sets the status and other fields. The API server has one endpoint for the status and another one for the other fields.',
    withNodes(
      '- id: a\n  patch: {apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {paused: true}, status: {replicas: 1}}',
    ),
    'Make one patch for the status and one for the other fields.',
  ),
  error(
    'graph/patch-empty',
    'A patch sets no field.',
    withNodes(`- id: a\n  patch: {${MAP}, metadata: {name: a}}`),
    'Add the fields that the patch sets, or read the object with ref.',
  ),
  error(
    'graph/patch-read',
    'An expression reads a patch, which has no value.',
    withNodes(
      `- id: p\n  patch: {${MAP}, metadata: {name: p}, data: {k: v}}\n- id: a\n  template: {${MAP}, metadata: {name: "\${p.metadata.name}"}}`,
    ),
    'Read the object with a ref node.',
  ),
  error(
    'graph/mixed-frames',
    'One expression reads nodes of a subgraph and nodes outside of the subgraph.',
    withNodes(
      `- {id: o, def: {k: v}}\n- id: s\n  graph:\n    nodes:\n      - {id: i, def: {k: v}}\n      - {id: a, template: {${MAP}, metadata: {name: "\${o.k + i.k}"}}}`,
    ),
    'Copy the outer value into a def of the subgraph, and read the def.',
  ),
];
