import { definedMembers } from '@typekro/kit/core';
import type { CompileOptions, GraphFeatures, KroCompatibility } from '@typekro/engine/graph';
import { KroLevel, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import type { AdoptionPolicy, StepOptions } from '@typekro/engine/runtime';
import type { ComparedFacets } from '@typekro/engine/schema';
import type { ControllerLimits } from '../inspect/index.ts';
import { type Policies, expressionBudget } from './definition/definition-policies.ts';
import { compileFeatures } from './feature-gates.ts';
import type { ControllerOptions } from './controller-options.ts';

/**
 * The settings of a controller that change its decisions. The controller decides with them, and so does every command
 * that predicts or explains its decisions.
 */
export interface ControllerSettings {
  /** The release line of kro that the controller follows. */
  readonly level: KroCompatibility;
  /** The parts of definitions and of the expression language that the controller's feature gates turn on. */
  readonly features: GraphFeatures;
  /** The keywords of a CRD's schema that the controller compares in addition to those of kro 0.9. */
  readonly facets: ComparedFacets;
  /** Does the controller serve the kind Graph (gate `GraphKind`)? Absent when its flags are not known. */
  readonly graphKind?: boolean;
  /** Does the controller convert between the versions of kinds? Absent when its flags are not known. */
  readonly conversions?: boolean;
  /** The limits and policies that differ from kro's defaults. */
  readonly limits: ControllerLimits;
  /** The account of each namespace as which the controller writes. Absent when it writes as itself. */
  readonly instanceServiceAccount?: string;
  /** The keys of `ControllerOptions.publisherKeys`. */
  readonly publisherKeys?: readonly string[];
  /** The source of the settings: an option, a Deployment, or a sentence that says why they are assumed. */
  readonly from: string;
}

/** The settings of a controller with these options. */
export function settingsOf(options: Omit<ControllerOptions, 'client'>, from: string): ControllerSettings {
  const { features = {}, kroCompatibility: level = KroLevel.DEFAULT } = options;
  return {
    level,
    features: compileFeatures(features),
    facets: comparedFacets(options),
    graphKind: features.graphKind ?? false,
    conversions: options.conversions !== undefined,
    limits: {
      ...definedMembers({ maxCollectionSize: options.maxCollectionSize }),
      ...definedMembers({ maxCollectionDimensions: options.maxCollectionDimensions, budget: options.budget }),
      ...definedMembers({ adoption: options.adoption, namespaces: options.namespaces }),
    },
    ...definedMembers({ instanceServiceAccount: options.instanceServiceAccount, publisherKeys: options.publisherKeys }),
    from,
  };
}

/**
 * The settings that a command assumes for a controller whose flags it does not know: all features of the language are
 * on, except those that are given.
 */
export const assumedSettings = (
  from: string,
  level = KroLevel.DEFAULT,
  features: GraphFeatures = {},
): ControllerSettings => ({
  level,
  features: { ...TYPEKRO_FEATURES, ...features },
  facets: comparedFacets({ kroCompatibility: level }),
  limits: {},
  from,
});

/** The schema keywords that a comparison of CRDs covers beyond those of kro 0.9. */
function comparedFacets({
  features,
  kroCompatibility = KroLevel.DEFAULT,
}: Pick<ControllerOptions, 'features' | 'kroCompatibility'>): ComparedFacets {
  if (features?.conservativeCrdComparison === true) return 'conservative';
  return KroLevel.followsGraphEngine(kroCompatibility) ? 'engine' : 'none';
}

/** Replaces the level. The gates are not changed. */
export function withLevel(settings: ControllerSettings, level: KroCompatibility, from: string): ControllerSettings {
  const { facets } = settings;
  const compared = facets === 'conservative' ? facets : comparedFacets({ kroCompatibility: level });
  return { ...settings, level, facets: compared, from };
}

/** The options with which the controller compiles definitions and Graphs. */
export const compileOptionsOf = ({
  level,
  features,
  limits,
}: Pick<ControllerSettings, 'level' | 'features' | 'limits'>) =>
  ({
    target: 'typekro',
    features,
    kroCompatibility: level,
    ...definedMembers({ maxForEachDimensions: limits.maxCollectionDimensions }),
  }) as const satisfies Omit<CompileOptions, 'sources'>;

const NO_POLICIES = { nodeAdoption: new Map<string, AdoptionPolicy>() };

/** The options of a step that depend only on the settings and on the policies of the definition. */
export function stepOptionsOf(
  { features, graphKind, limits }: ControllerSettings,
  policies: Pick<Policies, 'adoption' | 'nodeAdoption' | 'namespaces' | 'budget' | 'explain'> = NO_POLICIES,
): Omit<StepOptions, 'now' | 'memory' | 'version'> {
  const { maxCollectionSize, adoption, namespaces, budget } = limits;
  return {
    plainData: true,
    ...definedMembers({ maxCollectionSize, graphKind, watchHealth: features.watchHealth }),
    ...definedMembers({ adoption: policies.adoption ?? adoption }),
    nodeAdoption: policies.nodeAdoption,
    ...definedMembers({ namespaces: policies.namespaces ?? namespaces }),
    ...definedMembers({ budget: expressionBudget(policies, budget), explain: policies.explain }),
  };
}
