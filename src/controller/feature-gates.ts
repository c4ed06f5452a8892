import { parseBool } from '../golang/index.ts';
import type { ControllerOptions } from './options.ts';

type Features = Required<NonNullable<ControllerOptions['features']>>;

/** kro's gates, and this project's `CELNow`. All are alpha. */
const GATES: ReadonlyMap<string, keyof Features> = new Map([
  ['CELOmitFunction', 'omit'],
  ['CELNow', 'now'],
  ['InstanceConditionEvents', 'conditionEvents'],
  ['InstanceConditionMetrics', 'conditionMetrics'],
]);

/** Gates that stand for a group, as in every Kubernetes component. */
const GROUPS: ReadonlyMap<string, readonly (keyof Features)[]> = new Map([
  ['AllAlpha', ['omit', 'conditionEvents', 'conditionMetrics']],
  ['AllBeta', []],
]);

/** The features that a list of gates turns on, or the error, in the words of Kubernetes components. */
export interface FeatureGates {
  readonly features: Features;
  readonly problem?: string;
}

/**
 * Reads `Name=bool,…`. A named gate overrides its group, in any order. `AllAlpha` means kro's gates only, so that it
 * turns on the same features as in kro.
 */
export function readFeatureGates(text: string): FeatureGates {
  const named = new Map<keyof Features, boolean>();
  const grouped = new Map<keyof Features, boolean>();
  let problem: string | undefined;
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [name = '', ...rest] = entry.split('=');
    const on = parseBool(rest.join('=').trim());
    const feature = GATES.get(name.trim());
    const group = GROUPS.get(name.trim());
    if (feature === undefined && group === undefined) {
      problem ??= `unrecognized feature gate: ${name.trim()} (there are ${[...GATES.keys()].join(', ')})`;
    } else if (rest.length === 0) problem ??= `missing bool value for ${name.trim()}`;
    else if (on === undefined) problem ??= `invalid value of ${entry}: it is true or false`;
    else if (feature !== undefined) named.set(feature, on);
    else for (const each of group ?? []) grouped.set(each, on);
  }
  const isOn = (feature: keyof Features) => named.get(feature) ?? grouped.get(feature) ?? false;
  return {
    features: {
      omit: isOn('omit'),
      now: isOn('now'),
      conditionEvents: isOn('conditionEvents'),
      conditionMetrics: isOn('conditionMetrics'),
    },
    ...(problem === undefined ? {} : { problem }),
  };
}
