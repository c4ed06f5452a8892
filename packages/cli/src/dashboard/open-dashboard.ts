import { definedMembers } from '@typekro/kit/core';
import { createPages, dashboardUrl } from '@typekro/dashboard';
import type {
  InspectAction,
  InspectMeta,
  InspectServer,
  InspectServerOptions,
  InspectSource,
  Viewer,
} from '@typekro/controller/inspect';
import { newInspectToken, ownViewer, proofOf, serveInspect, tokenOf } from '@typekro/controller/inspect';
import { type KubernetesApi, systemClock } from '@typekro/kube';
import type { CommandContext } from '../command.ts';
import type { ControllerSettings } from '@typekro/controller/controller';
import { controllerSettings } from '@typekro/app/controllers';
import { packageVersion } from '../package-version.ts';
import { ChildChanges } from './child-changes.ts';
import { ClusterDetails } from './cluster-details.ts';
import { ClusterIndex } from './cluster-index.ts';

/** The options of a dashboard. */
export interface DashboardOptions extends Pick<InspectServerOptions, 'port' | 'hosts' | 'onFailure'> {
  readonly context: CommandContext;
  /** The client of this process. The caller closes it after the dashboard. */
  readonly api: KubernetesApi;
  /** The name of the cluster: the context of the kubeconfig, or its address. */
  readonly cluster: string;
  /**
   * The options and environment variables that a new shell needs, so that commands copied from the page run in it.
   * Absent when the users of the page are on other machines.
   */
  readonly commands?: NonNullable<InspectMeta['commands']>;
  /** The namespace for planned objects that do not set a namespace. */
  readonly namespace: string;
  /** The reports of the controller in this process. Absent when the controller runs elsewhere. */
  readonly reports?: InspectSource;
  /** The allowed actions. Default: none. */
  readonly actions?: readonly InspectAction[];
  /** The settings of the controller. By default they are read from its Deployment. */
  readonly settings?: ControllerSettings;
  /**
   * Authenticates callers by their tokens. By default, only `token` is accepted, and its caller has the rights of the
   * user of `api`.
   */
  readonly authenticate?: (token: string) => Promise<Viewer | undefined>;
  /** The token of the page. Default: a new random token. Not used together with `authenticate`. */
  readonly token?: string;
  /** Default `127.0.0.1`. An address that is not on the loopback interface needs `authenticate`. */
  readonly host?: string;
}

/** An open dashboard. */
export interface Dashboard {
  /** The address for a browser. It contains the token, unless callers use their own tokens. */
  readonly url: string;
  /** Resolves when all instances are known, or the limits say why some are missing. Never rejects. */
  readonly listed: Promise<void>;
  close(): Promise<void>;
}

/**
 * Serves the page of a cluster and the page's HTTP interface. The data comes from watches and reads by the client.
 * Resolves when the address is open, possibly before the first lists of the cluster are complete.
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
    // A report contains data that the controller has the right to read. A caller can lack this right.
    ...(reports === undefined || isReviewed ? {} : { source: reports }),
    ...definedMembers({ host, port, hosts, onFailure: options.onFailure }),
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
  controllerSettings(api, signal);
