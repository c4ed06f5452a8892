import type { ControllerSettings, ParsedFlags } from '@typekro/controller/controller';
import {
  assumedSettings,
  optionsFromFlags,
  parseControllerFlags,
  settingsOf,
  withLevel,
} from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { definedMember, TypeKroError } from '@typekro/kit/core';
import type { GraphFeatures, KroCompatibility } from '@typekro/engine/graph';
import { KroLevel } from '@typekro/engine/graph';
import type { PlanSource } from '@typekro/controller/inspect';
import type { KubernetesApi } from '@typekro/kube';
import { KubeError } from '@typekro/kube';
import { valueAt } from '@typekro/kit/kubernetes';
import type { CommandInput, OptionSpec } from './command.ts';
import { textOption } from './command.ts';
import { deployedController } from './controller-container.ts';
import { KUBECONFIG_OPTIONS } from './command-options.ts';

/** The controller's ServiceAccount that `typekro bootstrap` and the chart create by default. */
export const DEFAULT_CONTROLLER = 'kro-system/typekro';

/** The source of a level that the command line sets. */
export const LEVEL_FLAG = '--kro-compatibility';

/** The option of commands that predict what a controller decides. */
export const LEVEL_OPTION: OptionSpec = {
  name: 'kro-compatibility',
  summary: 'compute as kro 0.9 or 0.10 does; by default, as the controller in the cluster does',
  value: 'level',
  choices: KroLevel.LEVELS,
};

/** The option for CRDs in addition to those of the cluster. */
export const FURTHER_CRDS_OPTION: OptionSpec = {
  name: 'crds',
  summary: 'files or folders with CustomResourceDefinitions that the cluster does not have',
  value: 'paths',
  repeatable: true,
};

/** The options of `plan` and `apply` for what the cluster does not tell, and for the cluster itself. */
export const PLANNING_OPTIONS: readonly OptionSpec[] = [FURTHER_CRDS_OPTION, LEVEL_OPTION, ...KUBECONFIG_OPTIONS];

/**
 * Returns the level in `--kro-compatibility`, or `undefined` when the option is absent. Throws `TypeKroError`
 * `cli/usage` for a value that is not a level.
 */
export function levelOption(input: CommandInput): KroCompatibility | undefined {
  const text = textOption(input, LEVEL_OPTION.name);
  const level = KroLevel.LEVELS.find((each) => each === text);
  if (text === undefined || level !== undefined) return level;
  throw new TypeKroError(`--kro-compatibility ${text} is not a level`, {
    code: 'cli/usage',
    remedy: `write ${KroLevel.LEVELS.join(' or ')}`,
  });
}

/** The part of the settings that plans and snapshots store. */
export function recordOf({ level, features, limits, from }: ControllerSettings) {
  const { features: assumed } = assumedSettings(from);
  const names = Object.keys({ ...assumed, ...features }) as (keyof GraphFeatures)[];
  const differing = names.filter((name) => (features[name] ?? false) !== (assumed[name] ?? false));
  return {
    kroCompatibility: level,
    from,
    ...(differing.length === 0
      ? {}
      : { features: Object.fromEntries(differing.map((name) => [name, features[name] ?? false])) }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

/** The settings that `recordOf` has stored. */
export function settingsOfRecord(record: NonNullable<PlanSource['controller']>): ControllerSettings {
  const { kroCompatibility, from, features, limits = {} } = record;
  return { ...assumedSettings(from, kroCompatibility, features), limits };
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
  return level === undefined ? found : withLevel(found, level, LEVEL_FLAG);
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
    return assumedSettings(`Deployments could not be read: ${thrown.message}`);
  }
  return assumedSettings('no Deployment of a controller was found');
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
  return settingsOf({ ...definedMember('kroCompatibility', released), ...options }, from);
}
