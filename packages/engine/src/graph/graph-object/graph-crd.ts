import type { JsonObject, KubeObject } from '@typekro/kit/core';

/** Name of the CRD of Graphs. */
export const GRAPH_CRD = 'graphs.kro.run';

/** The kind Graph, as in URLs. */
export const GRAPH_TYPE = {
  group: 'kro.run',
  version: 'v1alpha1',
  kind: 'Graph',
  plural: 'graphs',
  namespaced: true,
} as const;

/** The kind Graph, as in manifests. */
export const GRAPH_KIND = { apiVersion: 'kro.run/v1alpha1', kind: 'Graph' } as const;

const string: JsonObject = { type: 'string' };
const strings: JsonObject = { type: 'array', items: string };
const freeForm: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** The maximum length of a name of a ServiceAccount, as in Kubernetes. */
export const MAX_ACCOUNT_NAME_LENGTH = 253;

/** The pattern of a ServiceAccount's name. */
export const ACCOUNT_NAME = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';

/** The maximum number of entries of `status.managedResources`. */
export const MAX_MANAGED_RESOURCES = 5000;

/** The CRD of Graphs, with the schema of kro 0.10. */
export function graphCrd(): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: GRAPH_CRD },
    spec: {
      group: 'kro.run',
      names: { kind: 'Graph', listKind: 'GraphList', plural: 'graphs', singular: 'graph' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              required: ['spec'],
              properties: {
                apiVersion: string,
                kind: string,
                metadata: { type: 'object' },
                spec: graphSpec(),
                status: graphStatus(),
              },
            },
          },
          additionalPrinterColumns: [
            { name: 'READY', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
            { name: 'AGE', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
          subresources: { status: {} },
        },
      ],
    },
  };
}

function graphSpec(): JsonObject {
  return {
    type: 'object',
    required: ['nodes'],
    properties: {
      serviceAccountName: { type: 'string', maxLength: MAX_ACCOUNT_NAME_LENGTH, pattern: ACCOUNT_NAME },
      nodes: {
        type: 'array',
        minItems: 1,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['id'],
        items: graphNode(),
      },
    },
  };
}

/**
 * The schema does not cover the nodes of subgraphs, because a schema cannot contain itself. The compiler checks these
 * nodes.
 */
function graphNode(): JsonObject {
  return {
    type: 'object',
    required: ['id'],
    properties: {
      id: { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9]*$' },
      template: freeForm,
      def: freeForm,
      patch: freeForm,
      graph: freeForm,
      ref: externalObject(),
      includeWhen: strings,
      readyWhen: strings,
      forEach: {
        type: 'array',
        items: { type: 'object', additionalProperties: string, minProperties: 1, maxProperties: 1 },
      },
    },
    'x-kubernetes-validations': [
      {
        rule: '[has(self.template), has(self.ref), has(self.def), has(self.graph), has(self.patch)].exists_one(x, x)',
        message: 'exactly one of template, ref, def, graph, patch must be set',
      },
    ],
  };
}

/**
 * The schema of a reference to an object, in definitions and in Graphs. The selector is an object, or one expression
 * that returns an object. The schema checks neither the selector nor that exactly one of selector and name is set. The
 * compiler checks both.
 */
export function externalObject(): JsonObject {
  return {
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata'],
    properties: {
      apiVersion: string,
      kind: string,
      metadata: {
        type: 'object',
        properties: {
          name: { type: 'string', minLength: 1 },
          namespace: string,
          selector: { 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
  };
}

/** The schema of an entry of `status.conditions`. */
export function conditionSchema(): JsonObject {
  return {
    type: 'object',
    required: ['type', 'status'],
    properties: {
      type: string,
      status: string,
      reason: string,
      message: string,
      lastTransitionTime: { type: 'string', format: 'date-time' },
      observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
    },
  };
}

function graphStatus(): JsonObject {
  return {
    type: 'object',
    properties: {
      appliedServiceAccount: string,
      conditions: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
        items: conditionSchema(),
      },
      managedResources: {
        type: 'array',
        maxItems: MAX_MANAGED_RESOURCES,
        items: {
          type: 'object',
          required: ['apiVersion', 'kind', 'name', 'nodeID'],
          properties: {
            nodeID: string,
            apiVersion: string,
            kind: string,
            namespace: string,
            name: string,
            uid: string,
          },
        },
      },
      contributions: {
        type: 'array',
        items: {
          type: 'object',
          required: ['apiVersion', 'fieldManager', 'kind', 'name'],
          properties: {
            apiVersion: string,
            kind: string,
            namespace: string,
            name: string,
            subresource: string,
            fieldManager: string,
          },
        },
      },
    },
  };
}
