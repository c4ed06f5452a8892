import { parseBool } from '../golang/index.ts';
import type { ControllerOptions } from './options.ts';

type Features = Required<NonNullable<ControllerOptions['features']>>;

/** Gates of kro, and `CELNow` of ours. All are alpha. */
const GATES: ReadonlyMap<string, keyof Features> = new Map([
  ['CELOmitFunction', 'omit'],
  ['CELNow', 'now'],
  ['InstanceConditionEvents', 'conditionEvents'],
  ['InstanceConditionMetrics', 'conditionMetrics'],
]);

/** Gates that stand for several, as in every Kubernetes component. */
const GROUPS: ReadonlyMap<string, readonly (keyof Features)[]> = new Map([
  ['AllAlpha', ['omit', 'conditionEvents', 'conditionMetrics']],
  ['AllBeta', []],
]);

/** What a list of gates turns on; of a wrong list the reason, worded as Kubernetes components do. */
export interface FeatureGates {
  readonly features: Features;
  readonly problem?: string;
}

/**
 * Reads `Name=bool,…`. A gate that is named decides over a group that it belongs to, in whatever order they
 * stand. `AllAlpha` means kro's gates only: what it turns on is what kro would have.
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
