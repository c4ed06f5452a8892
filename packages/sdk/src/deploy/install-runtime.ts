import { controllerManifests, keptText, safeInstallation } from '@typekro/controller/controller';
import type { DeployEventContent, FactoryOptions } from '../compose/index.ts';
import { type KubeObject, type ObjectRef, formatRef, parseJson, refOf, TypeKroError } from '@typekro/kit/core';
import { type KroSource, type RuntimeSettings, EARLIER_KRO, FLUX_CONTROLLERS } from '../factories/index.ts';
import { type KubernetesApi, isTimeout, systemClock, waitForObject, withDeadline } from '@typekro/kube';
import { readinessOf } from '@typekro/engine/readiness';
import { connect } from './connect.ts';
import { DeploymentTimeoutError } from './errors.ts';
import { fluxManifests, releaseAddress } from './flux-manifests.ts';
import { STAND_IN, standInManifests } from './stand-in-manifests.ts';

/** The options of an installation. */
export interface RuntimeInstallation {
  readonly settings: RuntimeSettings;
  /** The namespace of Flux. */
  readonly namespace: string;
  readonly options: FactoryOptions;
}

/** The default time limit of the installation, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 300_000;

/**
 * Installs Flux, unless the settings say that Flux is installed already. Also installs this project's controller when
 * the settings request it. Waits until Flux, the applied CRDs and the applied Deployments are ready. The call is
 * idempotent. Returns where kro comes from: kro's Helm chart, or a Deployment.
 *
 * @throws TypeKroError `bootstrap/manifests-unreachable` or `bootstrap/manifests-invalid` for unusable manifests,
 *   `bootstrap/stand-in-elsewhere` when the settings request stand-ins on a real cluster, `bootstrap/no-image` when
 *   they request this project's controller without its image; DeploymentTimeoutError when an object does not become
 *   ready.
 */
export async function installRuntime(installation: RuntimeInstallation): Promise<KroSource> {
  const { settings, options } = installation;
  const api = await connect(options);
  const limit = options.timeout ?? DEFAULT_TIMEOUT_MS;
  try {
    return await withDeadline(limit, [options.abortSignal], systemClock, async (signal) => {
      if (settings.fluxInstallation === 'managed') await installFlux(api, installation, signal);
      await waitForAll(
        api,
        FLUX_CONTROLLERS.map((name) => deploymentRef(name, installation.namespace)),
        signal,
      );
      return await kroSource(api, installation, signal);
    });
  } finally {
    await api.close();
  }
}

const deploymentRef = (name: string, namespace: string): ObjectRef => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name,
  namespace,
});

async function installFlux(api: KubernetesApi, installation: RuntimeInstallation, signal: AbortSignal): Promise<void> {
  const { settings, namespace, options } = installation;
  const embedded = await isEmbedded(api, signal);
  const from = settings.manifestsFrom ?? (embedded ? 'stand-in' : releaseAddress(settings.fluxVersion));
  if (from === 'stand-in' && !embedded) {
    throw new TypeKroError('stand-ins for Flux run on an embedded cluster only', {
      code: 'bootstrap/stand-in-elsewhere',
      remedy: 'omit manifestsFrom, or pass the address or folder of Flux’s manifests',
    });
  }
  const source =
    from === 'stand-in' ? ': stand-ins replace its controllers, and fetch and render nothing' : ` from ${from}`;
  reportProgress(options, { type: 'progress', message: `installing Flux in ${namespace}${source}` });
  const objects =
    from === 'stand-in' ? standInManifests(namespace) : await fluxManifests(from, settings, namespace, signal);
  await applyInOrder(api, objects, signal);
}

/** Is the cluster an embedded one? Its version contains `+typekro`. */
async function isEmbedded(api: KubernetesApi, signal: AbortSignal): Promise<boolean> {
  const { status, text } = await api.raw({ path: '/version', signal });
  if (status !== 200) return false;
  const version = parseJson(text);
  return JSON.stringify(version).includes('+typekro"');
}

/**
 * Applies namespaces and CRDs first and waits until the CRDs are ready. Then applies the other objects and waits until
 * the Deployments are ready.
 */
async function applyInOrder(api: KubernetesApi, objects: readonly KubeObject[], signal: AbortSignal): Promise<void> {
  const first = new Set(['Namespace', 'CustomResourceDefinition']);
  const apply = (object: KubeObject) => api.apply(object, { fieldManager: 'typekro', force: true, signal });
  const early = objects.filter(({ kind }) => first.has(kind));
  for (const object of early) await apply(object);
  const definitions = early.filter(({ kind }) => kind === 'CustomResourceDefinition').map(refOf);
  await waitForAll(api, definitions, signal);
  for (const object of objects) if (!first.has(object.kind)) await apply(object);
  await waitForAll(api, objects.filter(({ kind }) => kind === 'Deployment').map(refOf), signal);
}

/**
 * Waits until every object is ready.
 *
 * @throws DeploymentTimeoutError with the objects that are not ready, and the reasons.
 */
async function waitForAll(api: KubernetesApi, refs: readonly ObjectRef[], signal: AbortSignal): Promise<void> {
  const waiting = new Map<ObjectRef, string>(refs.map((ref) => [ref, 'it does not exist']));
  const wait = (ref: ObjectRef) =>
    waitForObject(api, ref, signal, (object) => {
      if (object === undefined) return undefined;
      const { ready, reason, message } = readinessOf(object);
      waiting.set(ref, message === '' ? reason : message);
      if (ready) waiting.delete(ref);
      return ready ? true : undefined;
    });
  try {
    await Promise.all(refs.map(wait));
  } catch (error) {
    if (!isTimeout(signal)) throw error;
    const lines = [...waiting].map(([ref, why]) => `  ${formatRef(ref)}: ${why}`);
    throw new DeploymentTimeoutError(`the runtime did not become ready in time:\n${lines.join('\n')}`, {
      code: 'deploy/timeout',
      cause: error,
      remedy: 'look at these objects and their events; install again to continue',
    });
  }
}

/**
 * Returns where kro comes from. Keeps an older kro that already runs in a namespace other than the one in the settings.
 * Otherwise applies this project's controller, or leaves the installation to kro's Helm chart.
 */
async function kroSource(
  api: KubernetesApi,
  { settings, options }: RuntimeInstallation,
  signal: AbortSignal,
): Promise<KroSource> {
  const earlier = await api.find(deploymentRef(EARLIER_KRO.name, EARLIER_KRO.namespace), { signal });
  const real = earlier !== undefined && !isSimulated(earlier);
  if (real && settings.kroNamespace !== EARLIER_KRO.namespace) {
    reportProgress(options, {
      type: 'progress',
      message: `kro is installed in ${EARLIER_KRO.namespace} already and is kept`,
    });
    return EARLIER_KRO;
  }
  if (settings.controller === 'kro') return 'chart';
  const { kroNamespace: namespace, controllerImage: image } = settings;
  if (image === undefined) {
    throw new TypeKroError("controller: 'typekro' needs the image of the controller", {
      code: 'bootstrap/no-image',
      remedy: 'pass controllerImage, for example your own build of the package',
    });
  }
  const { apply, kept } = await safeInstallation(api, controllerManifests({ image, namespace }), signal);
  for (const crd of kept) reportProgress(options, { type: 'progress', message: keptText(crd) });
  await applyInOrder(api, apply, signal);
  return { namespace, name: 'typekro' };
}

/**
 * Is this a Deployment of an embedded cluster, with pods that are only simulated? Such a Deployment is not an
 * installation of kro.
 */
function isSimulated({ metadata }: KubeObject): boolean {
  return Object.keys(metadata.annotations ?? {}).some(
    (name) => name === STAND_IN || name.startsWith('typekro.dev/simulate'),
  );
}

function reportProgress(options: FactoryOptions, event: DeployEventContent): void {
  options.progressCallback?.({ ...event, timestamp: new Date(systemClock.now()) });
}
