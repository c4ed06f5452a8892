import { parseBool } from '@typekro/kit/golang';
import type { GraphFeatures } from '@typekro/engine/graph';
import { nearestName } from '@typekro/kit/core';
import type { ControllerOptions } from './controller-options.ts';

type Features = NonNullable<ControllerOptions['features']>;
type Feature = keyof Features;
/** A feature that the compiler also has. */
type CompiledFeature = Extract<Feature, keyof GraphFeatures>;

/**
 * The gate of each feature. `compiled`: the compiler also has the feature. `inAllAlpha`: kro's gate `AllAlpha` turns
 * this gate on.
 */
type GateTable = {
  readonly [F in Feature]-?: {
    readonly name: string;
    readonly compiled: F extends CompiledFeature ? true : false;
    readonly inAllAlpha?: true;
  };
};

/**
 * kro's gates, this project's `CELNow`, `WatchesHealthy` and `APIVersions`, and proposals for kro that no release of kro has. All are
 * alpha.
 */
export const GATES: GateTable = {
  omit: { name: 'CELOmitFunction', compiled: true, inAllAlpha: true },
  now: { name: 'CELNow', compiled: true },
  conditionEvents: { name: 'InstanceConditionEvents', compiled: false, inAllAlpha: true },
  conditionMetrics: { name: 'InstanceConditionMetrics', compiled: false, inAllAlpha: true },
  conservativeCrdComparison: { name: 'ConservativeCRDComparison', compiled: false, inAllAlpha: true },
  graphKind: { name: 'GraphKind', compiled: false, inAllAlpha: true },
  externalFields: { name: 'ExternalFields', compiled: true },
  deletionPolicy: { name: 'DeletionPolicy', compiled: true, inAllAlpha: true },
  watchHealth: { name: 'WatchesHealthy', compiled: true },
  variables: { name: 'Variables', compiled: true },
  printColumn: { name: 'PrintColumn', compiled: true },
  scale: { name: 'ScaleSubresource', compiled: true },
  defer: { name: 'CELDeferFunction', compiled: true },
  dynamicKeys: { name: 'DynamicKeys', compiled: true },
  propagateWhen: { name: 'PropagateWhen', compiled: true },
  partialDependencies: { name: 'PartialDependencies', compiled: true },
  managedResources: { name: 'ManagedResources', compiled: true },
  deferredSchemas: { name: 'DeferredSchemaResolution', compiled: true },
  versions: { name: 'APIVersions', compiled: true },
};

const isFeature = (name: string): name is Feature => Object.hasOwn(GATES, name);
const FEATURES: readonly Feature[] = Object.keys(GATES).filter(isFeature);
const isCompiled = (feature: Feature): feature is CompiledFeature => GATES[feature].compiled;
const BY_NAME: ReadonlyMap<string, Feature> = new Map(FEATURES.map((feature) => [GATES[feature].name, feature]));

/** Gates that turn a group of gates on or off, as in every Kubernetes component. */
const GROUPS: ReadonlyMap<string, readonly Feature[]> = new Map([
  ['AllAlpha', FEATURES.filter((feature) => GATES[feature].inAllAlpha === true)],
  ['AllBeta', []],
]);

/** The features that a list of gates turns on, with errors and warnings in the words of Kubernetes components. */
export interface FeatureGates {
  /** All features, on or off. */
  readonly features: Required<Features>;
  /** The error of the first malformed entry; `undefined` when there is none. */
  readonly problem?: string;
  /** Warnings about unknown gates. */
  readonly warnings: readonly string[];
}

/**
 * Parses `Name=bool,…`. A named gate overrides its group, wherever it is in the list. `AllAlpha` turns on only kro's
 * gates, so that the same features are on as in kro. An unknown gate is only a warning, so that this controller also
 * starts with the flags of a newer kro.
 */
export function readFeatureGates(text: string): FeatureGates {
  const named = new Map<Feature, boolean>();
  const grouped = new Map<Feature, boolean>();
  let problem: string | undefined;
  const warnings: string[] = [];
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [name = '', ...rest] = entry.split('=');
    const on = parseBool(rest.join('=').trim());
    const feature = BY_NAME.get(name.trim());
    const group = GROUPS.get(name.trim());
    if (rest.length === 0) problem ??= `missing bool value for ${name.trim()}`;
    else if (on === undefined) problem ??= `invalid value of ${entry}: must be true or false`;
    else if (feature === undefined && group === undefined) warnings.push(unknownGate(name.trim()));
    else if (feature !== undefined) named.set(feature, on);
    else for (const each of group ?? []) grouped.set(each, on);
  }
  const isOn = (feature: Feature) => named.get(feature) ?? grouped.get(feature) ?? false;
  return { features: switches(FEATURES, isOn), ...(problem === undefined ? {} : { problem }), warnings };
}

/** The list of gates that turns on these features, in the notation of `--feature-gates`. */
export function featureGates(features: Features): string {
  const on = FEATURES.filter((feature) => features[feature] === true);
  return on.map((feature) => `${GATES[feature].name}=true`).join(',');
}

function unknownGate(name: string): string {
  const close = nearestName(name, [...BY_NAME.keys(), ...GROUPS.keys()]);
  const hint = close === undefined ? `known gates: ${[...BY_NAME.keys()].join(', ')}` : `did you mean ${close}?`;
  return `unrecognized feature gate: ${name} (${hint})`;
}

/** The features of a controller that the compiler also has, each on or off. */
export function compileFeatures(
  features: Features,
): Required<Pick<GraphFeatures, CompiledFeature | 'optionalResources'>> {
  return {
    ...switches(FEATURES.filter(isCompiled), (feature) => features[feature] ?? false),
    // The gate of `deferredSchemas` also turns on the field `optional`. Commands that do not know the gates turn on the
    // field alone.
    optionalResources: features.deferredSchemas ?? false,
  };
}

/** The value of each of these features. */
function switches<F extends Feature>(features: readonly F[], isOn: (feature: F) => boolean): Record<F, boolean> {
  return Object.fromEntries(features.map((feature) => [feature, isOn(feature)])) as Record<F, boolean>;
}
