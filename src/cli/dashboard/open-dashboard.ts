import { createPages, dashboardUrl } from '../../dashboard/index.ts';
import type { InspectAction, InspectMeta, InspectServer, InspectSource, Viewer } from '../../inspect/index.ts';
import { newInspectToken, ownViewer, serveInspect, tokenOf } from '../../inspect/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { systemClock } from '../../kube/index.ts';
import type { CommandContext } from '../command.ts';
import type { ControllerSettings } from '../controller-settings.ts';
import { controllerSettings } from '../controller-settings.ts';
import { packageVersion } from '../package-version.ts';
import { ChildChanges } from './child-changes.ts';
import { ClusterDetails } from './cluster-details.ts';
import { ClusterIndex } from './cluster-index.ts';

/** The options of a dashboard. */
export interface DashboardOptions {
  readonly context: CommandContext;
  /** The client of this process. The caller closes it after the dashboard. */
  readonly api: KubernetesApi;
  /** The name of the cluster: the context of the kubeconfig, or its address. */
  readonly cluster: string;
  /** The namespace of planned objects without one. */
  readonly namespace: string;
  /** The reports of the controller in this process. Absent when it runs elsewhere. */
  readonly reports?: InspectSource;
  /** The allowed actions. Default: none. */
  readonly actions?: readonly InspectAction[];
  /** The settings of the controller. By default they are read from its Deployment. */
  readonly settings?: ControllerSettings;
  /** Accepts the tokens of callers. By default, one random token stands for the client's own user. */
  readonly authenticate?: (token: string) => Promise<Viewer | undefined>;
  /** Default `127.0.0.1`. Any other address than one of the loopback needs `authenticate`. */
  readonly host?: string;
  /** Default: a free port. */
  readonly port?: number;
  /** Further names by which browsers may call the server. */
  readonly hosts?: readonly string[];
}

/** An open dashboard. */
export interface Dashboard {
  /** The address for a browser, with the token where the dashboard has one of its own. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the page and its interface for a cluster, from watches and reads by the client.
 *
 * @throws TypeKroError `inspect/listen` when the address cannot be opened.
 */
export async function openDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { context, api, cluster, namespace, reports, actions = [], host, port, hosts } = options;
  const index = new ClusterIndex({ api, clock: systemClock, ...(reports === undefined ? {} : { reports }) });
  const children = new ChildChanges({ api, clock: systemClock, log: index.log });
  const source: InspectMeta['source'] = reports === undefined ? 'cluster' : 'controller';
  const own = options.settings;
  const details = new ClusterDetails({
    index,
    children,
    clock: systemClock,
    version: packageVersion(),
    cluster,
    source,
    actions,
    settings: own === undefined ? readSettings : () => Promise.resolve(own),
    context,
    namespace,
  });
  const token = options.authenticate === undefined ? newInspectToken() : undefined;
  const authenticate = options.authenticate ?? tokenOf(token ?? newInspectToken(), ownViewer(api));
  const server: InspectServer = await serveInspect({
    index,
    details,
    authenticate,
    pages: createPages(),
    ...(reports === undefined ? {} : { source: reports }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(hosts === undefined ? {} : { hosts }),
    allowRemote: options.authenticate !== undefined,
  });
  const close = async (): Promise<void> => {
    await server.close();
    await Promise.all([index.close(), children.close()]);
  };
  try {
    await index.start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: token === undefined ? server.url : dashboardUrl({ url: server.url, token }),
    close,
  };
}

const readSettings = (api: KubernetesApi, signal: AbortSignal): Promise<ControllerSettings> =>
  controllerSettings(api, { positionals: [], options: {} }, signal);
