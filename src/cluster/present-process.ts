import { TypeKroError } from '../core/index.ts';
import { inProcessTransport } from './http/in-process.ts';
import { PROCESS, processKey } from './pod-logs.ts';
import type { HandlerContext } from './http/handler.ts';
import type { PodLogs } from './pod-logs.ts';

/** The options of a presented process. */
export interface PresentOptions {
  /** Name of the Deployment, of its container and of its app label. */
  readonly name: string;
  /** The namespace, which is created if it is missing. Default: `kro-system`. */
  readonly namespace?: string;
  /** The image in the pod's specification; nothing is pulled. Default: `in-process`. */
  readonly image?: string;
  /** Labels of Deployment and pods beside `app.kubernetes.io/name`. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A process of this program that the cluster shows as a Deployment. */
export interface PresentedProcess {
  /**
   * Adds lines to the log that `kubectl logs` shows. A newline at the end is dropped; newlines inside separate lines.
   */
  log(text: string): void;
  /** Deletes the Deployment; its ReplicaSet and pod go with it. */
  remove(): Promise<void>;
}

/** The annotation of objects that stand for a part of the cluster's own process. */
const SIMULATED = 'typekro.dev/simulated';

/** What presenting a process uses of the cluster. */
export type PresentContext = HandlerContext & { readonly logs: Pick<PodLogs, 'write'> };

/**
 * Shows a part of this process, such as a controller, as a real cluster would: as a Deployment with one pod. The
 * Deployment is marked with `typekro.dev/simulated`, and the log of the pod is what is written to the result. The
 * simulated controllers create the pod. It may be deleted, scaled and restarted as any pod; its log stays.
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
