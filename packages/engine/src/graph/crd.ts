import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { type ConversionProgram, CONVERSIONS_ANNOTATION, printProgram } from '../conversion/conversion-program.ts';
import { pluralize } from '../schema/index.ts';
import type { SchemaBlock, VersionBlock } from './parsed-definition.ts';

const STRING: JsonObject = { type: 'string' };

/** The schema of `status.conditions`, which kro adds. */
const CONDITIONS: JsonObject = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      type: STRING,
      status: STRING,
      reason: STRING,
      message: STRING,
      lastTransitionTime: STRING,
      observedGeneration: { type: 'integer' },
    },
  },
};

/**
 * The annotation with which a definition allows changes of its CRD that can break existing instances. Only the value
 * `true` allows them.
 */
export const ALLOW_BREAKING_CHANGES = 'kro.run/allow-breaking-changes';

const textFields = (...names: readonly string[]): JsonObject => Object.fromEntries(names.map((name) => [name, STRING]));

/** The name of the field of `status` that has the record of objects. */
export const OBJECT_RECORD = 'graph';

/** The schema of `status.graph`: the record of the objects of an instance. */
export const OBJECT_RECORD_SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    state: STRING,
    observedGeneration: { type: 'integer', format: 'int64' },
    resources: {
      type: 'array',
      'x-kubernetes-list-type': 'atomic',
      items: {
        type: 'object',
        required: ['id', 'nodeType', 'apiVersion', 'kind'],
        properties: {
          ...textFields('id', 'apiVersion', 'kind', 'namespace', 'name', 'uid', 'selector'),
          nodeType: { type: 'string', enum: ['Resource', 'External', 'Collection', 'ExternalCollection'] },
          revision: { type: 'integer', format: 'int64' },
        },
      },
    },
  },
};

const DEFAULT_COLUMNS: JsonObject[] = [
  {
    name: 'State',
    type: 'string',
    description: 'The state of a ResourceGraphDefinition instance',
    jsonPath: '.status.state',
  },
  {
    name: 'Ready',
    type: 'string',
    description: 'Whether a ResourceGraphDefinition instance is ready',
    jsonPath: '.status.conditions[?(@.type=="Ready")].status',
  },
  { name: 'Age', type: 'date', description: 'Age of the resource', jsonPath: '.metadata.creationTimestamp' },
];

/** The plural name of the instance kind, according to kro's rules. */
export function instancePlural(kind: string): string {
  return pluralize(kind.toLowerCase());
}

/** The parts of a CRD beside the schemas of the hub. */
interface CrdParts {
  /** The printer columns of `printColumn` markers. */
  readonly columns: readonly JsonObject[];
  readonly scale: JsonObject | undefined;
  /** The other versions of the API, with their conversions; undefined for an API of one version. */
  readonly api: ApiVersions | undefined;
}

/** The versions of an API beside the hub. */
export interface ApiVersions {
  readonly versions: readonly {
    readonly block: VersionBlock;
    readonly spec: JsonObject;
    readonly status: JsonObject | undefined;
    readonly columns: readonly JsonObject[];
  }[];
  readonly program: ConversionProgram;
}

/**
 * The CustomResourceDefinition of a definition's API, without the labels that the controller adds. `spec` is the schema
 * of the author's fields, and `status` has the inferred properties of the status. `columns` are the printer columns of
 * `printColumn` markers; they come after the author's columns or the default columns. `scale` is the value of
 * `subresources.scale`; undefined if the kind does not have this subresource.
 */
export function buildCrd(
  schema: SchemaBlock,
  spec: JsonObject,
  status: JsonObject,
  { columns, scale, api }: CrdParts,
): KubeObject {
  const { kind, group, scope } = schema;
  const plural = instancePlural(kind);
  const conversions = api === undefined ? {} : { [CONVERSIONS_ANNOTATION]: printProgram(api.program) };
  const annotations = { ...schema.annotations, ...conversions };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      ...(isEmpty(schema.labels) ? {} : { labels: { ...schema.labels } }),
      ...(isEmpty(annotations) ? {} : { annotations }),
    },
    spec: {
      group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        ...(schema.shortNames.length === 0 ? {} : { shortNames: [...schema.shortNames] }),
        ...(schema.categories.length === 0 ? {} : { categories: [...schema.categories] }),
      },
      scope,
      versions: [
        {
          name: schema.apiVersion,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: rootSchema(spec, status) },
          subresources: { status: {}, ...(scale === undefined ? {} : { scale }) },
          additionalPrinterColumns: [...printerColumns(schema.additionalPrinterColumns), ...columns],
        },
        ...(api?.versions ?? []).map(({ block, ...own }) => ({
          name: block.name,
          served: block.served,
          storage: false,
          ...(block.deprecated ? { deprecated: true } : {}),
          ...(block.deprecationWarning === '' ? {} : { deprecationWarning: block.deprecationWarning }),
          schema: { openAPIV3Schema: rootSchema(own.spec, own.status ?? status) },
          subresources: { status: {} },
          additionalPrinterColumns: [...printerColumns(block.additionalPrinterColumns), ...own.columns],
        })),
      ],
    },
  };
}

function isEmpty(map: Readonly<Record<string, string>>): boolean {
  return Object.keys(map).length === 0;
}

/** The schema of a whole instance: the author's spec, and the status with the fields that kro adds. */
export function rootSchema(spec: JsonObject, status: JsonObject): JsonObject {
  return {
    type: 'object',
    properties: {
      apiVersion: STRING,
      kind: STRING,
      metadata: { type: 'object' },
      spec,
      status: { type: 'object', properties: { state: STRING, ...status, conditions: CONDITIONS } },
    },
  };
}

/** The printer columns of the author. The default columns are used only if the author has none. */
function printerColumns(columns: readonly JsonObject[]): JsonObject[] {
  if (columns.length === 0) return DEFAULT_COLUMNS;
  return columns.map((column) => ({
    name: column['name'] ?? '',
    type: column['type'] ?? '',
    jsonPath: column['jsonPath'] ?? '',
    ...pick(column, 'format', ''),
    ...pick(column, 'description', ''),
    ...pick(column, 'priority', 0),
  }));
}

function pick(column: JsonObject, key: string, empty: JsonValue): JsonObject {
  const value = Object.hasOwn(column, key) ? column[key] : undefined;
  return value === undefined || value === null || value === empty ? {} : { [key]: value };
}
