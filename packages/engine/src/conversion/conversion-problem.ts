import {
  type JsonObject,
  type JsonValue,
  type KubeObject,
  definedMembers,
  getOwn,
  isJsonObject,
  jsonEquals,
  parseApiVersion,
  stringifyJson,
} from '@typekro/kit/core';
import { type FieldError, asObject } from '@typekro/kit/kubernetes';
import { type RuleSite, type Schema, StructuralSchema } from '../schema/index.ts';
import { ConversionError, cutText } from './conversion-rules.ts';
import type { Converter } from './converter.ts';

/**
 * Why an object cannot be read in each version of its CRD, or cannot be stored in the hub, as the end of a sentence;
 * `undefined` when it can. An API server lists nothing in a version if one object cannot be converted to it. Versions that are not served
 * count, too, because an API server converts to each version that field managers have used.
 */
export function conversionProblem(converter: Converter, object: KubeObject): string | undefined {
  const hub = converter.apiVersionOf(converter.program.hub);
  let way = [object.apiVersion, hub];
  try {
    const stored = converter.convert(object, hub);
    const error = stored === object ? undefined : specError(converter.schemaOf(converter.program.hub), stored);
    if (error !== undefined) return `is invalid in ${hub}: ${error.field}: ${error.message}`;
    for (const version of converter.versions) {
      way = [hub, converter.apiVersionOf(version)];
      converter.convert(stored, converter.apiVersionOf(version));
    }
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof ConversionError)) throw thrown;
    return `cannot be converted from ${way.join(' to ')}: ${thrown.message}`;
  }
}

/** The start of what `conversionChange` returns. */
export const CONVERSION_CHANGED = 'would no longer be the same in';

/**
 * What a version would no longer show of an object after a change of the conversions, as the end of a sentence; `undefined`
 * if each version that stays shows what it showed. Additional fields are not reported.
 *
 * @param former the conversions before the change; `undefined` when the CRD had none
 * @param object the object, in a version of `former`
 */
export function conversionChange(
  former: Converter | undefined,
  next: Converter,
  object: KubeObject,
): string | undefined {
  const own = parseApiVersion(object.apiVersion).version;
  const before = former === undefined ? [own] : [former.program.hub, ...former.versions];
  for (const version of before.filter((each) => each === next.program.hub || next.versions.includes(each))) {
    try {
      const apiVersion = next.apiVersionOf(version);
      const shown = StructuralSchema.prune(next.schemaOf(version), former?.convert(object, apiVersion) ?? object).value;
      const change = changedField(asObject(shown)['spec'], next.convert(object, apiVersion)['spec'], 'spec');
      if (change !== undefined) return `${CONVERSION_CHANGED} ${version}: ${change}`;
    } catch (thrown) {
      // What fails now cannot become worse, and what will fail is reported by `conversionProblem`.
      if (!(thrown instanceof ConversionError)) throw thrown;
    }
  }
  return undefined;
}

/** The first value that is absent or another one after the change, with its path. */
function changedField(before: JsonValue | undefined, after: JsonValue | undefined, path: string): string | undefined {
  if (before === undefined || jsonEquals(before, after ?? null)) return undefined;
  if (isJsonObject(before) && isJsonObject(after)) {
    for (const [name, value] of Object.entries(before)) {
      const change = changedField(value, getOwn(after, name), `${path}.${name}`);
      if (change !== undefined) return change;
    }
    return undefined;
  }
  const [from, to] = [before, after].map((value) => (value === undefined ? 'none' : cutText(stringifyJson(value), 80)));
  return `${path}: ${from} → ${to}`;
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
