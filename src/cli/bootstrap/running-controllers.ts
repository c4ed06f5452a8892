import type { KubeObject } from '../../core/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { KubeError } from '../../kube/index.ts';
import { objectsAt, textAt, valueAt } from '../../kubernetes/index.ts';

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };

/** A Deployment of a controller of definitions. */
export interface ControllerDeployment {
  readonly project: 'kro' | 'typekro';
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  /** Pods that it wants or has; 0: it does not run. */
  readonly replicas: number;
  readonly object: KubeObject;
}

/** The controllers of a cluster. */
export interface RunningControllers {
  readonly found: readonly ControllerDeployment[];
  /** Why only one namespace was searched. */
  readonly limit?: string;
}

/** Finds the Deployments of kro's controller and of this project's, in all namespaces where the user may list them. */
export async function runningControllers(
  api: Pick<KubernetesApi, 'list'>,
  namespace: string,
  signal: AbortSignal,
): Promise<RunningControllers> {
  const read = (items: readonly KubeObject[]) => items.flatMap((item) => controllerOf({ ...item, ...DEPLOYMENT }));
  try {
    return { found: read((await api.list(DEPLOYMENT, { signal })).items) };
  } catch (thrown) {
    if (!(thrown instanceof KubeError) || thrown.status !== 403) throw thrown;
    const limit = `controllers in other namespaces than ${namespace} could not be looked for: ${thrown.message}`;
    return { found: read((await api.list(DEPLOYMENT, { namespace, signal })).items), limit };
  }
}

function controllerOf(object: KubeObject): ControllerDeployment[] {
  const { name = '', namespace = '', labels = {} } = object.metadata;
  const containers = objectsAt(object.spec, 'template', 'spec', 'containers');
  const label = Object.hasOwn(labels, LABEL) ? labels[LABEL] : undefined;
  const image = textAt(containers[0], 'image');
  const repository = repositoryOf(image);
  const isOf = (project: string) => label === project || (label === undefined && repository === project);
  const project = isOf('typekro') ? 'typekro' : isOf('kro') ? 'kro' : undefined;
  if (project === undefined) return [];
  const wanted = valueAt(object.spec, 'replicas');
  const has = valueAt(object.status, 'replicas');
  const replicas = Math.max(typeof wanted === 'number' ? wanted : 1, typeof has === 'number' ? has : 0);
  return [{ project, namespace, name, image, replicas, object }];
}

/** The label by which the charts of both projects name themselves. */
const LABEL = 'app.kubernetes.io/name';

/** The last part of an image without tag and digest: `kro` of `registry.k8s.io/kro/kro:v0.9.2`. */
function repositoryOf(image: string): string {
  const [path = ''] = image.split('@');
  return (path.split('/').at(-1) ?? '').split(':')[0] ?? '';
}

/** Is the image one of kro 0.10 or later? Unknown tags count as 0.9, whose behaviour is the default. */
export function isKro010(image: string): boolean {
  const [, major, minor] = /:v?(\d{1,4})\.(\d{1,4})\b/.exec(image) ?? [];
  return major !== undefined && (Number(major) > 0 || Number(minor) >= 10);
}

/** The arguments of a controller's container. */
export function argumentsOf({ object }: { readonly object: Pick<KubeObject, 'spec'> }): readonly string[] {
  const [container] = objectsAt(object.spec, 'template', 'spec', 'containers');
  const args = valueAt(container, 'args');
  return Array.isArray(args) ? args.filter((each) => typeof each === 'string') : [];
}
