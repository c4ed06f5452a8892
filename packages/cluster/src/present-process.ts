import { TypeKroError } from '@typekro/kit/core';
import { type PodLogs, PROCESS, processKey } from './pod-logs.ts';
import type { HandlerContext } from './http/handler.ts';
import { ownRequest } from './own-request.ts';

/** The options of a presented process. */
export interface PresentOptions {
  /** The name of the Deployment and its container, and the value of the label `app.kubernetes.io/name`. */
  readonly name: string;
  /** The namespace, which is created if it is missing. Default: `kro-system`. */
  readonly namespace?: string;
  /** The image in the pod's specification. No image is pulled. Default: `in-process`. */
  readonly image?: string;
  /** The arguments of the container. They describe the process; nothing starts with them. Default: none. */
  readonly args?: readonly string[];
  /** Labels of the Deployment and its pods in addition to `app.kubernetes.io/name`. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A part of this process that the cluster presents as a Deployment. */
export interface PresentedProcess {
  /** Adds lines to the log that `kubectl logs` shows. Newlines separate lines; a newline at the end is dropped. */
  log(text: string): void;
  /** Deletes the Deployment, and with it its ReplicaSet and pod. */
  remove(): Promise<void>;
}

/** A label and an annotation with this key mark an object that represents a part of the cluster's own process. */
const SIMULATED = 'typekro.dev/simulated';

/** The parts of the cluster that `presentProcess` uses. */
export type PresentContext = HandlerContext & { readonly logs: Pick<PodLogs, 'write'> };

/**
 * Presents a part of this process, such as a controller, as a Deployment with one pod, as the part would run in a real
 * cluster. Deployment and pod have the label `typekro.dev/simulated`. The simulated controllers create the pod. The
 * pod's log has the lines that are passed to `log` of the result. Clients may delete the pod, and scale and restart the
 * Deployment; the log is kept.
 *
 * @throws TypeKroError `cluster/process-not-presented` when the API refuses the objects.
 */
export async function presentProcess(context: PresentContext, options: PresentOptions): Promise<PresentedProcess> {
  const { name, namespace = 'kro-system', image = 'in-process', args = [], labels = {} } = options;
  const process = `${namespace}/${name}`;
  const selector = { 'app.kubernetes.io/name': name };
  const marks = { ...labels, ...selector, [SIMULATED]: 'true' };
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await send(context, 'PATCH', `/api/v1/namespaces/${namespace}`, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  await send(context, 'PATCH', `${deployments}/${name}`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      labels: marks,
      annotations: { [SIMULATED]: 'it runs inside the process of this cluster; the pod only shows its log' },
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: marks, annotations: { [PROCESS]: process } },
        spec: { containers: [{ name, image, ...(args.length === 0 ? {} : { args }) }] },
      },
    },
  });
  const key = processKey(process, name);
  return {
    log(text) {
      const body = text.endsWith('\n') ? text.slice(0, -1) : text;
      for (const line of body.split('\n')) context.logs.write(key, line);
    },
    remove: () => send(context, 'DELETE', `${deployments}/${name}?propagationPolicy=Background`),
  };
}

async function send(context: HandlerContext, method: 'PATCH' | 'DELETE', path: string, body?: object): Promise<void> {
  const { status, text } = await ownRequest(context, method, path, body);
  if (status < 300 || (method === 'DELETE' && status === 404)) return;
  throw new TypeKroError(`the process could not be shown in the cluster: ${text}`, {
    code: 'cluster/process-not-presented',
    remedy: 'choose another name or namespace',
  });
}
