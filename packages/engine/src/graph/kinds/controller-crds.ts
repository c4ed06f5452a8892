import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { externalObject, graphCrd, conditionSchema } from '../graph-object/graph-crd.ts';

const string: JsonObject = { type: 'string' };
const strings: JsonObject = { type: 'array', items: string };
const freeForm: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const ANYTHING: JsonObject = { 'x-kubernetes-preserve-unknown-fields': true };
const stringMap: JsonObject = { type: 'object', additionalProperties: string };

/**
 * kro's CRDs: of definitions, of their revisions, and of Graphs. As in kro 0.10, the CRD of Graphs is included even if
 * the controller runs without the feature gate `GraphKind`.
 */
export function controllerCrds(): KubeObject[] {
  return [definitionCrd(), revisionCrd(), graphCrd()];
}

function definitionCrd(): KubeObject {
  return crd({
    name: 'resourcegraphdefinitions.kro.run',
    group: 'kro.run',
    kind: 'ResourceGraphDefinition',
    shortName: 'rgd',
    columns: [
      column('APIVERSION', 'string', '.spec.schema.apiVersion'),
      column('KIND', 'string', '.spec.schema.kind'),
      column('STATE', 'string', '.status.state'),
      column('READY', 'string', '.status.conditions[?(@.type=="Ready")].status'),
      { ...column('TOPOLOGICALORDER', 'string', '.status.topologicalOrder'), priority: 1 },
      column('AGE', 'date', '.metadata.creationTimestamp'),
    ],
    spec: definitionSpec(),
    status: {
      ...resourceStatus(),
      state: string,
      lastIssuedRevision: { type: 'integer', format: 'int64' },
      migration: migrationStatus(),
    },
    selectableFields: [],
  });
}

function revisionCrd(): KubeObject {
  return crd({
    name: 'graphrevisions.internal.kro.run',
    group: 'internal.kro.run',
    kind: 'GraphRevision',
    shortName: 'gr',
    columns: [
      { ...column('RGD', 'string', '.spec.snapshot.name'), priority: 1 },
      column('REVISION', 'integer', '.spec.revision'),
      { ...column('HASH', 'string', '.metadata.labels.kro\\.run/graph-revision-hash'), priority: 1 },
      column('READY', 'string', '.status.conditions[?(@.type=="Ready")].status'),
      column('AGE', 'date', '.metadata.creationTimestamp'),
    ],
    spec: {
      type: 'object',
      required: ['revision', 'snapshot'],
      properties: {
        revision: { type: 'integer', format: 'int64', minimum: 1 },
        snapshot: {
          type: 'object',
          required: ['name', 'spec'],
          properties: { name: string, generation: { type: 'integer', format: 'int64' }, spec: definitionSpec() },
        },
      },
      'x-kubernetes-validations': [rule('self == oldSelf', 'spec is immutable')],
    },
    status: resourceStatus(),
    selectableFields: [{ jsonPath: '.spec.snapshot.name' }],
  });
}

interface CrdParts {
  readonly name: string;
  readonly group: string;
  readonly kind: string;
  readonly shortName: string;
  readonly columns: JsonObject[];
  readonly spec: JsonObject;
  readonly status: JsonObject;
  readonly selectableFields: JsonObject[];
}

function crd(parts: CrdParts): KubeObject {
  const plural = parts.name.slice(0, parts.name.indexOf('.'));
  const schema: JsonObject = {
    type: 'object',
    properties: {
      apiVersion: string,
      kind: string,
      metadata: { type: 'object' },
      spec: parts.spec,
      status: { type: 'object', properties: parts.status },
    },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: parts.name },
    spec: {
      group: parts.group,
      names: {
        kind: parts.kind,
        listKind: `${parts.kind}List`,
        plural,
        singular: parts.kind.toLowerCase(),
        shortNames: [parts.shortName],
      },
      scope: 'Cluster',
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          additionalPrinterColumns: parts.columns,
          ...(parts.selectableFields.length === 0 ? {} : { selectableFields: parts.selectableFields }),
          subresources: { status: {} },
        },
      ],
    },
  };
}

/** The progress of the writes after a change of the stored version, or before the removal of versions. */
function migrationStatus(): JsonObject {
  const number: JsonObject = { type: 'integer', format: 'int64' };
  const properties = { to: string, migrated: number, total: number, after: string, removing: string };
  return { type: 'object', properties };
}

function definitionSpec(): JsonObject {
  return {
    type: 'object',
    required: ['schema'],
    properties: { schema: graphSchema(), resources: { type: 'array', items: resource() }, propagateWhen: strings },
  };
}

function graphSchema(): JsonObject {
  const shortNames: JsonObject = {
    type: 'array',
    maxItems: 32,
    items: { type: 'string', maxLength: 63, pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$' },
    'x-kubernetes-list-type': 'set',
  };
  return {
    type: 'object',
    required: ['apiVersion', 'kind', 'scope'],
    properties: {
      kind: { type: 'string', pattern: '^[A-Z][a-zA-Z0-9]{0,62}$', ...immutable('kind') },
      apiVersion: versionName(),
      group: { type: 'string', default: 'kro.run', ...immutable('group') },
      scope: { type: 'string', default: 'Namespaced', enum: ['Namespaced', 'Cluster'], ...immutable('scope') },
      spec: freeForm,
      types: freeForm,
      status: freeForm,
      additionalPrinterColumns: { type: 'array', items: printerColumn() },
      versions: {
        type: 'array',
        maxItems: MAX_VERSIONS,
        items: apiVersion(),
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      },
      shortNames,
      categories: shortNames,
      metadata: { type: 'object', properties: { labels: stringMap, annotations: stringMap } },
    },
    'x-kubernetes-validations': [
      {
        // The definition before may never have been served. With versions, the controller therefore decides by the CRD.
        ...rule(
          'self.apiVersion == oldSelf.apiVersion || (has(self.versions) && size(self.versions) > 0) || (has(oldSelf.versions) && size(oldSelf.versions) > 0)',
          'apiVersion is immutable: to change it, also to a former version, list the present one in versions, with its conversion',
        ),
        fieldPath: '.apiVersion',
      },
    ],
  };
}

/** The maximum number of versions beside the hub. The API server needs a limit to estimate the cost of the rule. */
const MAX_VERSIONS = 32;

const versionName = (): JsonObject => ({
  type: 'string',
  maxLength: 63,
  pattern: '^v[0-9]+(alpha[0-9]+|beta[0-9]+)?$',
});

/** An entry of `versions`: a version of the API that is converted to the hub and from it. */
function apiVersion(): JsonObject {
  const boolean: JsonObject = { type: 'boolean' };
  return {
    type: 'object',
    required: ['name'],
    properties: {
      name: versionName(),
      served: boolean,
      deprecated: boolean,
      deprecationWarning: { type: 'string', maxLength: 256 },
      spec: freeForm,
      types: freeForm,
      status: freeForm,
      additionalPrinterColumns: { type: 'array', items: printerColumn() },
      convertTo: ANYTHING,
      convertFrom: ANYTHING,
      lossy: strings,
    },
  };
}

function printerColumn(): JsonObject {
  return {
    type: 'object',
    required: ['jsonPath', 'name', 'type'],
    properties: {
      name: string,
      type: string,
      jsonPath: string,
      description: string,
      format: string,
      priority: { type: 'integer', format: 'int32' },
    },
  };
}

function resource(): JsonObject {
  return {
    type: 'object',
    required: ['id'],
    properties: {
      id: string,
      template: freeForm,
      externalRef: externalObject(),
      variable: freeForm,
      optional: { type: 'boolean' },
      deletionPolicy: { type: 'string', enum: ['Delete', 'Orphaned'] },
      externalFields: strings,
      readyWhen: strings,
      includeWhen: strings,
      propagateWhen: strings,
      forEach: {
        type: 'array',
        items: { type: 'object', additionalProperties: string, minProperties: 1, maxProperties: 1 },
      },
    },
    'x-kubernetes-validations': [
      rule(
        'has(self.variable) || has(self.template) != has(self.externalRef)',
        'exactly one of template or externalRef must be provided',
      ),
      rule(
        '!has(self.variable) || !(has(self.template) || has(self.externalRef))',
        'variable cannot be combined with template or externalRef',
      ),
      rule('!has(self.optional) || has(self.template)', 'optional can only be set with a template'),
      rule('!has(self.externalFields) || has(self.template)', 'externalFields can only be set with a template'),
      rule('!has(self.deletionPolicy) || has(self.template)', 'deletionPolicy can only be set with a template'),
    ],
  };
}

/** The common part of the status of definitions and of revisions. */
function resourceStatus(): JsonObject {
  return {
    topologicalOrder: strings,
    deferredResources: strings,
    resources: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          id: string,
          dependencies: { type: 'array', items: { type: 'object', properties: { id: string } } },
        },
      },
    },
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: conditionSchema(),
    },
  };
}

function immutable(name: string): JsonObject {
  return { 'x-kubernetes-validations': [rule('self == oldSelf', `${name} is immutable`)] };
}

function rule(expression: string, message: string): JsonObject {
  return { rule: expression, message };
}

function column(name: string, type: string, jsonPath: string): JsonObject {
  return { name, type, jsonPath };
}
