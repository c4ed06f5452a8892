import type { Diagnostic, JsonObject } from '@typekro/kit/core';
import { ALLOW_BREAKING_CHANGES } from '@typekro/engine/graph';
import { objectAt } from '@typekro/kit/kubernetes';
import type { Schema } from '@typekro/engine/schema';
import type { Target } from '../public-types.ts';
import type { ServedParts } from '../served-kind.ts';
import type { ResourceRecord, ValidationRecord } from '../trace/records.ts';
import { type Refusal, type Site, failureOf } from '../refusal/refusal.ts';
import { ExpressionWriter } from './expression-writer.ts';
import { isHoisted, withoutHoisted } from './hoist.ts';
import { assertPlainData } from './plain-data.ts';
import { resourceEntry } from './resource-entry.ts';
import { statusFields } from './status-fields.ts';
import { fieldRules } from './field-rules.ts';
import { simpleSchema } from './simple-spec.ts';
import type { Variants } from './variants.ts';
import { type TracedVersion, versionBlocks } from './version-block.ts';

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
  /** The versions of the API beside the hub. */
  readonly versions: readonly TracedVersion[];
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
  const versions = collect(() => versionBlocks(graph.versions, simple, target), undefined);
  const { name, group, version, kind } = graph.names;
  const schema: JsonObject = {
    apiVersion: version,
    ...(group === undefined ? {} : { group }),
    kind,
    ...graph.served.schema,
    spec: simple.spec,
    ...(Object.keys(simple.types).length === 0 ? {} : { types: simple.types }),
    ...(Object.keys(status).length === 0 ? {} : { status }),
    ...(versions === undefined || versions.length === 0 ? {} : { versions }),
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
    diagnostics: [...simple.diagnostics, ...graph.versions.flatMap(({ diagnostics }) => diagnostics)],
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
