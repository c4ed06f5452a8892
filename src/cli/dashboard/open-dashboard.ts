import { createPages, dashboardUrl } from '../../dashboard/index.ts';
import type { InspectAction, InspectMeta, InspectServer, InspectSource, Viewer } from '../../inspect/index.ts';
import { newInspectToken, ownViewer, proofOf, serveInspect, tokenOf } from '../../inspect/index.ts';
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
  /** What the copied commands need in a new shell. Absent when the users of the page are on other machines. */
  readonly commands?: NonNullable<InspectMeta['commands']>;
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
  /** The token of the page. Default: a new one. Not for a dashboard with `authenticate`. */
  readonly token?: string;
  /** Default `127.0.0.1`. Any other address than one of the loopback needs `authenticate`. */
  readonly host?: string;
  /** Default: a free port. */
  readonly port?: number;
  /** Further names by which browsers may call the server. */
  readonly hosts?: readonly string[];
  /** Gets each failure that is an error of the dashboard itself, with the method and the path of the request. */
  readonly onFailure?: (error: unknown, request: string) => void;
}

/** An open dashboard. */
export interface Dashboard {
  /** The address for a browser, with the token where the dashboard has one of its own. */
  readonly url: string;
  /** Resolves when the page has all instances, or the limits say why not. Never rejects. */
  readonly listed: Promise<void>;
  close(): Promise<void>;
}

/**
 * Serves the page and its interface for a cluster, from watches and reads by the client. Resolves when the address is
 * open. The first lists of the cluster may be under way.
 *
 * @throws TypeKroError `inspect/listen` when the address cannot be opened.
 */
export async function openDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { context, api, cluster, namespace, reports, commands, actions = [], host, port, hosts } = options;
  const isReviewed = options.authenticate !== undefined;
  const known = reports === undefined ? {} : { reports };
  const index = new ClusterIndex({ api, clock: systemClock, ...known, hidesReasons: isReviewed });
  const children = new ChildChanges({ api, clock: systemClock, log: index.log });
  const source: InspectMeta['source'] = reports === undefined ? 'cluster' : 'controller';
  const own = options.settings;
  const token = isReviewed ? undefined : (options.token ?? newInspectToken());
  const details = new ClusterDetails({
    index,
    children,
    clock: systemClock,
    version: packageVersion(),
    cluster,
    source,
    ...known,
    actions,
    proves: token !== undefined,
    ...(commands === undefined ? {} : { commands }),
    settings: own === undefined ? readSettings : () => Promise.resolve(own),
    context,
    namespace,
  });
  const authenticate = options.authenticate ?? tokenOf(token ?? newInspectToken(), ownViewer(api));
  const server: InspectServer = await serveInspect({
    index,
    details,
    authenticate,
    ...(token === undefined ? {} : { prove: proofOf(token) }),
    pages: createPages(),
    // A report has what the controller reads, and not what the caller may read.
    ...(reports === undefined || isReviewed ? {} : { source: reports }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(options.onFailure === undefined ? {} : { onFailure: options.onFailure }),
    allowRemote: isReviewed,
    takesClusterTokens: isReviewed,
  });
  return {
    url: token === undefined ? server.url : dashboardUrl({ url: server.url, token }),
    listed: index.start(),
    close: async () => {
      await server.close();
      await Promise.all([index.close(), children.close()]);
    },
  };
}

const readSettings = (api: KubernetesApi, signal: AbortSignal): Promise<ControllerSettings> =>
  controllerSettings(api, { positionals: [], options: {} }, signal);
