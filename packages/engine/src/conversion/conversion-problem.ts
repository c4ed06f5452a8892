import {
  type JsonObject,
  type JsonValue,
  type KubeObject,
  definedMembers,
  count,
  getOwn,
  isJsonObject,
  jsonEquals,
  parseApiVersion,
  stringifyJson,
} from '@typekro/kit/core';
import { type FieldError, asObject } from '@typekro/kit/kubernetes';
import { type RuleSite, type Schema, StructuralSchema } from '../schema/index.ts';
import { ConversionError, cutText } from './conversion-rules.ts';
import { converterOf, schemasOfVersions } from './converter.ts';

/** What a changed CRD does to one object. */
export interface ConversionEffect {
  /** Why the object cannot be read in each version, or cannot be stored in the hub, as the end of a sentence. */
  readonly problem?: string;
  /** What versions would no longer show of it, as the end of a sentence. Absent if each shows what it showed. */
  readonly change?: string;
  /** The versions in which the object has the problem, or shows the change. */
  readonly versions: readonly string[];
}

/** The maximum number of changed fields of a version that a message names. */
const MAX_NAMED = 3;

/**
 * What a change of a CRD does to an object. An API server lists nothing in a version if one object cannot be converted to
 * it. Versions that are not served count, too, because an API server converts to each version that field managers have
 * used. A field that a version did not have before is no change.
 *
 * @param object the object, in a version of the existing CRD
 */
export function conversionEffect(existing: KubeObject, wanted: KubeObject, object: KubeObject): ConversionEffect {
  const next = converterOf(wanted);
  if (next === undefined) return { versions: [] };
  const hub = next.apiVersionOf(next.program.hub);
  let way = [object.apiVersion, hub];
  const before = new Map(schemasOfVersions(existing));
  const changes = new Map<string, string>();
  try {
    const stored = next.convert(object, hub);
    const error = stored === object ? undefined : specError(next.schemaOf(next.program.hub), stored);
    if (error !== undefined)
      return {
        problem: `is invalid in ${hub}: ${error.field}: ${error.message}`,
        versions: [parseApiVersion(object.apiVersion).version],
      };
    for (const version of [next.program.hub, ...next.versions]) {
      const apiVersion = next.apiVersionOf(version);
      way = [hub, apiVersion];
      const after = next.convert(stored, apiVersion);
      const [old, schema] = [before.get(version), next.schemaOf(version)];
      // What fails before the change cannot become worse.
      const shown = old && shownIn(existing, object, apiVersion);
      if (old === undefined || shown === undefined) continue;
      const known = StructuralSchema.applyDefaults(schema, StructuralSchema.prune(schema, shown).value);
      const [was, is] = [known, after].map((each) => specIn(StructuralSchema.prune(old, each).value));
      const fields = changedIn(was, is, 'spec');
      const more = fields.length > MAX_NAMED ? [`and ${count(fields.length - MAX_NAMED, 'more field')}`] : [];
      if (fields.length > 0) changes.set(version, [...fields.slice(0, MAX_NAMED), ...more].join(', '));
    }
  } catch (thrown) {
    if (!(thrown instanceof ConversionError)) throw thrown;
    const versions = way.map((each) => parseApiVersion(each).version).filter((each) => each !== next.program.hub);
    return { problem: `cannot be converted from ${way.join(' to ')}: ${thrown.message}`, versions };
  }
  const list = [...changes].map(([version, fields]) => `${version}: ${fields}`).join('; in ');
  return {
    ...(changes.size === 0 ? {} : { change: `would no longer be the same in ${list}` }),
    versions: [...changes.keys()],
  };
}

const specIn = (object: JsonValue): JsonValue | undefined => asObject(object)['spec'];

/** The object as a version of a CRD shows it; `undefined` if it does not. */
export function shownIn(crd: KubeObject, object: KubeObject, apiVersion: string): KubeObject | undefined {
  if (object.apiVersion === apiVersion) return object;
  try {
    return converterOf(crd)?.convert(object, apiVersion);
  } catch (thrown) {
    if (!(thrown instanceof ConversionError)) throw thrown;
    return undefined;
  }
}

/** The values that differ, with their paths. */
function changedIn(before: JsonValue | undefined, after: JsonValue | undefined, path: string): string[] {
  if (jsonEquals(before ?? null, after ?? null)) return [];
  if (isJsonObject(before) && isJsonObject(after))
    return Object.keys({ ...before, ...after }).flatMap((name) =>
      changedIn(getOwn(before, name), getOwn(after, name), `${path}.${name}`),
    );
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((element, index) => changedIn(element, after[index], `${path}[${index}]`));
  const [from, to] = [before, after].map((value) => (value === undefined ? 'none' : cutText(stringifyJson(value), 80)));
  return [`${path}: ${from} → ${to}`];
}

/**
 * The first reason for which an API server refuses the spec of an object.
 *
 * @param schema the schema of the whole object
 * @param rules how the rules in CEL are evaluated. Default: they are not.
 */
export function specError(
  { properties = {}, ...schema }: Schema,
  object: JsonObject,
  rules: { readonly evaluateRules?: (site: RuleSite) => readonly FieldError[] } = {},
): FieldError | undefined {
  const ofSpec = { ...schema, properties: { spec: properties['spec'] ?? { type: 'object' } } };
  return StructuralSchema.validate(ofSpec, definedMembers({ spec: object['spec'] }), rules)[0];
}
