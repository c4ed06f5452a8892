/**
 * The simulated controllers of a cluster. They do the work of `kube-controller-manager`, scheduler and kubelet in this
 * process. A controller runs after each write that concerns it. Its delays and retries follow the cluster's clock.
 * `manager.ts` runs the controllers, which read and write objects through `controller-client.ts`.
 *
 * @packageDocumentation
 */
import type { ClusterOptions, ControllersOptions } from '../cluster-options.ts';
import { ingressController, loadBalancerController } from './network/addresses.ts';
import { type AccountTokenContext, tokenCleaner, tokenController } from './account-tokens.ts';
import { autoscalerController } from './autoscaling/autoscaler.ts';
import { type CertificatesContext, approvingController, requestCleaner, signingController } from './certificates.ts';
import { disruptionController } from './workloads/disruption.ts';
import { eventExpiry } from './event-expiry.ts';
import { policyStatusController } from './policy-status.ts';
import { quotaController } from './quota.ts';
import { aggregationController } from './role-aggregation.ts';
import { claimProtection, volumeController } from './volume-lifecycle.ts';
import { claimController, putStorageClass } from './volumes.ts';
import type { SimulatedController } from './simulated-controller.ts';
import { cronJobController } from './jobs/cronjob.ts';
import { daemonSetController } from './workloads/daemonset.ts';
import { deploymentController } from './workloads/deployment-controller.ts';
import { endpointsController } from './network/endpoints.ts';
import { endpointMirroring } from './network/endpoint-mirroring.ts';
import { garbageCollector } from './garbage-collector.ts';
import { jobController, ttlController } from './jobs/job.ts';
import { kubelet } from './pods/kubelet.ts';
import { KUBELET } from './pods/pod-state.ts';
import { podCollector } from './pods/pod-collector.ts';
import { ProcessPods } from './pods/process-pods.ts';
import type { ProcessRuntime } from '../processes/process-runtime.ts';
import { type ManagerContext, ControllerManager } from './manager.ts';
import { METRICS_SERVER, metricsServer } from './autoscaling/metrics-server.ts';
import { namespaceController } from './namespace.ts';
import { nodeStatusController, putNode } from './nodes/simulated-node.ts';
import { nodeTaintController } from './nodes/node-taints.ts';
import { replicaSetController, replicationController } from './workloads/replicaset.ts';
import { scheduler } from './scheduler.ts';
import { StandInFailures } from './stand-ins/failures.ts';
import { hostDeployed, hostStandIn } from './stand-ins/host.ts';
import { serviceCidrController } from './network/service-cidrs.ts';
import { serviceAccountController } from './service-account.ts';
import { statefulSetController } from './workloads/statefulset.ts';
import { taintEvictionController } from './nodes/taint-eviction.ts';
import { type ControllerSettings, checkControllerNames, SERVICE_ACCOUNT_CONTROLLER } from './enabled-controllers.ts';
import type { BootstrapContext } from '../bootstrap.ts';
import type { ServiceAddresses } from '../kinds/network/service-addresses.ts';
import { type PodSimulation, matchesPod, PodRuleSet } from '../pods/pod-rule-set.ts';
import { simulatedUsage } from '../pods/node-capacity.ts';
import { metricsResources } from '../registry/metrics-resources.ts';
import type { Registry } from '../registry/registry.ts';
import type { Store } from '../store/store.ts';
import type { StandIn, StandIns } from '../stand-in.ts';

export { type ControllerSettings, noControllers } from './enabled-controllers.ts';

/**
 * Returns the controllers of every cluster. The garbage collector is first, so that the other controllers do not
 * reconcile objects that it removes.
 */
function housekeeping(context: AccountTokenContext & CertificatesContext): SimulatedController[] {
  return [
    garbageCollector(),
    namespaceController,
    serviceAccountController(() => context.certificateAuthority),
    tokenController(context),
    tokenCleaner,
    aggregationController,
    approvingController(context),
    signingController(context),
    requestCleaner,
    policyStatusController,
    quotaController,
    eventExpiry(),
  ];
}

/** Returns the controllers that run workloads. */
function workloadControllers(
  context: ControllersContext,
  podRules: PodRuleSet,
  processes: ProcessPods,
): SimulatedController[] {
  return [
    nodeStatusController(context),
    nodeTaintController(),
    deploymentController,
    replicaSetController,
    replicationController,
    statefulSetController,
    daemonSetController,
    jobController,
    ttlController,
    cronJobController,
    claimController,
    claimProtection,
    volumeController,
    scheduler(),
    taintEvictionController(),
    podCollector(),
    kubelet(podRules, processes),
    endpointsController,
    endpointMirroring,
    serviceCidrController,
    disruptionController,
    metricsServer((pod) => simulatedUsage(pod, podRules.of(pod).rules)),
    autoscalerController(),
    loadBalancerController,
    ingressController,
  ];
}

/** The parts of the cluster that the simulated controllers use. */
export interface ControllersContext extends ManagerContext, AccountTokenContext, CertificatesContext, BootstrapContext {
  readonly options: BootstrapContext['options'] & Pick<ClusterOptions, 'podStopSeconds'>;
  readonly store: Store;
  readonly registry: Registry;
  readonly addresses: ServiceAddresses;
  onCertificateAuthority(listener: () => void): void;
  /** The local processes of pods, or `undefined` in a cluster that runs none. */
  readonly processes: ProcessRuntime | undefined;
}

/** The stand-ins of a cluster. */
export interface HostedStandIns {
  readonly standIns: readonly StandIn[];
  /** The duration of each step of their work, in milliseconds. */
  readonly stepMs: number;
}

/** The simulated controllers of a cluster, and its stand-ins. */
export interface StartedControllers {
  readonly settings: ControllerSettings;
  readonly pods: PodSimulation;
  readonly standIns: StandIns;
}

const FLUX_CONTROLLERS = ['source-controller', 'helm-controller', 'kustomize-controller'];

/**
 * Returns the controllers of the stand-ins. Flux's controllers run in every cluster with workloads. If the options do
 * not request Flux, they work only while their Deployments with the annotation `typekro.dev/stand-in` run, and are
 * loaded with the first of these.
 */
function standInControllers(
  { standIns, stepMs }: HostedStandIns,
  failures: StandInFailures,
  workloads: boolean,
  load: Parameters<typeof hostDeployed>[2],
): SimulatedController[] {
  const requested = standIns.flatMap((standIn) => hostStandIn(standIn, { stepMs, failures }));
  const isFluxRequested = standIns.some(({ name }) => name === 'flux');
  if (isFluxRequested || !workloads) return requested;
  return [...requested, ...hostDeployed(FLUX_CONTROLLERS, { stepMs: 0, failures }, load)];
}

/**
 * Starts the simulated controllers of a cluster. The controllers stop when the cluster closes. With `workloads`, also
 * starts the controllers that run workloads, and creates the node and the default storage class for them.
 *
 * @throws TypeKroError `cluster/unknown-controller` when the options name a controller that does not exist.
 */
export function startControllers(
  context: ControllersContext,
  options: ControllersOptions,
  workloads: boolean,
  hosted: HostedStandIns,
): StartedControllers {
  const { podStopSeconds: stopSeconds } = context.options;
  const podRules = new PodRuleSet(() => context.clock.now(), stopSeconds === undefined ? {} : { stopSeconds });
  const always = housekeeping(context);
  const simulation = workloadControllers(context, podRules, new ProcessPods(context.processes));
  const failures = new StandInFailures();
  const standInsToRun = standInControllers(hosted, failures, workloads, loadFlux);
  checkControllerNames(options, [
    ...[...always, ...simulation, ...standInsToRun].map(({ name }) => name),
    ...FLUX_CONTROLLERS,
  ]);
  const running = [...always, ...(workloads ? simulation : []), ...standInsToRun];
  const manager = new ControllerManager(context, running, options);
  function loadFlux(install: (standIn: StandIn) => void): void {
    const loaded = import('./stand-ins/catalogue.ts').then(({ loadStandIns }) => loadStandIns(['flux']));
    context.work.enqueueAfter(loaded, (standIns) => {
      standIns.forEach(install);
      for (const name of FLUX_CONTROLLERS) manager.enqueueAll(name);
    });
  }
  failures.onChange = () => {
    for (const { name } of standInsToRun) manager.enqueueAll(name);
  };
  context.onCertificateAuthority(() => {
    for (const { key } of context.store.collection('', 'namespaces').all()) {
      manager.enqueue(SERVICE_ACCOUNT_CONTROLLER, key);
    }
    for (const { key } of context.store.collection('', 'secrets').all()) {
      manager.enqueue('serviceaccount-token-controller', key);
    }
  });
  if (context.processes !== undefined) context.processes.onChange = (key) => manager.enqueue(KUBELET, key);
  podRules.onChange((match) => {
    for (const { key, object } of context.store.collection('', 'pods').all()) {
      if (!matchesPod(match, object)) continue;
      manager.enqueue(KUBELET, key);
      manager.enqueue(METRICS_SERVER, key);
    }
  });
  if (workloads) {
    for (const resource of metricsResources(context.store)) context.registry.add(resource);
    putNode(context);
    putStorageClass(context);
  }
  const names = hosted.standIns.map(({ name }) => name);
  const fail: StandIns['fail'] = (match, failure) => failures.add(match, failure);
  return { settings: manager, pods: podRules, standIns: { names, fail } };
}
