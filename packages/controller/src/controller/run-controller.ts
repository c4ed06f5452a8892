import { TypeKroError, definedMembers } from '@typekro/kit/core';
import type { InspectSource } from '../inspect/index.ts';
import { indexOfReports, newInspectToken, ownViewer, serveInspect, tokenOf } from '../inspect/index.ts';
import type { Clock, KubernetesApi, LeaseTimes } from '@typekro/kube';
import { DEFAULT_LEASE_TIMES, runElection, systemClock } from '@typekro/kube';
import { createProcessController } from './controller.ts';
import type { ConversionAddress } from './conversions/conversion-address.ts';
import { type OpenConversions, serveConversions } from './conversions/serve-conversions.ts';
import { CurrentController, LEASE_NAME } from './current-controller.ts';
import { type ParsedFlags, flagText, parseControllerFlags } from './flags.ts';
import { type Logger, failureLogger } from './logger.ts';
import { measureRuntime } from './metrics/runtime-meter.ts';
import { optionsFromFlags } from './options-from-flags.ts';
import { parseListenAddress, serveProbes } from './probes.ts';
import { publishFlags } from './published-flags.ts';
import { LeaseLogger } from './telemetry/lease-logger.ts';
import type { TraceApi } from './telemetry/traces.ts';
import { runShards } from './shards/run-shards.ts';
import type { DefinitionShare, HeldLeases } from './shards/shard-share.ts';

/** The options of `runController`. */
export interface RunControllerOptions {
  readonly client: KubernetesApi;
  /** The arguments after the command's name, with kro's flags. */
  readonly args: readonly string[];
  readonly logger: Logger;
  /** The controller stops when this signal aborts. Running passes end first. */
  readonly signal: AbortSignal;
  /** The identity of this process in an election, e.g. `<host>_<random>`. */
  readonly identity: string;
  /**
   * Namespace of the pod. The Lease is in this namespace unless a flag names another namespace. Default: `kro-system`.
   */
  readonly namespace?: string;
  readonly clock?: Clock;
  /** Random numbers in [0, 1) for jitter. Default: `Math.random`. */
  readonly random?: () => number;
  /** Opens the dashboard for `--dashboard-bind-address`. By default, the flag is refused. */
  readonly openDashboard?: OpenControllerDashboard;
  /**
   * The token of the inspect interface: at least 16 characters that are valid in a header. By default, each process
   * makes a token and logs it.
   */
  readonly inspectToken?: string;
}

/** The options, and what flags request: the OpenTelemetry API, and the server of conversions. */
type LoadedOptions = RunControllerOptions & { readonly traces?: TraceApi; readonly conversions?: ConversionAddress };

/** The options of a controller's dashboard: its address, and the reports of the controller. */
export interface ControllerDashboardOptions {
  /** Absent for all interfaces. */
  readonly host?: string;
  readonly port: number;
  /** Additional host names under which browsers may call the server (`--dashboard-hosts`). */
  readonly hosts: readonly string[];
  readonly reports: InspectSource;
  /** Called for each failure of the dashboard itself, with the method and the path of the request. */
  readonly onFailure: (error: unknown, request: string) => void;
}

/** Opens the dashboard of a controller. */
export type OpenControllerDashboard = (
  options: ControllerDashboardOptions,
) => Promise<{ readonly url: string; close(): Promise<void> }>;

/**
 * Runs `typekro controller` with these options until the signal aborts. The process serves probes and metrics and, if
 * flags turn them on, the inspect interface and the dashboard. The controller runs alone, as the elected leader, or on
 * the shards of this replica.
 *
 * @throws TypeKroError `controller/usage` for an invalid command line or token.
 */
export async function runController(options: RunControllerOptions): Promise<void> {
  const { args, logger, signal } = options;
  const flags = parseControllerFlags(args);
  if (flags.errors.length > 0) throw new TypeKroError(flags.errors.join('; '), { code: 'controller/usage' });
  for (const name of flags.ignored) logger.log('info', 'a flag has no effect here', { flag: name });
  for (const warning of flags.warnings) logger.log('warn', warning);
  const current = new CurrentController();
  const closers: (() => Promise<void>)[] = [];
  try {
    for (const address of new Set([
      flagText(flags, 'metrics-bind-address'),
      flagText(flags, 'health-probe-bind-address'),
    ])) {
      if (address === '0' || address === '') continue;
      const server = await serveProbes(address, current);
      closers.push(() => server.close());
    }
    if (closers.length > 0) {
      const runtime = measureRuntime();
      current.runtimeMetrics = runtime.metrics;
      closers.push(async () => runtime.close());
    }
    const inspectAddress = addressOf(flags, 'inspect-bind-address');
    if (inspectAddress !== undefined) {
      const { host = '127.0.0.1', port } = parseListenAddress(inspectAddress);
      const index = indexOfReports(current);
      const token = inspectTokenOf(options.inspectToken);
      const authenticate = tokenOf(token, ownViewer(options.client));
      const server = await serveInspect({
        index,
        source: current,
        authenticate,
        host,
        port,
        onFailure: failureLogger(logger),
      });
      // A user without the right to use the token may be able to read the log, so a token from the options is not
      // logged.
      const shown = options.inspectToken === undefined ? { token } : {};
      logger.log('info', 'the inspect interface is open', { url: server.url, ...shown });
      closers.push(async () => {
        index.close();
        await server.close();
      });
    }
    const dashboardAddress = addressOf(flags, 'dashboard-bind-address');
    if (dashboardAddress !== undefined) {
      const server = await dashboardServer(options, flags, dashboardAddress, current);
      logger.log('info', 'the dashboard is open', { url: server.url });
      closers.push(() => server.close());
    }
    const conversions = await openConversions(options, flags);
    if (conversions !== undefined) closers.push(() => conversions.close());
    const shards = flags.values.get('shards');
    const isTraced = flags.values.get('opentelemetry-traces') === true;
    const loaded = {
      ...options,
      ...definedMembers({ conversions: conversions?.address }),
      ...(isTraced ? { traces: await loadTraceApi() } : {}),
    };
    if (typeof shards === 'number' && shards > 0) await share(loaded, flags, current, shards);
    else if (flags.values.get('leader-elect') === true) await lead(loaded, flags, current);
    else await work(loaded, flags, current, signal);
  } finally {
    await Promise.all(closers.map((close) => close()));
  }
}

/** Serves conversions if a flag names their Service. Every replica does, even while another replica leads. */
async function openConversions(
  { client, clock = systemClock, logger }: RunControllerOptions,
  flags: ParsedFlags,
): Promise<OpenConversions | undefined> {
  const service = optionsFromFlags(flags).conversions;
  if (service === undefined) return undefined;
  const bind = flagText(flags, 'conversion-bind-address');
  const opened = await serveConversions({ client, clock, logger, bind, service });
  logger.log('info', 'conversions are served', { url: opened.url });
  return opened;
}

/** The token of the inspect interface: the given one, or a new one. */
function inspectTokenOf(given: string | undefined): string {
  if (given === undefined) return newInspectToken();
  if (/^[!-~]{16,}$/.test(given)) return given;
  throw new TypeKroError('the token of the inspect interface is too short, or a header cannot carry it', {
    code: 'controller/usage',
    remedy: 'set TYPEKRO_INSPECT_TOKEN to at least 16 printable ASCII characters without blanks, or unset it',
  });
}

/** The address of an interface; `undefined` when it is off. */
function addressOf(flags: ParsedFlags, name: 'inspect-bind-address' | 'dashboard-bind-address'): string | undefined {
  const address = flagText(flags, name);
  return address === '' || address === '0' ? undefined : address;
}

/** Opens the dashboard. Every replica serves it, even while another replica leads. */
function dashboardServer(
  { openDashboard, logger }: RunControllerOptions,
  flags: ParsedFlags,
  address: string,
  reports: InspectSource,
): ReturnType<OpenControllerDashboard> {
  if (openDashboard === undefined) {
    throw new TypeKroError('this program has no dashboard for --dashboard-bind-address', {
      code: 'controller/no-dashboard',
      remedy: 'run the command typekro controller, or pass openDashboard',
    });
  }
  const { host, port } = parseListenAddress(address);
  const names = flagText(flags, 'dashboard-hosts').toLowerCase().split(',');
  const hosts = names.map((name) => name.trim()).filter((name) => name !== '');
  return openDashboard({
    ...(host === undefined ? {} : { host }),
    port,
    hosts,
    reports,
    onFailure: failureLogger(logger),
  });
}

/** The options of an election. Until a term begins, the replica is ready as long as it reaches the lease. */
function standBy(options: LoadedOptions, flags: ParsedFlags, current: CurrentController) {
  const { client: api, clock = systemClock, signal, identity, logger } = options;
  const { namespace, times } = electionOf(options, flags);
  const leaseLogger = new LeaseLogger(logger, clock, `${namespace}/${LEASE_NAME}`);
  current.standby = () => leaseLogger.reachable;
  current.missing = 'the lease cannot be read';
  const onPoll = (failure: Parameters<LeaseLogger['polled']>[0]) => leaseLogger.polled(failure);
  return { api, clock, namespace, identity, signal, times, onPoll };
}

/** Takes part in the election until the signal aborts. Runs a controller during each term as leader. */
async function lead(options: LoadedOptions, flags: ParsedFlags, current: CurrentController): Promise<void> {
  const { identity, logger, signal } = options;
  const election = standBy(options, flags, current);
  current.leads = false;
  logger.log('info', 'waiting for the lease', { lease: `${election.namespace}/${LEASE_NAME}`, identity });
  // A term starts when the work of the previous term has ended.
  let term: Promise<void> = Promise.resolve();
  try {
    await runElection({
      ...election,
      name: LEASE_NAME,
      onLeading(ending, lost, holds) {
        logger.log('info', 'leading', { identity });
        current.leads = true;
        lost.addEventListener('abort', () => (current.leads = false), { once: true });
        logLostLease(logger, identity, lost, signal);
        term = term.then(() => work(options, flags, current, ending, { lost, holds }));
        return term;
      },
    });
  } catch (error) {
    throw TypeKroError.from(error, { code: 'controller/unexpected' });
  }
}

/** Works on the shards of this replica until the signal aborts. */
async function share(
  options: LoadedOptions,
  flags: ParsedFlags,
  current: CurrentController,
  shards: number,
): Promise<void> {
  const { identity, logger } = options;
  const election = standBy(options, flags, current);
  logger.log('info', 'dividing definitions with other replicas', { shards, identity });
  try {
    await runShards({
      ...election,
      logger,
      lease: LEASE_NAME,
      shards,
      work: (part, ending, held) => work(options, flags, current, ending, held, part),
      onChange: async (abortGrace) => current.controller?.shareChanged(abortGrace),
    });
  } catch (error) {
    throw TypeKroError.from(error, { code: 'controller/unexpected' });
  }
}

/** Logs the loss of leadership, unless the process is ending. */
function logLostLease(logger: Logger, identity: string, lost: AbortSignal, ended: AbortSignal): void {
  const logLoss = () => {
    if (!ended.aborted) logger.log('warn', 'no longer leading: the lease was not renewed in time', { identity });
  };
  lost.addEventListener('abort', logLoss, { once: true });
}

function electionOf(options: RunControllerOptions, flags: ParsedFlags): { namespace: string; times: LeaseTimes } {
  const number = (name: string, fallback: number) => {
    const value = flags.values.get(name);
    return typeof value === 'number' ? value : fallback;
  };
  return {
    namespace: flagText(flags, 'leader-election-namespace') || (options.namespace ?? 'kro-system'),
    times: {
      leaseDurationMs: number('leader-election-lease-duration', DEFAULT_LEASE_TIMES.leaseDurationMs),
      renewDeadlineMs: number('leader-election-renew-deadline', DEFAULT_LEASE_TIMES.renewDeadlineMs),
      retryPeriodMs: number('leader-election-retry-period', DEFAULT_LEASE_TIMES.retryPeriodMs),
    },
  };
}

/** Runs one controller until the signal aborts. It writes only while it holds its Leases. */
async function work(
  { client, args, logger, clock, random, traces, conversions }: LoadedOptions,
  flags: ParsedFlags,
  current: CurrentController,
  signal: AbortSignal,
  held?: HeldLeases,
  part?: DefinitionShare,
): Promise<void> {
  if (signal.aborted) return;
  const isInspected =
    addressOf(flags, 'inspect-bind-address') !== undefined || addressOf(flags, 'dashboard-bind-address') !== undefined;
  const api = held === undefined ? client : (client.fenced?.(held.holds) ?? client);
  const controller = createProcessController(
    {
      ...optionsFromFlags(flags),
      ...(part === undefined ? {} : { share: part }),
      client: api,
      logger,
      ...definedMembers({ clock, random, traces, conversions }),
    },
    // A term begins with a successful write of the Lease, so the server is known to respond.
    { keepsReports: isInspected, isReached: held !== undefined },
  );
  const ended = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  current.controller = controller;
  try {
    await Promise.race([controller.start(), ended]);
    await publishFlags(api, args, logger, signal);
    if (!signal.aborted) logger.log('info', 'the controller is ready');
    await ended;
  } finally {
    await controller.stop(held?.lost);
    current.controller = undefined;
    logger.log('info', 'the controller stopped');
  }
}

/**
 * Loads the optional package `@opentelemetry/api`.
 *
 * @throws TypeKroError `controller/no-opentelemetry` when the package is not installed.
 */
async function loadTraceApi(): Promise<TraceApi> {
  try {
    return await import('@opentelemetry/api');
  } catch (cause) {
    throw new TypeKroError('the package @opentelemetry/api cannot be loaded', {
      code: 'controller/no-opentelemetry',
      remedy:
        'install @opentelemetry/api and an OpenTelemetry SDK next to typekro, or leave out --opentelemetry-traces',
      cause,
    });
  }
}
