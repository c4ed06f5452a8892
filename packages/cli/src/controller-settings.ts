import type { ParsedFlags } from '@typekro/controller/controller';
import { comparedFacets, optionsFromFlags, parseControllerFlags } from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { TypeKroError } from '@typekro/kit/core';
import type { KroCompatibility } from '@typekro/engine/graph';
import { DEFAULT_KRO_COMPATIBILITY, KRO_COMPATIBILITY_LEVELS } from '@typekro/engine/graph';
import type { MeaningFeatures } from '@typekro/controller/inspect';
import type { KubernetesApi } from '@typekro/kube';
import { KubeError } from '@typekro/kube';
import { valueAt } from '@typekro/kit/kubernetes';
import type { ComparedFacets } from '@typekro/engine/schema';
import type { CommandInput, OptionSpec } from './command.ts';
import { textOption } from './command.ts';
import { deployedController } from './controller-container.ts';

/** The settings of a cluster's controller that change its decisions. */
export interface ControllerSettings {
  /** The release line of kro that the controller follows. */
  readonly level: KroCompatibility;
  /** The keywords of a CRD's schema that the controller compares in addition to those of kro 0.9. */
  readonly facets: ComparedFacets;
  /** Does the controller serve the kind Graph (gate `GraphKind`)? Absent when its flags are not known. */
  readonly graphKind?: boolean;
  /**
   * The gates that change the meaning of definitions and that differ from `TYPEKRO_FEATURES`. Absent when no gate
   * differs.
   */
  readonly features?: MeaningFeatures;
  /**
   * The source of the settings: `--kro-compatibility`, `Deployment kro-system/kro`, or a sentence that says why the
   * defaults are used.
   */
  readonly from: string;
}

/** The option of commands that predict what a controller decides. */
export const LEVEL_OPTION: OptionSpec = {
  name: 'kro-compatibility',
  summary: 'compute as kro 0.9 or 0.10 does; by default, as the controller in the cluster does',
  value: 'level',
  choices: KRO_COMPATIBILITY_LEVELS,
};

/**
 * Returns the level in `--kro-compatibility`, or `undefined` when the option is absent. Throws `TypeKroError`
 * `cli/usage` for a value that is not a level.
 */
export function levelOption(input: CommandInput): KroCompatibility | undefined {
  const text = textOption(input, LEVEL_OPTION.name);
  const level = KRO_COMPATIBILITY_LEVELS.find((each) => each === text);
  if (text === undefined || level !== undefined) return level;
  throw new TypeKroError(`--kro-compatibility ${text} is not a level`, {
    code: 'cli/usage',
    remedy: `write ${KRO_COMPATIBILITY_LEVELS.join(' or ')}`,
  });
}

/** The part of the settings that plans and snapshots store. */
export function recordOf({ level, features, from }: ControllerSettings) {
  return { kroCompatibility: level, from, ...(features === undefined ? {} : { features }) };
}

/** The settings of a controller that was started with only this level and these gates. */
export function settingsOf(level: KroCompatibility, from: string, features?: MeaningFeatures): ControllerSettings {
  return {
    level,
    facets: comparedFacets({ kroCompatibility: level }),
    ...(features === undefined ? {} : { features }),
    from,
  };
}

/**
 * Returns the settings of a cluster's controller. The gates and the level come from the flags of the controller's
 * Deployment. A level on the command line has precedence. If the Deployment has no flag for the level, the version of
 * kro in its image determines the level. When no Deployment is found or readable, as for a controller outside the
 * cluster, the level is the default.
 */
export async function controllerSettings(
  api: KubernetesApi,
  input: CommandInput,
  signal: AbortSignal,
): Promise<ControllerSettings> {
  const level = levelOption(input);
  const found = await deployedSettings(api, signal);
  return level === undefined ? found : withLevel(found, level);
}

/** Replaces the level by the level of the command line. The gates are not changed. */
export function withLevel(settings: ControllerSettings, level: KroCompatibility): ControllerSettings {
  const { facets } = settings;
  return {
    ...settings,
    level,
    facets: facets === 'conservative' ? facets : comparedFacets({ kroCompatibility: level }),
    from: '--kro-compatibility',
  };
}

/**
 * The settings of the first Deployment of a controller, or the defaults. If the user may not list Deployments in all
 * namespaces, `namespace` is searched instead, if it is given.
 */
export async function deployedSettings(
  api: Pick<KubernetesApi, 'list'>,
  signal: AbortSignal,
  namespace?: string,
): Promise<ControllerSettings> {
  try {
    for (const deployment of await labelledDeployments(api, signal, namespace)) {
      const found = settingsOfDeployment(deployment);
      if (found !== undefined) return found;
    }
  } catch (thrown) {
    if (!isRefusedList(thrown)) throw thrown;
    return settingsOf(DEFAULT_KRO_COMPATIBILITY, `Deployments could not be read: ${thrown.message}`);
  }
  return settingsOf(DEFAULT_KRO_COMPATIBILITY, 'no Deployment of a controller was found');
}

async function labelledDeployments(
  api: Pick<KubernetesApi, 'list'>,
  signal: AbortSignal,
  namespace?: string,
): Promise<readonly KubeObject[]> {
  const type = { apiVersion: 'apps/v1', kind: 'Deployment' };
  const options = { labelSelector: 'app.kubernetes.io/name in (kro,typekro)', signal };
  try {
    return (await api.list(type, options)).items;
  } catch (thrown) {
    if (namespace === undefined || !isRefusedList(thrown)) throw thrown;
    return (await api.list(type, { ...options, namespace })).items;
  }
}

/** Does the API server refuse the list, or not serve it? */
const isRefusedList = (thrown: unknown): thrown is KubeError =>
  thrown instanceof KubeError && [403, 404, 405].includes(thrown.status);

/** The settings in a Deployment; `undefined` when the Deployment runs no controller or is scaled to 0. */
function settingsOfDeployment(deployment: KubeObject): ControllerSettings | undefined {
  const { metadata, spec } = deployment;
  const controller = valueAt(spec, 'replicas') === 0 ? undefined : deployedController(deployment);
  if (controller === undefined) return undefined;
  const from = `Deployment ${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
  return settingsOfFlags(parseControllerFlags(controller.flags), from, controller.released);
}

/**
 * The settings of a controller with these flags.
 *
 * @param released the release line of kro that the controller follows if no flag sets it
 */
export function settingsOfFlags(flags: ParsedFlags, from: string, released?: KroCompatibility): ControllerSettings {
  const options = optionsFromFlags(flags);
  const level = options.kroCompatibility ?? released ?? DEFAULT_KRO_COMPATIBILITY;
  const graphKind = options.features?.graphKind === true;
  const { omit = false, dynamicKeys = false } = options.features ?? {};
  const { partialDependencies = false, managedResources = false, deferredSchemas = false } = options.features ?? {};
  const features = {
    ...(omit ? {} : { omit }),
    ...(dynamicKeys ? {} : { dynamicKeys }),
    ...(partialDependencies ? { partialDependencies } : {}),
    ...(managedResources ? { managedResources } : {}),
    ...(deferredSchemas ? { deferredSchemas } : {}),
  };
  return {
    level,
    facets: comparedFacets({ ...options, kroCompatibility: level }),
    graphKind,
    ...(Object.keys(features).length === 0 ? {} : { features }),
    from,
  };
}
