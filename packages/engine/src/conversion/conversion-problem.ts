import { type JsonObject, type KubeObject, definedMembers } from '@typekro/kit/core';
import type { FieldError } from '@typekro/kit/kubernetes';
import { type RuleSite, type Schema, StructuralSchema } from '../schema/index.ts';
import { ConversionError } from './conversion-rules.ts';
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
