import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import type { Controller, ControllerOptions } from '@typekro/controller/controller';
import { controllerCrds, createController, jsonLogger } from '@typekro/controller/controller';
import type { JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import { type Transport, KubeClient } from '@typekro/kube';

/** One request that the controller sent. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
}

/** An embedded cluster and a controller, connected by the in-process transport. */
export interface ControllerWorld {
  readonly cluster: Cluster;
  /** The user's client. */
  readonly user: KubeClient;
  readonly controller: Controller;
  /** The controller's requests, oldest first. A test can empty the list, to count requests from then on. */
  readonly requests: SeenRequest[];
  /** The log of the controller. */
  readonly log: string[];
  /** Applies objects as a user, with force. */
  apply(...objects: KubeObject[]): Promise<void>;
  /**
   * Watches the kind, and calls `check` with each state of the object. Returns the first result of `check` that is
   * neither undefined nor false. Fails after 15 seconds.
   */
  until<T>(ref: ObjectRef, check: (object: KubeObject | undefined) => T | undefined | false): Promise<T>;
  /** Resolves when neither the cluster nor the controller has work left. */
  settled(): Promise<void>;
  /** Stops the controller and starts a new controller, as a restart of the process does. */
  restart(options?: Partial<ControllerOptions>): Promise<void>;
  close(): Promise<void>;
}

/** The writes among the requests, without the writes of Events, because Events only report other writes. */
export function writesOf(requests: readonly SeenRequest[]): SeenRequest[] {
  return requests.filter(({ method, path }) => method !== 'GET' && !path.includes('/events'));
}

/** Starts a cluster that has kro's CRDs, and a controller on it. */
export async function controllerWorld(options: Partial<ControllerOptions> = {}): Promise<ControllerWorld> {
  const cluster = await createEmbeddedCluster();
  const user = new KubeClient({ transport: cluster.transport(), userAgent: 'user' });
  for (const crd of controllerCrds()) await user.create(crd);
  await cluster.idle();
  const requests: SeenRequest[] = [];
  const log: string[] = [];
  const start = async (extra: Partial<ControllerOptions>) => {
    const client = new KubeClient({ transport: recording(cluster.transport(), requests), userAgent: 'controller' });
    const logger = jsonLogger(
      (line) => log.push(line),
      () => cluster.clock.now(),
      'debug',
    );
    const controller = createController({ client, logger, ...options, ...extra });
    await controller.start();
    return controller;
  };
  let controller = await start({});
  return {
    cluster,
    user,
    get controller() {
      return controller;
    },
    requests,
    log,
    async apply(...objects) {
      for (const object of objects) await user.apply(object, { fieldManager: 'user', force: true });
    },
    until: (ref, check) => until(user, ref, check, () => log),
    async settled() {
      for (let round = 0; round < 3; round += 1) {
        await cluster.idle();
        await controller.idle();
      }
    },
    async restart(extra = {}) {
      await controller.stop();
      controller = await start(extra);
    },
    async close() {
      await controller.stop();
      await user.close();
      await cluster.close();
    },
  };
}

function recording(transport: Transport, requests: SeenRequest[]): Transport {
  return {
    request(request) {
      requests.push({ method: request.method, path: request.path });
      return transport.request(request);
    },
    close: () => transport.close(),
  };
}

async function until<T>(
  user: KubeClient,
  ref: ObjectRef,
  check: (object: KubeObject | undefined) => T | undefined | false,
  log: () => readonly string[],
): Promise<T> {
  const signal = AbortSignal.timeout(15_000);
  let last: KubeObject | undefined;
  for await (const event of user.watch(ref, { signal, fieldSelector: `metadata.name=${ref.name}` })) {
    if ('object' in event) {
      if (event.object.metadata.namespace !== ref.namespace) continue;
      last = event.type === 'DELETED' ? undefined : event.object;
    } else if (event.type !== 'SYNCED') continue;
    const answer = check(last);
    if (answer !== undefined && answer !== false) return answer;
  }
  throw new Error(`${ref.kind} ${ref.name} did not get there:\n${JSON.stringify(last, null, 1)}\n${log().join('')}`);
}

/** Reads a YAML file of `test/fixtures/seeds` as an object. */
export function seed(name: string): KubeObject {
  return parse(readFileSync(new URL(`../fixtures/seeds/${name}`, import.meta.url), 'utf8')) as KubeObject;
}

/** Returns the `status` of the condition with this type. */
export function conditionOf(object: KubeObject | undefined, type: string): string | undefined {
  const conditions = object?.status?.['conditions'];
  if (!Array.isArray(conditions)) return undefined;
  const found = conditions.find((entry) => (entry as JsonObject)['type'] === type) as JsonObject | undefined;
  return typeof found?.['status'] === 'string' ? found['status'] : undefined;
}

/** Returns the value of a key in a ConfigMap's `data`. */
export function dataOf(object: KubeObject | undefined, key: string): unknown {
  const data = object?.['data'];
  return typeof data === 'object' && data !== null && Object.hasOwn(data, key) ? (data as JsonObject)[key] : undefined;
}
