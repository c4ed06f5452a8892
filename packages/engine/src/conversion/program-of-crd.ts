import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, tryParseJson } from '@typekro/kit/core';
import { asList, asObject, asObjects, asText, asTexts } from '@typekro/kit/kubernetes';
import {
  type ConversionProgram,
  type DirectionRules,
  type VersionRules,
  CONVERSIONS_ANNOTATION,
} from './conversion-program.ts';

/** Does a CRD have conversions between its versions? Unlike `programOf`, this does not parse them. */
export const hasProgram = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.[CONVERSIONS_ANNOTATION] !== undefined;

/**
 * The program of a CRD; `undefined` for a CRD without the annotation. Parts of the annotation that have another form
 * are left out, so that a conversion which needs them is refused.
 */
export function programOf({ metadata }: KubeObject): ConversionProgram | undefined {
  const text = metadata.annotations?.[CONVERSIONS_ANNOTATION];
  if (text === undefined) return undefined;
  return readProgram(tryParseJson(text));
}

function readProgram(read: JsonValue | undefined): ConversionProgram {
  const root = asObject(read);
  const versions = Object.entries(asObject(root['versions']));
  return {
    hub: asText(root['hub']),
    versions: Object.fromEntries(versions.map(([name, rules]) => [name, readRules(asObject(rules))])),
    ...(isJsonObject(root['former']) ? { former: readProgram(root['former']) } : {}),
  };
}

const readRules = (rules: JsonObject): VersionRules => ({
  toHub: readDirection(asObject(rules['toHub'])),
  fromHub: readDirection(asObject(rules['fromHub'])),
  lossy: asList(rules['lossy']).map((steps) => asTexts(steps)),
});

function readDirection(direction: JsonObject): DirectionRules {
  const { whole } = direction;
  return {
    fields: asObjects(direction['fields']).map(({ to, cel, value }) => ({
      to: asTexts(to),
      ...(typeof cel === 'string' ? { cel } : { value: value ?? null }),
    })),
    ...(typeof whole === 'string' ? { whole } : {}),
  };
}
