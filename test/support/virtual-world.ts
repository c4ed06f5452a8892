import type { Cluster, ClusterOptions } from '../../src/cluster/index.ts';
import { createEmbeddedCluster } from '../../src/cluster/index.ts';
import type { Controller, ControllerOptions } from '../../src/controller/index.ts';
import { controllerCrds, createController, jsonLogger } from '../../src/controller/index.ts';
import type { JsonObject, KubeObject, ObjectRef } from '../../src/core/index.ts';
import { isJsonObject } from '../../src/core/index.ts';
import type { Transport } from '../../src/kube/index.ts';
import { KubeClient } from '../../src/kube/index.ts';
import { SimClock, seededRandom } from '../simulation/sim-clock.ts';

/** A request as a transport gets it. */
export type SeenRequest = Parameters<Transport['request']>[0];
/** An answer of a transport. */
export type Answer = Awaited<ReturnType<Transport['request']>>;

/** Embedded cluster and controller on one clock that stands still until it is advanced. */
export interface VirtualWorld {
  readonly cluster: Cluster;
  readonly clock: SimClock;
  /** The user's client, field manager `user` unless it says otherwise. */
  readonly user: KubeClient;
  readonly controller: Controller;
  /** What the controller asked for, oldest first; empty it to count anew. */
  readonly requests: SeenRequest[];
  readonly log: string[];
  /** Answers requests of the controller in place of the cluster; `undefined` lets one through. */
  intercept: ((request: SeenRequest) => Answer | Promise<Answer> | undefined) | undefined;
  apply(...objects: KubeObject[]): Promise<void>;
  /** Lets everything happen that happens at this point of time. */
  settle(): Promise<void>;
  /** Moves the time, letting everything happen in its order. */
  advance(milliseconds: number): Promise<void>;
  /** Stops the controller and starts another, as a new process would. */
  restart(options?: Partial<ControllerOptions>): Promise<void>;
  /** Events on an object, as `reason: message`, oldest first. */
  eventsOf(name: string): Promise<string[]>;
  close(): Promise<void>;
}

/** How a world is made. */
export interface VirtualWorldOptions {
  readonly cluster?: ClusterOptions;
  readonly controller?: Partial<ControllerOptions>;
}

/** So many turns of the event loop without a request count as quiet. */
const QUIET_TURNS = 15;

/** Starts a cluster with kro's CRDs and a controller; workloads are not simulated unless asked for. */
export async function virtualWorld(options: VirtualWorldOptions = {}): Promise<VirtualWorld> {
  const clock = new SimClock();
  const random = seededRandom(1);
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
          return await inner.request(request);
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
    for (let quiet = 0, turns = 0; quiet < QUIET_TURNS; turns += 1) {
      if (turns > 50_000) throw new Error('it never becomes quiet');
      const before = traffic;
      await new Promise(setImmediate);
      await cluster.idle();
      quiet = before === traffic && inFlight === 0 ? quiet + 1 : 0;
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
  for (const crd of controllerCrds()) await user.create(crd);
  await settle();
  controller = await start({});
  await settle();
  return world;
}

/** Writes among requests, without those of Events. */
export function writesOf(requests: readonly SeenRequest[]): string[] {
  return requests
    .filter(({ method, path }) => method !== 'GET' && !path.includes('/events'))
    .map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`);
}

/** A condition of an object, as `status reason: message`; empty when it has none of this type. */
export function conditionText(object: KubeObject | undefined, type: string): string {
  const conditions = object?.status?.['conditions'];
  if (!Array.isArray(conditions)) return '';
  const found = conditions.find((entry) => isJsonObject(entry) && entry['type'] === type);
  if (!isJsonObject(found)) return '';
  const text = (key: string) => (typeof found[key] === 'string' ? found[key] : '');
  return `${text('status')} ${text('reason')}: ${text('message')}`;
}

/** A definition of resources for kind `Pot` of `acme.test/v1`, named `pots`. */
export function potDefinition(resources: JsonObject[], annotations: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'pots', annotations },
    spec: {
      schema: {
        apiVersion: 'v1',
        kind: 'Pot',
        group: 'acme.test',
        spec: { text: 'string | default="x"', count: 'integer | default=1' },
      },
      resources,
    },
  };
}

/** A ConfigMap as a resource of a definition. */
export function mapResource(id: string, data: JsonObject, metadata: JsonObject = {}): JsonObject {
  const name = `\${schema.metadata.name}-${id}`;
  return { id, template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data } };
}

/** An instance of `Pot` in namespace `default`. */
export function pot(name: string, spec: JsonObject = {}, annotations: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'acme.test/v1', kind: 'Pot', metadata: { name, namespace: 'default', annotations }, spec };
}

/** The reference of an instance of `Pot`. */
export function potRef(name: string): ObjectRef {
  return { apiVersion: 'acme.test/v1', kind: 'Pot', namespace: 'default', name };
}

/** The reference of a ConfigMap in namespace `default`. */
export function mapRef(name: string): ObjectRef {
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name };
}

/** The definition of kind `Pot`. */
export const potsRef: ObjectRef = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'pots' };
