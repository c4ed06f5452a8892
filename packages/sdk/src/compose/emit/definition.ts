import type { Diagnostic, JsonObject } from '@typekro/kit/core';
import { ALLOW_BREAKING_CHANGES } from '@typekro/engine/graph';
import { objectAt } from '@typekro/kit/kubernetes';
import { type Schema, SimpleSchema } from '@typekro/engine/schema';
import type { SimpleBlock } from '../../notations/simple-emit-names.ts';
import { toSimpleSchema } from '../../notations/simple-emit.ts';
import { specType } from '../library/schema-type.ts';
import type { Target } from '../public-types.ts';
import type { ServedParts } from '../served-kind.ts';
import { unusableSchema } from '../schemas.ts';
import type { ResourceRecord, ValidationRecord } from '../trace/records.ts';
import { type Refusal, type Site, failureOf } from '../refusal/refusal.ts';
import { ExpressionWriter } from './expression-writer.ts';
import { isHoisted, withoutHoisted } from './hoist.ts';
import { assertPlainData } from './plain-data.ts';
import { resourceEntry } from './resource-entry.ts';
import { statusFields } from './status-fields.ts';
import { type FieldRulesOut, fieldRules } from './field-rules.ts';
import type { Variants } from './variants.ts';

/** Names and versions of a definition, with defaults filled in. */
export interface DefinitionNames {
  readonly name: string;
  readonly group: string | undefined;
  readonly version: string;
  readonly kind: string;
}

/** The results of tracing a composition. */
export interface TracedGraph {
  readonly names: DefinitionNames;
  readonly served: ServedParts;
  readonly spec: Schema;
  readonly records: readonly ResourceRecord[];
  readonly status: unknown;
  /**
   * The fields of the declared status; `undefined` when no status is declared, or the declared status may have
   * additional fields.
   */
  readonly declaredStatus: readonly string[] | undefined;
  /** The position in code of the returned status. */
  readonly statusSite: Site;
  readonly validations: readonly ValidationRecord[];
  readonly schemaOf: (record: ResourceRecord) => Schema | undefined;
  readonly allowBreakingChanges: boolean;
  readonly fieldValidations: Readonly<Record<string, string>>;
}

/** Writes the ResourceGraphDefinition of a graph. Does not throw a refusal, but appends it to `refusals`. */
export function writeDefinition(
  graph: TracedGraph,
  variants: Variants,
  target: Target,
  refusals: Refusal[],
): { readonly definition: JsonObject; readonly diagnostics: readonly Diagnostic[] } {
  const { records } = variants;
  const ids = new Set(records.map((record) => record.id));
  const writer = new ExpressionWriter(ids, target);
  const statusWriter = new ExpressionWriter(ids, target, new Map(), variants.expand);
  const names = { ids, records, schemaOf: graph.schemaOf, target, writer };
  const collect = <T>(work: () => T, site: ResourceRecord['site'] | undefined): T | undefined => {
    try {
      return work();
    } catch (error) {
      const refusal = failureOf(error);
      if (refusal === undefined) throw error;
      refusal.site ??= site;
      refusals.push(refusal);
      return undefined;
    }
  };
  const resources = [...records]
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .map((record) => collect(() => plainPart(resourceEntry(record, names), record.id), record.site))
    .filter((entry) => entry !== undefined);
  const status = collect(() => plainPart(statusFields(graph.status, statusWriter), 'status'), graph.statusSite) ?? {};
  const kept = target === 'stock' ? withoutHoisted(resources, status, hoistedIds(records)) : resources;
  const rules = collect(() => fieldRules(graph.validations, target, ids), undefined);
  const simple = simpleSchema(graph, rules);
  const { name, group, version, kind } = graph.names;
  const schema: JsonObject = {
    apiVersion: version,
    ...(group === undefined ? {} : { group }),
    kind,
    ...graph.served.schema,
    spec: simple.spec,
    ...(Object.keys(simple.types).length === 0 ? {} : { types: simple.types }),
    ...(Object.keys(status).length === 0 ? {} : { status }),
  };
  const metadata: JsonObject = { name, ...graph.served.metadata };
  if (graph.allowBreakingChanges)
    metadata['annotations'] = { ...objectAt(metadata, 'annotations'), [ALLOW_BREAKING_CHANGES]: 'true' };
  return {
    definition: {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata,
      spec: { resources: kept, schema },
    },
    diagnostics: simple.diagnostics,
  };
}

/** Checks that a part of the definition is plain data, and returns the part. */
function plainPart(part: JsonObject, name: string): JsonObject {
  assertPlainData(part, name);
  return part;
}

/** Ids of the Namespace resources that are applied before the instance. */
export function hoistedIds(records: readonly ResourceRecord[]): ReadonlySet<string> {
  return new Set(records.filter(isHoisted).map((record) => record.id));
}

/**
 * The schema by which the API server of a definition checks the spec of an instance, without the preconditions of the
 * composition. The SDK checks specs with this schema, too.
 *
 * @throws CompositionError for a part of the schema that SimpleSchema cannot express.
 */
export function specSchemaOf(graph: Pick<TracedGraph, 'spec' | 'fieldValidations'>): Schema {
  const { spec, types } = simpleSchema(graph, undefined);
  const parsed = SimpleSchema.parse(spec, types);
  if (parsed.ok) return parsed.schema;
  throw unusableSchema(
    'spec',
    parsed.errors.map(({ code, message }) => ({ code, severity: 'error', message })),
  );
}

/**
 * The spec as SimpleSchema, with the validations of the graph. A number of the spec that flows into an integer field
 * becomes an integer.
 *
 * @throws CompositionError for a part of the schema that SimpleSchema cannot express.
 */
function simpleSchema(
  { spec, fieldValidations }: Pick<TracedGraph, 'spec' | 'fieldValidations'>,
  preconditions: FieldRulesOut | undefined,
): { readonly spec: SimpleBlock; readonly types: SimpleBlock; readonly diagnostics: readonly Diagnostic[] } {
  const rules = withGiven(preconditions?.rules ?? new Map(), fieldValidations);
  const required = preconditions?.required ?? new Set();
  const written = toSimpleSchema(spec, {
    field: (path) => ({ required: required.has(path), rules: rules.get(path) ?? [] }),
    isInteger(schema) {
      const type = specType(schema);
      return type.kind === 'number' && type.number.state === 'int';
    },
  });
  const diagnostics = written.diagnostics.map((each): Diagnostic => ({
    ...each,
    path: each.path === undefined ? 'spec' : `spec.${each.path}`,
  }));
  if (written.ok) return { ...written, diagnostics };
  throw unusableSchema('spec', diagnostics);
}

function withGiven(
  rules: ReadonlyMap<string, readonly string[]>,
  given: Readonly<Record<string, string>>,
): Map<string, readonly string[]> {
  const all = new Map(rules);
  for (const [path, rule] of Object.entries(given)) all.set(path, [...(all.get(path) ?? []), rule]);
  return all;
}
