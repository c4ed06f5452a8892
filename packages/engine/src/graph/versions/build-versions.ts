import type { JsonObject } from '@typekro/kit/core';
import type { ConversionProgram, VersionRules } from '../../conversion/conversion-program.ts';
import { objectSchema } from '../../conversion/conversion-language.ts';
import { type Schema, StructuralSchema } from '../../schema/index.ts';
import { rootSchema } from '../crd.ts';
import { buildSpecSchema, schemaToJson } from '../kinds/instance-schema.ts';
import type { GraphFeatures } from '../options.ts';
import type { ParsedDefinition, VersionBlock } from '../parsed-definition.ts';
import type { Problems } from '../problems.ts';
import { checkConversion } from './check-conversion.ts';
import { readLossy, readRules } from './read-rules.ts';
import { checkVersionBlocks } from './check-version-blocks.ts';

/** A version of an API beside the hub. */
export interface ApiVersion {
  readonly block: VersionBlock;
  readonly spec: JsonObject;
  /** The properties of the status; undefined when they are those of the hub. */
  readonly status: JsonObject | undefined;
  /** The printer columns of `printColumn` markers. */
  readonly columns: readonly JsonObject[];
}

/** The versions of an API beside the hub, and the conversions between them and the hub. */
export interface ApiVersions {
  readonly versions: readonly ApiVersion[];
  readonly program: ConversionProgram;
}

/** The schemas of the hub: that of the author's spec, and the inferred properties of the status. */
export interface HubSchemas {
  readonly spec: Schema;
  readonly status: JsonObject;
}

/**
 * Builds the versions of `spec.schema.versions` and checks their conversions: the types of both sides, required fields,
 * and fields that are lost. Undefined for an API of one version. Reports all errors.
 */
export function buildVersions(
  definition: ParsedDefinition,
  hub: HubSchemas,
  features: GraphFeatures,
  problems: Problems,
): ApiVersions | undefined {
  const { versions: blocks, apiVersion } = definition.schema;
  if (blocks.length === 0 || !checkVersionBlocks(definition, features, problems)) return undefined;
  const hubSchema = objectSchema(StructuralSchema.of(rootSchema(schemaToJson(hub.spec), hub.status)));
  const rules: [string, VersionRules][] = [];
  const versions = blocks.map((block): ApiVersion => {
    const { name, path } = block;
    const errors = problems.errors;
    const spec = buildSpecSchema(block, definition.name, features, problems);
    const status = buildVersionStatus(block, definition.name, problems);
    const own = { block, spec: schemaToJson(spec.schema), status, columns: spec.columns };
    if (problems.errors > errors) return own;
    const schema = objectSchema(StructuralSchema.of(rootSchema(own.spec, status ?? hub.status)));
    const lossy = readLossy(block, [hubSchema, schema], problems);
    const check = (to: 'convertTo' | 'convertFrom') => {
      const names = to === 'convertTo' ? { from: name, to: apiVersion } : { from: apiVersion, to: name };
      const schemas = to === 'convertTo' ? { from: schema, to: hubSchema } : { from: hubSchema, to: schema };
      const before = problems.errors;
      const written = readRules(block[to], [...path, to], problems);
      const place = block[to] === undefined ? { path } : { path: [...path, to], key: true };
      return checkConversion(written, { names, schemas, lossy, member: to, place }, problems, before);
    };
    rules.push([name, { toHub: check('convertTo'), fromHub: check('convertFrom'), lossy }]);
    return own;
  });
  return { versions, program: { hub: apiVersion, versions: Object.fromEntries(rules) } };
}

/** The properties of a version's own status, which is written in SimpleSchema. */
export function buildVersionStatus(
  { status, types, path }: VersionBlock,
  name: string,
  problems: Problems,
): JsonObject | undefined {
  if (status === undefined) return undefined;
  const { schema } = buildSpecSchema({ spec: status, types, path, member: 'status' }, name, {}, problems);
  return schemaToJson(schema)['properties'] as JsonObject | undefined;
}
