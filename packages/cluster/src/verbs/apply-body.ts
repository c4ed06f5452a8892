/** The body of a server-side apply. The body is always YAML. A body in JSON is valid YAML, too. */
import { type JsonObject, isJsonObject } from '@typekro/kit/core';
import { goJsonKind } from '@typekro/kit/golang';
import { hasDuplicateFields, JsonDepthError, JsonSyntaxError, parseStrictJson } from '../codec/json.ts';
import { type ParsedYaml, parseYaml, repeatedKeys, YamlSyntaxError } from '../codec/yaml.ts';
import { badRequest } from '../errors/api-error.ts';
import type { WriteRequest } from './write.ts';

/** The configuration of an apply. */
export interface ApplyBody {
  readonly value: JsonObject;
  /**
   * One message per repeated key of a mapping. For JSON, the list is empty when the request's `fieldValidation` is
   * `Ignore`.
   */
  readonly duplicates: readonly string[];
}

/** Parses the body of an apply. Throws 400 if the body is malformed or is not a mapping. */
export function readApply({ options }: Pick<WriteRequest, 'options'>, text: string): ApplyBody {
  try {
    const { value, duplicates } = parseApply(text, options.fieldValidation !== 'Ignore');
    if (value === null) return { value: {}, duplicates };
    if (isJsonObject(value)) return { value, duplicates };
    throw badRequest(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goJsonKind(value)} into Go value of type map[string]interface {}`,
    );
  } catch (thrown) {
    if (thrown instanceof YamlSyntaxError)
      throw badRequest(`error decoding YAML: error converting YAML to JSON: ${thrown.goText}`);
    if (thrown instanceof JsonDepthError) throw badRequest(`error decoding YAML: ${thrown.message}`);
    throw thrown;
  }
}

/**
 * Parses JSON with the fast parser, and everything else with the YAML parser. With `withDuplicates`, JSON with repeated
 * keys is parsed again with the YAML parser, which reports the keys.
 */
function parseApply(text: string, withDuplicates: boolean): ParsedYaml {
  if (!text.trimStart().startsWith('{')) return parseYaml(text);
  try {
    const value = parseStrictJson(text);
    if (!withDuplicates || !hasDuplicateFields(text, value)) return { value, duplicates: [] };
  } catch (thrown) {
    if (!(thrown instanceof JsonSyntaxError) || thrown instanceof JsonDepthError) throw thrown;
  }
  return parseYaml(text);
}

/**
 * Refuses a configuration with repeated keys (throws 400), or warns about it, depending on the request's
 * `fieldValidation`.
 */
export function checkDuplicates(
  { options, warnings }: Pick<WriteRequest, 'options' | 'warnings'>,
  { duplicates }: ApplyBody,
): void {
  if (duplicates.length === 0) return;
  if (options.fieldValidation === 'Strict')
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${repeatedKeys(duplicates)}`);
  if (options.fieldValidation === 'Warn') for (const text of duplicates) warnings.push(text);
}
