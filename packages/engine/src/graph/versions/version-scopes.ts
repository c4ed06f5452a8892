import { conversionEnvironment, objectSchema } from '../../conversion/conversion-language.ts';
import { type Schema, type SchemaSource, StructuralSchema } from '../../schema/index.ts';
import { rootSchema } from '../crd.ts';
import type { ConversionPlace, ExpressionScope } from '../expressions/expression-scope.ts';
import { buildSpecSchema } from '../kinds/instance-schema.ts';
import { schemasOnTheWay } from '../kinds/type-schemas.ts';
import type { PathStep } from '../model.ts';
import type { GraphFeatures } from '../options.ts';
import type { ParsedDefinition } from '../parsed-definition.ts';
import { Problems } from '../problems.ts';
import { buildVersionStatus } from './build-versions.ts';

/** The definition of the API, which may have errors, and the schemas that are known about it. */
export interface VersionScopesInput {
  readonly definition: ParsedDefinition;
  readonly hubSpec: Schema;
  /** The kinds that are known. The API itself gives the status of the hub, which is inferred. */
  readonly source: SchemaSource;
  readonly features: GraphFeatures;
}

/** The part of an entry of `versions` at a path; `undefined` for any other path. */
export function conversionPlaceAt(input: VersionScopesInput, path: readonly PathStep[]): ConversionPlace | undefined {
  const { definition, hubSpec, source, features } = input;
  const [spec, schema, versions, index, member] = path;
  if (spec !== 'spec' || schema !== 'schema' || versions !== 'versions' || typeof index !== 'number') return undefined;
  const { group, kind, apiVersion: version } = definition.schema;
  const block = definition.schema.versions[index];
  if (block === undefined) return undefined;
  const hubStatus = source.schemaOf({ group, version, kind })?.properties?.['status'] ?? ANY_OBJECT;
  const problems = new Problems();
  const ownStatus = buildVersionStatus(block, definition.name, problems);
  const status =
    ownStatus === undefined ? hubStatus : StructuralSchema.of(rootSchema({}, ownStatus)).properties?.['status'];
  const { schema: ownSpec } = buildSpecSchema(block, definition.name, features, problems);
  const hub = { version, schema: schemaOf(hubSpec, hubStatus) };
  const own = { version: block.name, schema: schemaOf(ownSpec, status ?? ANY_OBJECT) };
  if (member === 'lossy') return { member, targets: [hub, own] };
  if (member === 'convertTo') return { member, targets: [hub], scope: scopeOf(own.schema) };
  return member === 'convertFrom' ? { member, targets: [own], scope: scopeOf(hub.schema) } : undefined;
}

const ANY_OBJECT: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const schemaOf = (spec: Schema, status: Schema): Schema =>
  objectSchema({ type: 'object', properties: { spec, status } });

/** The scope of a conversion, in which `self` is the object in the source version. */
function scopeOf(self: Schema): ExpressionScope {
  const environment = conversionEnvironment(self);
  const roots = new Map([['__type_self', self]]);
  const name = { name: 'self', role: 'instance', isList: false } as const;
  return {
    names: [name],
    nameOf: (wanted) => (wanted === name.name ? name : undefined),
    check: (text) => environment.check(text),
    schemaOfType: (type) => schemasOnTheWay(type, roots)?.at(-1),
    schemaOfName: (wanted) => (wanted === name.name ? self : undefined),
  };
}
