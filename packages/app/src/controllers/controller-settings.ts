import type { ControllerSettings, ParsedFlags } from '@typekro/controller/controller';
import {
  assumedSettings,
  DEFINITIONS_CRD,
  optionsFromFlags,
  parseControllerFlags,
  publishedFlags,
  settingsOf,
  withLevel,
} from '@typekro/controller/controller';
import { type KubeObject, definedMembers } from '@typekro/kit/core';
import type { GraphFeatures, KroCompatibility } from '@typekro/engine/graph';
import type { PlanSource } from '@typekro/controller/inspect';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { valueAt } from '@typekro/kit/kubernetes';
import { deployedController } from './controller-container.ts';

/** The controller's ServiceAccount that `typekro bootstrap` and the chart create by default. */
export const DEFAULT_CONTROLLER = 'kro-system/typekro';

/** The source of a level that the command line sets. */
export const LEVEL_FLAG = '--kro-compatibility';

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
 * Returns the settings of a cluster's controller, with the level of the command line, if it has one. The gates, limits
 * and level come from the flags of the controller's Deployment. If the Deployment has no flag for the level, the version
 * of kro in its image determines the level. Without a readable Deployment, as for a controller outside the cluster, the
 * flags are those that the last controller published, otherwise the defaults.
 */
export async function controllerSettings(
  api: Pick<KubernetesApi, 'list' | 'find'>,
  signal: AbortSignal,
  level?: KroCompatibility,
): Promise<ControllerSettings> {
  const found = await deployedSettings(api, signal);
  return level === undefined ? found : withLevel(found, level, LEVEL_FLAG);
}

async function deployedSettings(
  api: Pick<KubernetesApi, 'list' | 'find'>,
  signal: AbortSignal,
): Promise<ControllerSettings> {
  const labelSelector = 'app.kubernetes.io/name in (kro,typekro)';
  const [deployments, crd] = await Promise.all([
    orRefusal(api.list({ apiVersion: 'apps/v1', kind: 'Deployment' }, { labelSelector, signal })),
    orRefusal(api.find(DEFINITIONS_CRD, { signal })),
  ]);
  const isRefused = deployments instanceof KubeError;
  for (const deployment of isRefused ? [] : deployments.items) {
    const found = settingsOfDeployment(deployment);
    if (found !== undefined) return found;
  }
  const flags = crd === undefined || crd instanceof KubeError ? undefined : publishedFlags(crd);
  if (flags !== undefined) return settingsOfFlags(parseControllerFlags(flags), 'published by its controller');
  return assumedSettings(
    isRefused ? `Deployments could not be read: ${deployments.message}` : 'no Deployment of a controller was found',
  );
}

/** The response to a read, or the error if the API server refuses the read or does not serve the kind. */
const orRefusal = <Read>(read: Promise<Read>): Promise<Read | KubeError> =>
  read.catch((thrown: unknown) => {
    if (thrown instanceof KubeError && [403, 404, 405].includes(thrown.status)) return thrown;
    throw thrown;
  });

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
  return settingsOf({ ...definedMembers({ kroCompatibility: released }), ...options }, from);
}
