import { appendFileSync, closeSync, constants, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createEmbeddedCluster, type Faults, type StandInFile, type StandInName } from '@typekro/cluster';
import {
  createController,
  failureLogger,
  featureGates,
  jsonLogger,
  keptText,
  LocalConversions,
  optionsFromFlags,
  parseControllerFlags,
  safeInstallation,
  type Logger,
} from '@typekro/controller/controller';
import { EMBEDDED_CONTEXT, NO_FOLLOW, openRegularFile, type KubeObject, definedMembers } from '@typekro/kit/core';
import { controllerCrds, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import type {
  DefinitionSummary,
  InspectAction,
  InspectEvent,
  InspectSource,
  InstanceReport,
  InstanceSummary,
} from '@typekro/controller/inspect';
import { KubeClient, loadKubeConfig, type KubernetesApi } from '@typekro/kube';
import type { CommandContext } from '../command.ts';
import { copiedCommands, shellFacts } from '../dashboard/copied-commands.ts';
import type { Dashboard } from '../dashboard/open-dashboard.ts';
import { FILE_MANAGER } from '@typekro/app/plan';
import { settingsOfFlags } from '@typekro/app/controllers';
import { processOptions } from '../run-processes-option.ts';
import { standInOptions } from '../stand-in-option.ts';
import { replaceWhole } from '../output-file.ts';
import { writeFile } from '../write-file.ts';
import { listenOnPort } from './listen-on-port.ts';
import type { StateDirectory } from './state-directory.ts';

/**
 * The flags of the controller in the embedded cluster. Its Deployment shows them, so that every command decides as the
 * controller does. The gates are all features that `validate` accepts. The account is that of an installed controller:
 * a Graph that names this account is refused, because it would have the rights of the controller.
 */
const CONTROLLER_ARGS = [
  `--feature-gates=${featureGates({ ...TYPEKRO_FEATURES, graphKind: true })}`,
  '--controller-namespace=kro-system',
  '--controller-service-account=typekro',
  `--conversion-service=${LocalConversions.SERVICE}`,
];
const CONTROLLER_FLAGS = parseControllerFlags(CONTROLLER_ARGS);

/** The settings of the controller in the embedded cluster. */
export const SESSION_SETTINGS = settingsOfFlags(CONTROLLER_FLAGS, 'the controller of this session');

/** A running cluster with its controller. */
export interface Session {
  readonly url: string;
  /** The URL of the web page, including the token. Absent for a session without a page. */
  readonly dashboard?: string;
  readonly api: KubernetesApi;
  /** The reports of the running controller. The source stays valid when another controller replaces the running one. */
  readonly controller: { readonly reports: InspectSource };
  /** Injects faults into the requests of all clients of the cluster. */
  readonly faults: Faults;
  /** Stops the controller in the middle of its work and starts another one, like a crash of the controller's pod. */
  killController(): Promise<void>;
  /** Ends all open watches, like a restart of an API server, so that clients list again. */
  endWatches(): Promise<void>;
  /** The start-up time of the API, in milliseconds. */
  readonly startMs: number;
  /** Notices about the start, such as CRDs of a newer version that were kept. */
  readonly notices: readonly string[];
  /** Applies a user's object with force, which takes fields over from other field managers. */
  apply(object: KubeObject, signal: AbortSignal): Promise<KubeObject>;
  /** Resolves when the cluster and the controller have no pending work. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** The options of a session. */
export interface SessionOptions {
  /** The port of the API. 0 means any free port. */
  readonly port: number;
  /** True to start the cluster from the saved state of the last session. Default false. */
  readonly keep?: boolean;
  /** The stand-ins for operators. Default: none. */
  readonly standIns?: readonly (StandInName | StandInFile)[];
  /** The working directory of pods that run as processes of this machine. When absent, no pod runs as a process. */
  readonly processDirectory?: string;
  /** The command for which the session serves the web page. By default, the session has no page. */
  readonly dashboardOf?: CommandContext;
  /** The port of the web page. Default: a free one. */
  readonly dashboardPort?: number;
  /** The token of the web page. Default: a new one. */
  readonly dashboardToken?: string;
  /** The actions that the page allows. Default: none. */
  readonly actions?: readonly InspectAction[];
}

/**
 * Starts the cluster and the controller, and writes the kubeconfig file. When a step fails, closes everything that
 * earlier steps opened.
 */
export async function startUpSession(state: StateDirectory, options: SessionOptions): Promise<Session> {
  const { port, keep = false, standIns = [], processDirectory, dashboardOf } = options;
  const began = performance.now();
  const conversions = new LocalConversions();
  const cluster = await createEmbeddedCluster({
    webhookServices: conversions.services,
    ...(keep ? { stateDirectory: join(state.path, 'state') } : {}),
    ...standInOptions(standIns),
    ...processOptions(processDirectory),
  });
  // Each step adds a function that closes the resources of the step. The functions run in reverse order.
  const closers: (() => unknown)[] = [() => cluster.close(), () => conversions.close()];
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).toReversed()) await end();
  };
  try {
    const listener = await listenOnPort(cluster, { port });
    const startMs = performance.now() - began;
    await writeFile(state.kubeconfig, listener.kubeconfig, {
      code: 'up/state-directory',
      remedy: 'start typekro in a directory that you may write to',
      mode: 0o600,
    });
    // The controller uses this cluster like any other cluster: over HTTPS, with the kubeconfig's token.
    const api = new KubeClient({ config: await loadKubeConfig({ text: listener.kubeconfig }) });
    closers.push(() => api.close());
    conversions.connect(api);
    const { apply, kept } = await safeInstallation(api, controllerCrds());
    for (const crd of apply) await api.apply(crd, { fieldManager: FILE_MANAGER, force: true });
    const log = logFile(state, listener.kubeconfig);
    const shown = await cluster.presentProcess({ name: 'kro', args: CONTROLLER_ARGS });
    const logger = jsonLogger((line) => {
      log(line);
      shown.log(line);
    }, Date.now);
    const newController = () =>
      createController({
        ...optionsFromFlags(CONTROLLER_FLAGS),
        conversions: conversions.address,
        client: api,
        logger,
      });
    let controller = newController();
    const reports = new ReplaceableSource(controller.reports);
    closers.push(() => controller.stop());
    await controller.start();
    const dashboard =
      dashboardOf === undefined
        ? undefined
        : await openPage(dashboardOf, { api, reports, logger, kubeconfig: state.kubeconfig }, options);
    if (dashboard !== undefined) closers.push(() => dashboard.close());
    return {
      url: listener.url,
      ...(dashboard === undefined ? {} : { dashboard: dashboard.url }),
      api,
      controller: { reports },
      faults: cluster.faults,
      async killController() {
        await controller.stop(AbortSignal.abort());
        controller = newController();
        reports.replace(controller.reports);
        await controller.start();
      },
      async endWatches() {
        await cluster.idle();
        cluster.restore(cluster.snapshot());
      },
      startMs,
      notices: kept.map(keptText),
      apply: (object, signal) => api.apply(object, { fieldManager: FILE_MANAGER, force: true, signal }),
      async idle() {
        await cluster.idle();
        await controller.idle();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The data sources of a session's web page, and the log for its failures. */
interface PageSources {
  readonly api: KubernetesApi;
  readonly reports: InspectSource;
  readonly logger: Logger;
  readonly kubeconfig: string;
}

/** Opens the web page. The import is dynamic, so that a session without a page does not load its code. */
async function openPage(
  context: CommandContext,
  { api, reports, logger, kubeconfig }: PageSources,
  { actions = [], dashboardPort: port, dashboardToken: token }: SessionOptions,
): Promise<Dashboard> {
  const { openDashboard } = await import('../dashboard/open-dashboard.ts');
  const commands = copiedCommands({ ...shellFacts(context), kubeconfig });
  const opened = await openDashboard({
    context,
    api,
    cluster: EMBEDDED_CONTEXT,
    namespace: 'default',
    reports,
    settings: SESSION_SETTINGS,
    actions,
    commands,
    ...definedMembers({ port, token }),
    onFailure: failureLogger(logger),
  });
  await opened.listed;
  return opened;
}

/**
 * Returns a function that appends to the controller's log. If the folder of the running cluster was removed, for
 * example by `git clean`, the function also writes the kubeconfig file again, because other terminals use it.
 */
function logFile(state: StateDirectory, kubeconfig: string): (line: string) => void {
  const { log } = state;
  closeSync(openRegularFile(log, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | NO_FOLLOW));
  return (line) => {
    try {
      if (!existsSync(log)) {
        mkdirSync(state.path, { recursive: true });
        replaceWhole(state.kubeconfig, kubeconfig, 0o600);
      }
      appendFileSync(log, line);
    } catch {
      // A full disk must not stop the controller. The line is also in the log of the controller's pod.
    }
  };
}

/**
 * The reports of a controller that another controller can replace. Listeners stay registered. The event ids continue
 * after those of the former controller.
 */
class ReplaceableSource implements InspectSource {
  #source: InspectSource;
  #unsubscribe: () => void;
  /** Added to the event ids of the current source. */
  #offset = 0;
  #last = 0;
  readonly #listeners = new Set<(event: InspectEvent) => void>();

  constructor(source: InspectSource) {
    this.#source = source;
    this.#unsubscribe = source.subscribe((event) => this.#emit(event));
  }

  /** Switches all reports to another source. */
  replace(source: InspectSource): void {
    this.#unsubscribe();
    this.#offset = this.#last;
    this.#source = source;
    this.#unsubscribe = source.subscribe((event) => this.#emit(event));
  }

  definitions(): readonly DefinitionSummary[] {
    return this.#source.definitions();
  }

  instances(): readonly InstanceSummary[] {
    return this.#source.instances();
  }

  report(ref: string): InstanceReport | undefined {
    return this.#source.report(ref);
  }

  eventsAfter(id: number): readonly InspectEvent[] {
    return this.#source.eventsAfter(Math.max(0, id - this.#offset)).map((event) => this.#shifted(event));
  }

  subscribe(listener: (event: InspectEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #shifted(event: InspectEvent): InspectEvent {
    return this.#offset === 0 ? event : { ...event, id: event.id + this.#offset };
  }

  #emit(event: InspectEvent): void {
    const shifted = this.#shifted(event);
    this.#last = shifted.id;
    for (const listener of this.#listeners) listener(shifted);
  }
}
