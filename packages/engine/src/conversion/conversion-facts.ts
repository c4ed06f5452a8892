import { type KubeObject, stringifyJson } from '@typekro/kit/core';
import { CrdSchema } from '../schema/index.ts';
import type { DirectionRules } from './conversion-program.ts';
import { converterOf } from './converter.ts';
import { declaredField, isOnOnePath } from './field-steps.ts';

/** How objects get from one version of an API to another one. */
export interface ConversionFacts {
  readonly from: string;
  readonly to: string;
  /** The values of fields of `to`, as an author writes them. The field of an expression for the whole object is empty. */
  readonly rules: readonly { readonly field: string; readonly value: string }[];
  /** The fields of `from` that `to` cannot hold. They are kept in an annotation. */
  readonly kept: readonly string[];
}

/**
 * The conversions of a CRD, for each version to the hub and from it; empty for a CRD without conversions. Fields that
 * both versions have and that no rule sets are copied.
 */
export function conversionFacts(crd: KubeObject): ConversionFacts[] {
  const converter = converterOf(crd);
  if (converter === undefined || !CrdSchema.versions(crd).some(({ name }) => name === converter.program.hub)) return [];
  const { hub, versions } = converter.program;
  return converter.versions.flatMap((version) => {
    const rules = Object.hasOwn(versions, version) ? versions[version] : undefined;
    if (rules === undefined) return [];
    const direction = (from: string, to: string, written: DirectionRules): ConversionFacts => ({
      from,
      to,
      rules: writtenRules(written),
      kept: rules.lossy
        .filter((path) => declaredField(converter.schemaOf(from), path) !== undefined)
        .map((path) => path.join('.')),
    });
    return [direction(version, hub, rules.toHub), direction(hub, version, rules.fromHub)];
  });
}

function writtenRules({ fields, whole }: DirectionRules): ConversionFacts['rules'] {
  if (whole !== undefined) return [{ field: '', value: `\${${whole}}` }];
  return fields.map(({ to, cel, value }) => ({
    field: to.join('.'),
    value: cel === undefined ? stringifyJson(value ?? null) : `\${${cel}}`,
  }));
}

/** The parts of conversions that are about one field of a version: the rules that set it, and whether it is kept. */
export function conversionsOfField(
  all: readonly ConversionFacts[],
  version: string,
  path: readonly string[],
): ConversionFacts[] {
  const isAbout = (field: string): boolean => field === '' || isOnOnePath(field.split('.'), path);
  return all.flatMap(({ from, to, rules, kept }) => {
    const own = {
      from,
      to,
      rules: to === version ? rules.filter(({ field }) => isAbout(field)) : [],
      kept: from === version ? kept.filter(isAbout) : [],
    };
    return own.rules.length + own.kept.length === 0 ? [] : [own];
  });
}
