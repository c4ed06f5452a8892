/**
 * The server of the dashboard in a separate process, for `bench/dashboard.ts`. It runs the `ClusterIndex` of the
 * command `typekro dashboard` on a stand-in for a cluster. The first argument is the number of instances. The second
 * argument is the number of nodes of the instance with details. The parent process sends orders that change the
 * instances.
 */
import { setImmediate } from 'node:timers/promises';
import { ClusterIndex } from '../../packages/cli/src/dashboard/cluster-index.ts';
import type { KubeObject } from '@typekro/kit/core';
import { createPages } from '@typekro/dashboard';
import { type InspectDetails, ownViewer, serveInspect, tokenOf } from '@typekro/controller/inspect';
import type { KubernetesApi, ResourceType, WatchEvent, WatchOptions } from '@typekro/kube';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { createScene, FLEET_REF, SCENE_TIME } from '../../test/browser/support/scene.ts';
import type { DashboardOrder, DashboardReport } from './dashboard-process.ts';

const [count = '10000', nodes = '300'] = process.argv.slice(2);
const total = Number(count);

const DEFINITION: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'shops.acme.dev', uid: 'd', resourceVersion: '1' },
  spec: { schema: { group: 'acme.dev', apiVersion: 'v1', kind: 'Shop' } },
  status: { state: 'Active', lastIssuedRevision: 4 },
};

/** An instance with a status as a controller writes it. The details of instance 0 come from the scene. */
function instance(index: number, version: number): KubeObject {
  const isReady = (index + version) % 5 !== 0;
  const message = `Deployment shop/store-${index}-web: 1 of 2 replicas are available`;
  const time = new Date(SCENE_TIME - index * 60_000).toISOString();
  return {
    apiVersion: 'acme.dev/v1',
    kind: 'Shop',
    metadata: {
      name: index === 0 ? 'web' : `store-${String(index).padStart(5, '0')}`,
      namespace: index === 0 ? 'shop' : `team-${index % 40}`,
      uid: `uid-${index}`,
      resourceVersion: String(version),
      creationTimestamp: time,
      labels: { 'kro.run/resource-graph-definition-name': 'shops.acme.dev' },
    },
    spec: { replicas: 2 },
    status: {
      state: isReady ? 'ACTIVE' : 'IN_PROGRESS',
      conditions: [
        { type: 'Ready', status: isReady ? 'True' : 'False', reason: 'Ready', message, lastTransitionTime: time },
      ],
    },
  };
}

let changes: WatchEvent[] = [];
/** Resumes the watch when more changes have arrived (`true`), or ends it (`false`). */
let arrived: (isOpen: boolean) => void = () => undefined;
const untilAborted = (signal: AbortSignal | undefined): Promise<unknown> =>
  new Promise((resolve) => signal?.addEventListener('abort', resolve));

const api = {
  discovery: { resourceOf: () => Promise.resolve(undefined) },
  // The index requests the version repeatedly, to check whether the API server still responds.
  raw: () => Promise.resolve({ major: '1', minor: '36' }),
  async *watch({ kind }: ResourceType, { signal }: WatchOptions = {}) {
    if (kind !== 'Shop') {
      yield { type: 'ADDED', object: DEFINITION };
      yield { type: 'SYNCED', resourceVersion: '1' };
      await untilAborted(signal);
      return;
    }
    for (let index = 0; index < total; index += 1) yield { type: 'ADDED', object: instance(index, 1) };
    yield { type: 'SYNCED', resourceVersion: '1' };
    signal?.addEventListener('abort', () => arrived(false));
    for (let isOpen = true; isOpen;) {
      yield* changes.splice(0);
      isOpen = await new Promise<boolean>((resolve) => (arrived = resolve));
    }
  },
} as unknown as KubernetesApi;

/**
 * The clock of the server. The parent moves it forward, and it also advances with real time. Otherwise a timer that a
 * stream sets after the last move by the parent would never fire. A stream sets its timer only when the page reads, and
 * a slow page reads late.
 */
const clock = new TestClock();
const TICK_MS = 50;
let moved: Promise<void> = Promise.resolve();
/** Moves the clock, after all earlier moves are complete. */
function move(milliseconds: number): Promise<void> {
  moved = moved.then(() => clock.advance(milliseconds));
  return moved;
}
setInterval(() => void move(TICK_MS), TICK_MS).unref();
const scene = createScene({ instances: 2, nodes: Number(nodes), children: 240 });
const shown = (): Promise<never> => Promise.reject(new Error('the page of the measurement does not ask for this'));
const details: InspectDetails = {
  meta: () =>
    Promise.resolve({
      version: '1',
      cluster: { name: 'bench' },
      source: 'cluster',
      actions: [],
      plans: false,
      limits: [],
    }),
  // The states of the instance change with each step.
  instance: () => Promise.resolve(scene.instance(FLEET_REF)),
  definition: shown,
  revision: shown,
  why: shown,
  node: shown,
  object: shown,
  events: shown,
  log: shown,
  plan: shown,
  act: shown,
};

const report = (answer: DashboardReport): void => void process.send?.(answer);
/** The bytes of the heap in use after a collection. */
function heap(): number {
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const index = new ClusterIndex({ api, clock });
const server = await serveInspect({
  index,
  details,
  clock,
  pages: createPages(),
  authenticate: tokenOf('bench', ownViewer(api)),
});
const heapBefore = heap();
await index.start();
report({ url: server.url, heap: heap(), heapBefore });

// The parent process has ended.
process.on('disconnect', () => process.exit());

let version = 1;
let next = 0;
process.on('message', (order: DashboardOrder) => {
  void (async () => {
    if (order.is === 'close') {
      await Promise.all([server.close(), index.close()]);
      process.disconnect();
      return;
    }
    if (order.is === 'happen') {
      version += 1;
      const last = index.log.lastId;
      // The first change of each batch concerns the instance that the page shows.
      changes = Array.from({ length: order.events }, (_, nth) => {
        next = (next % (total - 1)) + 1;
        return { type: 'MODIFIED', object: instance(nth === 0 ? 0 : next, version) };
      });
      scene.step();
      arrived(true);
      while (index.log.lastId < last + order.events) await setImmediate();
      await move(order.ms);
    }
    report({ url: server.url, heap: order.is === 'heap' ? heap() : 0, heapBefore });
  })();
});
