import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type PathStep, ALLOW_BREAKING_CHANGES, Path } from '@typekro/engine/graph';
import type { Schema } from '@typekro/engine/schema';
import { isLargeInteger } from './data-code.ts';
import { isCompositionName } from '@typekro/sdk/compose';
import { asObjects, LAST_APPLIED_ANNOTATION, objectAt, withoutServerFields } from '@typekro/kit/kubernetes';

/** A part of a definition that a composition cannot express. */
export interface Inexpressible {
  /** The path of the part in the definition. */
  readonly path: string;
  readonly reason: string;
}

/** Annotations that clients write when they apply the definition. They are not a part of it. */
const OF_OTHERS: ReadonlySet<string> = new Set([LAST_APPLIED_ANNOTATION]);

/** The maximum length of a kind that an API server accepts. */
const MAX_KIND_LENGTH = 63;

const SCHEMA: ReadonlySet<string> = new Set([
  'additionalPrinterColumns',
  'apiVersion',
  'categories',
  'group',
  'kind',
  'metadata',
  'scope',
  'shortNames',
  'spec',
  'status',
  'types',
]);
const RESOURCE: ReadonlySet<string> = new Set([
  'deletionPolicy',
  'externalFields',
  'externalRef',
  'forEach',
  'id',
  'includeWhen',
  'propagateWhen',
  'readyWhen',
  'template',
]);

/**
 * Finds the parts of a definition that a composition cannot express. Also returns whether the composition needs the
 * option `allowBreakingChanges`.
 */
export function unknownParts(definition: JsonObject): {
  readonly problems: readonly Inexpressible[];
  readonly allowBreakingChanges: boolean;
} {
  const { metadata } = withoutServerFields(definition as never) as { metadata?: JsonObject };
  const annotations = objectAt(metadata, 'annotations');
  const schema = objectAt(definition, 'spec', 'schema');
  const name = objectAt(definition, 'metadata')['name'];
  const problems = [
    ...(typeof name === 'string' && isCompositionName(name)
      ? []
      : [
          {
            path: 'metadata.name',
            reason: 'the name of a composition has at most 63 lower-case letters, digits, dashes and dots',
          },
        ]),
    ...(typeof schema['kind'] === 'string' && schema['kind'].length > MAX_KIND_LENGTH
      ? [{ path: 'spec.schema.kind', reason: `it is longer than ${MAX_KIND_LENGTH} characters` }]
      : []),
    ...(schema['group'] === '' ? [{ path: 'spec.schema.group', reason: 'it is empty' }] : []),
    ...(typeof schema['apiVersion'] === 'string' && schema['apiVersion'] !== ''
      ? []
      : [{ path: 'spec.schema.apiVersion', reason: 'it is not a version such as v1alpha1' }]),
    ...unknown(schema, SCHEMA, 'spec.schema'),
    ...unknown(objectAt(definition, 'spec'), new Set(['schema', 'resources']), 'spec'),
    ...asObjects(objectAt(definition, 'spec')['resources']).flatMap((resource, index) =>
      unknown(resource, RESOURCE, `spec.resources[${index}]`),
    ),
    ...largeIntegers(objectAt(definition, 'spec')['resources'] ?? null, ['spec', 'resources']),
  ];
  return { problems, allowBreakingChanges: annotations[ALLOW_BREAKING_CHANGES] === 'true' };
}

/** The options of a composition for those parts of a definition that determine how its kind is served. */
export function servedOptions(definition: JsonObject): readonly (readonly [option: string, value: JsonValue])[] {
  const { metadata } = withoutServerFields(definition as never) as { metadata?: JsonObject };
  const schema = objectAt(definition, 'spec', 'schema');
  const annotations = Object.entries(objectAt(metadata, 'annotations')).filter(
    ([name]) => name !== ALLOW_BREAKING_CHANGES && !OF_OTHERS.has(name),
  );
  const own = { labels: objectAt(metadata, 'labels'), annotations: Object.fromEntries(annotations) };
  const options: Readonly<Record<string, JsonValue | undefined>> = {
    scope: schema['scope'] === 'Namespaced' ? undefined : schema['scope'],
    shortNames: schema['shortNames'],
    categories: schema['categories'],
    additionalPrinterColumns: schema['additionalPrinterColumns'],
    crdMetadata: withoutEmpty(objectAt(schema, 'metadata')),
    metadata: withoutEmpty(own),
  };
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined || isEmpty(value) ? [] : [[name, value] as const],
  );
}

const withoutEmpty = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value)));

function unknown(object: JsonObject, known: ReadonlySet<string>, path: string): Inexpressible[] {
  return Object.entries(object)
    .filter(([name, value]) => !known.has(name) && !isEmpty(value))
    .map(([name]) => problem(`${path}.${name}`));
}

/** Finds the integers of a schema of instances, such as defaults, that a JavaScript number cannot represent exactly. */
export function largeIntegersOfSchema(
  { properties = {}, items, additionalProperties, ...own }: Schema,
  path: readonly PathStep[] = ['spec', 'schema', 'spec'],
): Inexpressible[] {
  const values = typeof additionalProperties === 'object' ? [additionalProperties] : [];
  return [
    ...largeIntegers(own as JsonObject, path).map(({ reason }) => ({ path: Path.format(path), reason })),
    ...Object.entries(properties).flatMap(([name, field]) => largeIntegersOfSchema(field, [...path, name])),
    ...[...(items === undefined ? [] : [items]), ...values].flatMap((each) => largeIntegersOfSchema(each, path)),
  ];
}

/** Finds the integers of templates that a JavaScript number cannot represent exactly. */
function largeIntegers(value: JsonValue, path: readonly PathStep[]): Inexpressible[] {
  if (isLargeInteger(value))
    return [{ path: Path.format(path), reason: `no number of JavaScript is exactly ${value}` }];
  if (Array.isArray(value)) return value.flatMap((item, index) => largeIntegers(item, [...path, index]));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : largeIntegers(member, [...path, name]),
  );
}

const problem = (path: string): Inexpressible => ({ path, reason: 'a composition has no form for it' });

/** An empty list or map has no effect. */
const isEmpty = (value: JsonValue | undefined): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
