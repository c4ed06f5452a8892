import { TypeKroError } from '../core/index.ts';
import { inProcessTransport } from './http/in-process.ts';
import { PROCESS, processKey } from './pod-logs.ts';
import type { HandlerContext } from './http/handler.ts';
import type { PodLogs } from './pod-logs.ts';

/** How a process is presented. */
export interface PresentOptions {
  /** Name of the Deployment, of its container and of its app label. */
  readonly name: string;
  /** Made if it is not there. Default: `kro-system`. */
  readonly namespace?: string;
  /** The image that the pod shows; nothing is pulled. Default: `in-process`. */
  readonly image?: string;
  /** Labels of Deployment and pods beside `app.kubernetes.io/name`. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A process of this program that the cluster shows as a Deployment. */
export interface PresentedProcess {
  /** Adds to the log that `kubectl logs` shows; without the newline at its end, one line per newline inside. */
  log(text: string): void;
  /** Deletes the Deployment; its ReplicaSet and pod go with it. */
  remove(): Promise<void>;
}

/** Marks what stands for something inside the cluster's own process. */
const SIMULATED = 'typekro.dev/simulated';

/** What the process is shown by, and where its lines go. */
export type PresentContext = HandlerContext & { readonly logs: Pick<PodLogs, 'write'> };

/**
 * Shows something that runs in this process, such as a controller, as what it would be in a real cluster: a
 * Deployment with one pod, marked `typekro.dev/simulated`, whose log is what is written to it here. The pod is
 * made by the simulated controllers; it may be deleted, scaled and restarted like any other, and its log stays.
 */
export async function presentProcess(context: PresentContext, options: PresentOptions): Promise<PresentedProcess> {
  const { name, namespace = 'kro-system', image = 'in-process', labels = {} } = options;
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
        spec: { containers: [{ name, image }] },
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

async function send(context: HandlerContext, method: string, path: string, body?: object): Promise<void> {
  const transport = inProcessTransport(context);
  const apply = method === 'PATCH' ? '?fieldManager=typekro&force=true' : '';
  const reply = await transport.request({
    method,
    path: `${path}${apply}`,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  let text = '';
  for await (const chunk of reply.body) text += Buffer.from(chunk).toString();
  if (reply.status < 300 || (method === 'DELETE' && reply.status === 404)) return;
  throw new TypeKroError(`the process could not be shown in the cluster: ${text}`, {
    code: 'cluster/process-not-presented',
    remedy: 'choose another name or namespace',
  });
}
