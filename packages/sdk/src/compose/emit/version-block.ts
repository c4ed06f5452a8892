import type { Diagnostic, JsonObject } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import type { Target } from '../public-types.ts';
import { type Site, Refusal } from '../refusal/refusal.ts';
import { specType } from '../library/schema-type.ts';
import { withTrace } from '../trace/current-trace.ts';
import type { Trace } from '../trace/trace.ts';
import type { VersionDefinition } from '../version-definitions.ts';
import { fieldRules } from './field-rules.ts';
import { type SimpleSpec, parsedSpec, simpleSchema } from './simple-spec.ts';
import { isFields } from './status-fields.ts';
import { versionRules } from './version-rules.ts';

/** A traced function of a conversion. */
export interface TracedConversion {
  readonly trace: Trace;
  /** What the function returns. */
  readonly fields: unknown;
  /** The place of the returned object. */
  readonly site: Site;
  /** The place where a field is written. */
  readonly fieldSite: (path: readonly string[]) => Site | undefined;
}

/** A version of an API beside the hub, with its traced conversions. */
export interface TracedVersion {
  readonly definition: VersionDefinition;
  readonly spec: Schema;
  /** Warnings about the schema. */
  readonly diagnostics: readonly Diagnostic[];
  /** The run that has the checks of the schema as preconditions. */
  readonly checks: Trace;
  readonly toHub: TracedConversion | undefined;
  readonly fromHub: TracedConversion | undefined;
}

/** Writes the versions of an API, whose hub has this spec. */
export function versionBlocks(versions: readonly TracedVersion[], hub: SimpleSpec, target: Target): JsonObject[] {
  const [first] = versions;
  if (first !== undefined && target === 'stock') {
    const message = 'versions of an API need the feature gate APIVersions, which stock kro does not have';
    const remedy = "write { target: 'typekro' }, for toYaml() or for factory('kro'), for this project's controller";
    const refusal = new Refusal('stock', message, remedy);
    refusal.site = (first.toHub ?? first.fromHub)?.site;
    throw refusal;
  }
  return versions.map((version) => versionBlock(version, parsedSpec(hub)));
}

function versionBlock({ definition, spec, checks, toHub, fromHub }: TracedVersion, hub: Schema): JsonObject {
  const { name, members, lossy } = definition;
  const set: unknown = toHub?.fields ?? {};
  // The names of an object that is an expression are not known here.
  if (isFields(set))
    for (const [field, schema] of Object.entries(hub.properties ?? {}))
      if (!Object.hasOwn(set, field)) shareIntegers(spec.properties?.[field], schema);
  const preconditions = withTrace(checks, () => fieldRules(checks.validations, 'typekro', new Set()));
  const own = simpleSchema({ spec, fieldValidations: {} }, preconditions, `versions.${name}.spec`);
  const schema = parsedSpec(own);
  const convertTo = rulesOf(toHub, schema, hub);
  const convertFrom = rulesOf(fromHub, hub, schema);
  return {
    name,
    ...members,
    spec: own.spec,
    ...(Object.keys(own.types).length === 0 ? {} : { types: own.types }),
    ...(convertTo === undefined ? {} : { convertTo }),
    ...(convertFrom === undefined ? {} : { convertFrom }),
    ...(lossy.length === 0 ? {} : { lossy: [...lossy] }),
  };
}

/** A number that is copied to an integer field of the hub is an integer, as a number that flows into such a field. */
function shareIntegers(own: Schema | undefined, hub: Schema): void {
  if (own === undefined) return;
  const type = hub.type === 'integer' ? specType(own) : undefined;
  if (type?.kind === 'number' && type.number.state === 'open') type.number.state = 'int';
  if (hub.items !== undefined) shareIntegers(own.items, hub.items);
  for (const [field, schema] of Object.entries(hub.properties ?? {})) shareIntegers(own.properties?.[field], schema);
}

function rulesOf(conversion: TracedConversion | undefined, from: Schema, to: Schema): JsonObject | undefined {
  if (conversion === undefined) return undefined;
  const { trace, fields, site, fieldSite } = conversion;
  const siteOf = ([, ...path]: readonly string[]) => fieldSite(path) ?? site;
  return withTrace(trace, () => versionRules(fields, { from, to }, siteOf));
}

/** The place in code of a part of `spec.schema.versions`; undefined for what no function makes. */
export function siteInVersions(versions: readonly TracedVersion[], path: string): Site | undefined {
  const [, index, member, field] =
    /^spec\.schema\.versions\[(\d+)\](?:\.(\w+)(?:\["spec\.([^"]*)"\])?)?/.exec(path) ?? [];
  if (member !== undefined && member !== 'convertTo' && member !== 'convertFrom') return undefined;
  const version = versions[Number(index)];
  const conversion = member === undefined ? undefined : version?.[member === 'convertTo' ? 'toHub' : 'fromHub'];
  // A direction without a function has no place of its own.
  const nearest = conversion ?? version?.toHub ?? version?.fromHub;
  return conversion?.fieldSite(field?.split('.') ?? []) ?? nearest?.site;
}
