import { type Cluster, type ClusterOptions, type ClusterSnapshot, createEmbeddedCluster } from '@typekro/cluster';
import { controllerCrds } from '@typekro/engine/graph';
import {
  type Controller,
  type ControllerOptions,
  createController,
  jsonLogger,
  LocalConversions,
} from '@typekro/controller/controller';
import { type KubeObject, isJsonObject } from '@typekro/kit/core';
import { type Transport, KubeClient } from '@typekro/kube';
import { SimClock, storyRandom } from './sim-clock.ts';

/** A request to a transport. */
export type SeenRequest = Parameters<Transport['request']>[0];
/** A response of a transport. */
export type Answer = Awaited<ReturnType<Transport['request']>>;

/** An embedded cluster and a controller that share a manual clock. */
export interface VirtualWorld {
  readonly cluster: Cluster;
  readonly clock: SimClock;
  /** The client of the user. Its default field manager is `user`. */
  readonly user: KubeClient;
  readonly controller: Controller;
  /** The requests of the controller, oldest first. A test may empty the list to start a new count. */
  readonly requests: SeenRequest[];
  readonly log: string[];
  /**
   * Responds to a request of the controller instead of the cluster. Returns `undefined` to pass the request to the
   * cluster.
   */
  intercept: ((request: SeenRequest) => Answer | Promise<Answer> | undefined) | undefined;
  apply(...objects: KubeObject[]): Promise<void>;
  /** Waits until all work of the present time is done. */
  settle(): Promise<void>;
  /** Moves the time, and runs all work in between, in order. */
  advance(milliseconds: number): Promise<void>;
  /** Stops the controller and starts a new one, like a restart of the process. */
  restart(options?: Partial<ControllerOptions>): Promise<void>;
  /** Events on an object, as `reason: message`, oldest first. */
  eventsOf(name: string): Promise<string[]>;
  close(): Promise<void>;
}

/** The options of `virtualWorld`. */
export interface VirtualWorldOptions {
  readonly cluster?: ClusterOptions;
  readonly controller?: Partial<ControllerOptions>;
  /** The state with which the cluster starts, including kro's CRDs. Default: only kro's CRDs. */
  readonly from?: ClusterSnapshot;
  /** Called with each request of the controller to which the cluster responded, and the status of the response. */
  onAnswer?(request: SeenRequest, status: number): void;
}

/** The number of turns of the event loop without a request after which the cluster counts as quiet. */
const QUIET_TURNS = 15;

/** The number of turns with requests after which the work counts as endless. */
const MAX_TURNS = 20_000;

/** Starts a cluster with kro's CRDs and a controller. Workloads are simulated only if the options request them. */
export async function virtualWorld(options: VirtualWorldOptions = {}): Promise<VirtualWorld> {
  const clock = new SimClock();
  const random = storyRandom(1);
  const cluster = await createEmbeddedCluster({ clock, workloads: false, ...options.cluster });
  let traffic = 0;
  let inFlight = 0;
  const requests: SeenRequest[] = [];
  const log: string[] = [];
  const through = (seen: SeenRequest[] | undefined): Transport => {
    const inner = cluster.transport();
    return {
      async request(request) {
        traffic += 1;
        seen?.push(request);
        const answer = seen === undefined ? undefined : world.intercept?.(request);
        if (answer !== undefined) return answer;
        inFlight += 1;
        try {
          const given = await inner.request(request);
          if (seen !== undefined) options.onAnswer?.(request, given.status);
          return given;
        } finally {
          inFlight -= 1;
        }
      },
      close: () => inner.close(),
    };
  };
  const user = new KubeClient({ transport: through(undefined), clock, random, userAgent: 'user' });
  const start = async (extra: Partial<ControllerOptions>) => {
    const client = new KubeClient({ transport: through(requests), clock, random, userAgent: 'controller' });
    const logger = jsonLogger(
      (line) => log.push(line),
      () => clock.now(),
      'debug',
    );
    const controller = createController({ client, clock, random, logger, ...options.controller, ...extra });
    await controller.start();
    return controller;
  };
  const settle = async () => {
    for (let quiet = 0, turns = 0; quiet < QUIET_TURNS;) {
      if (turns > MAX_TURNS) throw new Error('it never becomes quiet');
      const before = traffic;
      await new Promise(setImmediate);
      await cluster.idle();
      quiet = before === traffic && inFlight === 0 ? quiet + 1 : 0;
      // Only turns with new requests count, because a request may wait for a file of the cluster for any number of
      // turns.
      if (before !== traffic) turns += 1;
    }
  };
  let controller: Controller;
  const world: VirtualWorld = {
    cluster,
    clock,
    user,
    get controller() {
      return controller;
    },
    requests,
    log,
    intercept: undefined,
    async apply(...objects) {
      for (const object of objects) await user.apply(object, { fieldManager: 'user', force: true });
      await settle();
    },
    settle,
    async advance(milliseconds) {
      const until = clock.now() + milliseconds;
      for (let due = clock.nextDue; due !== undefined && due <= until; due = clock.nextDue) {
        clock.jump();
        await settle();
      }
      if (clock.now() < until) clock.skip(until - clock.now());
      await settle();
    },
    async restart(extra = {}) {
      await controller.stop();
      controller = await start(extra);
      await settle();
    },
    async eventsOf(name) {
      const { items } = await user.list({ apiVersion: 'v1', kind: 'Event' }, {});
      return items
        .filter((event) => isJsonObject(event['involvedObject']) && event['involvedObject']['name'] === name)
        .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
        .map((event) => `${String(event['reason'])}: ${String(event['message'])}`);
    },
    async close() {
      await controller.stop();
      await user.close();
      await cluster.close();
    },
  };
  if (options.from === undefined) for (const crd of controllerCrds()) await user.create(crd);
  else cluster.restore(options.from);
  await settle();
  controller = await start({});
  await settle();
  return world;
}

/** A world whose API server and controller convert between the versions of an API (gate `APIVersions`). */
export async function versionedWorld({
  cluster,
  controller,
  ...rest
}: VirtualWorldOptions = {}): Promise<VirtualWorld> {
  const conversions = new LocalConversions();
  const world = await virtualWorld({
    ...rest,
    cluster: { ...cluster, webhookServices: conversions.services },
    controller: { conversions: conversions.address, features: { versions: true }, ...controller },
  });
  conversions.connect(world.user);
  return world;
}
