import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { type Schema, StructuralSchema } from '../schema/index.ts';
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
    const invalid = stored === object ? undefined : invalidSpec(converter.schemaOf(converter.program.hub), stored);
    if (invalid !== undefined) return `is invalid in ${hub}: ${invalid}`;
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

/** The first reason, with its field, for which an API server refuses the spec. Rules in CEL are not evaluated. */
function invalidSpec(schema: Schema, object: JsonObject): string | undefined {
  const { spec = {} } = schema.properties ?? {};
  const [error] = StructuralSchema.validate({ type: 'object', properties: { spec } }, { spec: object['spec'] ?? {} });
  return error === undefined ? undefined : `${error.field}: ${error.message}`;
}
