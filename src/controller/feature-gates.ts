import { parseBool } from '../golang/index.ts';
import type { GraphFeatures } from '../graph/index.ts';
import { nearestName } from '../schema/index.ts';
import type { ControllerOptions } from './options.ts';

type Features = Required<NonNullable<ControllerOptions['features']>>;

/** kro's gates, this project's `CELNow`, and proposals for kro that no release of kro has. All are alpha. */
const GATES: ReadonlyMap<string, keyof Features> = new Map([
  ['CELOmitFunction', 'omit'],
  ['CELNow', 'now'],
  ['InstanceConditionEvents', 'conditionEvents'],
  ['InstanceConditionMetrics', 'conditionMetrics'],
  ['ConservativeCRDComparison', 'conservativeCrdComparison'],
  ['GraphKind', 'graphKind'],
  ['Variables', 'variables'],
  ['PrintColumn', 'printColumn'],
  ['ScaleSubresource', 'scale'],
  ['CELDeferFunction', 'defer'],
  ['DynamicKeys', 'dynamicKeys'],
  ['PartialDependencies', 'partialDependencies'],
  ['ManagedResources', 'managedResources'],
]);

/** Gates of kro 0.10 that change nothing in this controller. The value is the reason, for the warning. */
const WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  [
    'DeletionPolicy',
    'resources have no deletionPolicy; the annotation typekro.dev/deletion-policy of an instance keeps its children',
  ],
]);

/** Gates that turn a group of gates on or off, as in every Kubernetes component. */
const GROUPS: ReadonlyMap<string, readonly (keyof Features)[]> = new Map([
  ['AllAlpha', ['omit', 'conditionEvents', 'conditionMetrics', 'conservativeCrdComparison', 'graphKind']],
  ['AllBeta', []],
]);

/** The features that a list of gates turns on, or the error, in the words of Kubernetes components. */
export interface FeatureGates {
  readonly features: Features;
  /** The error of the first malformed entry; `undefined` when there is none. */
  readonly problem?: string;
  /** Warnings about gates that are on and have no effect, and about unknown gates. */
  readonly warnings: readonly string[];
}

/**
 * Parses `Name=bool,…`. A named gate overrides its group, wherever it is in the list. `AllAlpha` turns on only kro's
 * gates, so that the same features are on as in kro. An unknown gate is only a warning, so that this controller starts
 * with the flags of a newer kro, too.
 */
export function readFeatureGates(text: string): FeatureGates {
  const named = new Map<keyof Features, boolean>();
  const grouped = new Map<keyof Features, boolean>();
  let problem: string | undefined;
  const warnings: string[] = [];
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [name = '', ...rest] = entry.split('=');
    const on = parseBool(rest.join('=').trim());
    const feature = GATES.get(name.trim());
    const group = GROUPS.get(name.trim());
    if (rest.length === 0) problem ??= `missing bool value for ${name.trim()}`;
    else if (on === undefined) problem ??= `invalid value of ${entry}: it is true or false`;
    else if (feature === undefined && group === undefined) warnings.push(...unknownGate(name.trim(), on));
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
      conservativeCrdComparison: isOn('conservativeCrdComparison'),
      graphKind: isOn('graphKind'),
      variables: isOn('variables'),
      printColumn: isOn('printColumn'),
      scale: isOn('scale'),
      defer: isOn('defer'),
      dynamicKeys: isOn('dynamicKeys'),
      partialDependencies: isOn('partialDependencies'),
      managedResources: isOn('managedResources'),
    },
    ...(problem === undefined ? {} : { problem }),
    warnings,
  };
}

function unknownGate(name: string, on: boolean): string[] {
  const reason = WITHOUT_EFFECT.get(name);
  if (reason !== undefined) return on ? [`feature gate ${name} has no effect: ${reason}`] : [];
  const close = nearestName(name, [...GATES.keys(), ...GROUPS.keys()]);
  const hint = close === undefined ? `known gates: ${[...GATES.keys()].join(', ')}` : `did you mean ${close}?`;
  return [`unrecognized feature gate: ${name} (${hint})`];
}

/** The features of the compiler among those of a controller. */
export function compileFeatures({
  omit = false,
  now = false,
  variables = false,
  printColumn = false,
  scale = false,
  defer = false,
  dynamicKeys = false,
  partialDependencies = false,
  managedResources = false,
}: NonNullable<ControllerOptions['features']>): GraphFeatures {
  return { omit, now, variables, printColumn, scale, defer, dynamicKeys, partialDependencies, managedResources };
}
