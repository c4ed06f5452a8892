import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type Schema, SimpleSchema } from '../../schema/index.ts';
import type { SimpleColumn, SimpleReplicas } from '../../schema/simple/simple-columns.ts';
import type { SimpleRule, SimpleSchemaOptions } from '../../schema/simple/simple-schema.ts';
import type { PathStep } from '../model.ts';
import type { ParsedDefinition, SchemaBlock } from '../parsed-definition.ts';
import { type Problems, mapDefined } from '../problems.ts';
import type { GraphFeatures } from '../options.ts';

/** The OpenAPI schema of the author's `spec`. */
export interface SpecSchema {
  readonly schema: Schema;
  /** Is `spec` free of errors? If not, `schema` accepts any value for the fields with errors. */
  readonly complete: boolean;
  /** The printer columns of the markers `printColumn`; empty when there were errors. */
  readonly columns: readonly JsonObject[];
  /** The fields with the marker `scale`; empty when there were errors. */
  readonly replicas: readonly SimpleReplicas[];
  /** The CEL rules of `spec`; empty when there were errors. */
  readonly rules: readonly SimpleRule[];
}

const PRINT = ['printColumn'] as const;
const SCALE = ['scale'] as const;

/** A `spec` in SimpleSchema with its custom types, and the path of the block that has both. */
export interface SpecBlock extends Pick<SchemaBlock, 'spec' | 'types'> {
  readonly path: readonly PathStep[];
  /** The name of the block with the fields, if it is not `spec`. */
  readonly member?: string;
}

/** The block of the hub, which the resources of the definition read. */
export const hubBlock = ({ schema }: ParsedDefinition): SpecBlock => ({ ...schema, path: ['spec', 'schema'] });

/** Builds the schema of the author's `spec`. Reports errors, as those of the definition with this name. */
export function buildSpecSchema(
  { spec, types, path: root, member = 'spec' }: SpecBlock,
  name: string,
  features: GraphFeatures,
  problems: Problems,
): SpecSchema {
  const options: SimpleSchemaOptions = {
    gated: [...(features.printColumn === true ? PRINT : []), ...(features.scale === true ? SCALE : [])],
  };
  const result = SimpleSchema.parse(spec ?? {}, types ?? {}, options);
  if (result.ok) {
    const columns = mapDefined(result.columns, (column) => printerColumn(column, root, problems));
    return { schema: result.schema, complete: true, rules: result.rules, columns, replicas: result.replicas };
  }
  for (const error of result.errors) {
    const decoding = error.code === 'simpleschema/not-a-map';
    const prefix = `failed to build resourcegraphdefinition "${name}": `;
    const step = decoding ? '' : 'failed to build OpenAPI schema for instance: ';
    const [block, ...steps] = error.path;
    const path = [...root, ...(block === undefined ? [] : [block === 'spec' ? member : block]), ...steps];
    problems.error({
      phase: error.unwritable === true ? 'beyond' : 'instanceSchema',
      code: error.code,
      message: error.words ?? error.message,
      hint: error.hint,
      place: error.offset === undefined ? { path, key: true } : { path, offset: error.offset },
      ...(error.unwritable === true ? {} : { kro: prefix + step + error.message }),
    });
  }
  return {
    schema: SimpleSchema.recover(spec, types ?? {}, options),
    complete: false,
    rules: [],
    columns: [],
    replicas: [],
  };
}

/** A member name that can be in a simple JSON path. */
export const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The printer column of a marker. Reports a problem and returns undefined when its field has no simple JSON path. */
function printerColumn(
  { name, type, steps, path, offset }: SimpleColumn,
  root: readonly PathStep[],
  problems: Problems,
): JsonObject | undefined {
  const odd = steps.find((step) => !PLAIN_NAME.test(step));
  if (odd === undefined) return { name, type, jsonPath: `.spec.${steps.join('.')}` };
  problems.error({
    phase: 'instanceSchema',
    code: 'graph/print-column',
    message: `the column "${name}" cannot show spec.${steps.join('.')}: its path has the name "${odd}"`,
    hint: 'use letters, digits and _ in the names on the path, or write the column in additionalPrinterColumns',
    place: { path: [...root, ...path], offset },
  });
  return undefined;
}

const BY_NAME = new Set(['properties', 'patternProperties', 'definitions']);
const SINGLE = new Set(['items', 'additionalProperties', 'not']);
const LISTS = new Set(['allOf', 'anyOf', 'oneOf']);

/**
 * Converts a schema, of which no part contains itself, to plain JSON. The result contains a copy of a custom type at
 * each use, because only SimpleSchema can share custom types.
 */
export function schemaToJson(schema: Schema): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (const [key, value] of Object.entries(schema as Readonly<Record<string, unknown>>)) {
    if (value === undefined) continue;
    if (BY_NAME.has(key)) {
      const members = Object.entries(value as Record<string, Schema>);
      entries.push([key, Object.fromEntries(members.map(([name, member]) => [name, schemaToJson(member)]))]);
    } else if (SINGLE.has(key) && isJsonObject(value)) entries.push([key, schemaToJson(value)]);
    else if (LISTS.has(key)) entries.push([key, (value as Schema[]).map(schemaToJson)]);
    else entries.push([key, value as JsonValue]);
  }
  return Object.fromEntries(entries);
}
