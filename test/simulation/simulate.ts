import { createCluster } from '../../src/cluster/index.ts';
import type { Controller } from '../../src/controller/index.ts';
import { controllerCrds, createController, jsonLogger } from '../../src/controller/index.ts';
import type { JsonObject, KubeObject } from '../../src/core/index.ts';
import { jsonEquals } from '../../src/core/index.ts';
import { KubeClient } from '../../src/kube/index.ts';
import type { Fault } from './faulty-transport.ts';
import { FaultyTransport } from './faulty-transport.ts';
import { Invariants } from './invariants.ts';
import { SimClock, seededRandom } from './sim-clock.ts';
import type { UserAction } from './user-actions.ts';
import { perform, randomActions, rigDefinition } from './user-actions.ts';

/** What one run came to. */
export interface SimulationResult {
  readonly seed: number;
  /** Empty when all went well. */
  readonly problems: readonly string[];
  readonly crashes: number;
  readonly requests: number;
  /** What was done and what went wrong, in order, for reading a failure. */
  readonly log: readonly string[];
}

/** How bad the world is. */
interface Weather {
  readonly faults: boolean;
}

/** Longest time that is waited for quiet after the last action: half an hour of the simulated clock. */
const LONGEST_QUIET_MS = 30 * 60_000;
/** So many turns of the event loop without a request count as quiet at one point of time. */
const QUIET_TURNS = 12;

/** Runs a seed with faults and without, and compares where both end. */
export async function simulate(seed: number): Promise<SimulationResult> {
  const actions = randomActions(seededRandom(seed));
  const good = await run(seed, actions, { faults: false });
  const bad = await run(seed, actions, { faults: true });
  const problems = [...good.problems.map((text) => `without faults: ${text}`), ...bad.problems];
  if (problems.length === 0) problems.push(...differences(good.state, bad.state));
  const log = good.problems.length > 0 ? good.log : bad.log;
  return { seed, problems, crashes: bad.crashes, requests: bad.requests, log };
}

async function run(seed: number, actions: readonly UserAction[], weather: Weather) {
  const random = seededRandom(seed ^ 0x5bd1e995);
  const clock = new SimClock();
  const cluster = await createCluster({ clock, workloads: false });
  const admin = new KubeClient({ transport: cluster.transport(), clock, random });
  for (const crd of controllerCrds()) await admin.create(crd);
  await admin.create(rigDefinition('a'));
  const invariants = new Invariants(admin);
  const log: string[] = [];
  let calm = !weather.faults;
  let crashes = 0;
  let requests = 0;
  let transport: FaultyTransport;
  let controller: Controller | undefined;
  let wanted = false;

  const faultOf = (method: string, path: string): Fault => {
    requests += 1;
    if (process.env['TRACE'] !== undefined) log.push(`  ${method} ${path.slice(0, 110)}`);
    if (calm || random() > 0.12) return 'none';
    const fault = pick<Fault>(random, ['refused', 'lost-answer', 'crash-before', 'crash-after', 'busy', 'error']);
    log.push(`${fault}: ${method} ${path}`);
    return fault;
  };
  const start = () => {
    transport = new FaultyTransport(cluster.transport(), {
      faultFor: ({ method, path }) => faultOf(method, path),
      delay: () => (calm ? 0 : Math.floor(random() * random() * 12)),
      repeats: () => !calm && random() < 0.05,
      cuts: () => !calm && random() < 0.02,
      onCrash: () => {
        crashes += 1;
        wanted = true;
      },
      onUnheard: ({ path }) => invariants.unsure.add(path.replace(/\?.*/, '')),
      check: invariants,
    });
    const client = new KubeClient({ transport, clock, random });
    const logger = jsonLogger(
      (line) => log.push(`controller: ${line.trim()}`),
      () => clock.now(),
      'warn',
    );
    const next = createController({ client, clock, random, logger, shutdownGraceMs: 0 });
    controller = next;
    // A process that crashes while it starts is started again, as by its kubelet.
    next.start().catch(() => {
      if (controller === next) wanted = true;
    });
  };
  const restart = () => {
    wanted = false;
    transport.kill();
    void controller?.stop();
    start();
  };

  /** Lets everything happen that happens at this point of time. */
  const settle = async () => {
    for (let quiet = 0, turns = 0; quiet < QUIET_TURNS; turns += 1) {
      if (turns > 20_000) throw new Error('it never becomes quiet');
      if (wanted) restart();
      const before = requests;
      await new Promise(setImmediate);
      await cluster.idle();
      quiet = before === requests && transport.inFlight === 0 ? quiet + 1 : 0;
    }
  };
  const jumpTo = async (time: number) => {
    for (let due = clock.nextDue; due !== undefined && due <= time; due = clock.nextDue) {
      clock.jump();
      await settle();
    }
  };

  const problems: string[] = [];
  let state: KubeObject[] = [];
  try {
    start();
    for (const action of actions) {
      log.push(`user: ${action.text}`);
      for (let tries = 0; !(await perform(admin, action)); tries += 1) {
        if (tries > 600) throw new Error(`the user waits for ever: ${action.text}`);
        await settle();
        await jumpTo(clock.now() + 1000);
        clock.skip(1000);
      }
      if (random() < 0.7) await settle();
      if (random() < 0.4) await jumpTo(clock.now() + random() * 3000);
    }
    calm = true;
    await settle();
    await jumpTo(clock.now() + LONGEST_QUIET_MS);
    const last = requests;
    state = await snapshot(admin);
    await jumpTo(clock.now() + LONGEST_QUIET_MS);
    if (!sameState(state, await snapshot(admin))) problems.push('the state still changes after half an hour');
    log.push(`${requests - last} requests in the last half hour`);
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  transport!.kill();
  await controller?.stop();
  await cluster.close();
  problems.push(...invariants.violations);
  return { problems, state, crashes, requests, log };
}

function pick<T>(random: () => number, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)] as T;
}

const KINDS = [
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'Secret' },
  { apiVersion: 'sim.test/v1', kind: 'Rig' },
  { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' },
];

/** Everything that matters, without times, versions and UIDs. */
async function snapshot(admin: KubeClient): Promise<KubeObject[]> {
  const found: KubeObject[] = [];
  for (const type of KINDS) {
    const { items } = await admin.list(type);
    found.push(...items.filter(({ metadata }) => metadata.name !== 'kube-root-ca.crt').map(normalize));
  }
  return found;
}

function normalize(object: KubeObject): KubeObject {
  const text = JSON.stringify(object, (key, value: unknown) =>
    [
      'uid',
      'resourceVersion',
      'managedFields',
      'creationTimestamp',
      'lastTransitionTime',
      'generation',
      'observedGeneration',
      'lastIssuedRevision',
      'message',
    ].includes(key) || key.endsWith('-id')
      ? undefined
      : key === 'conditions' && Array.isArray(value)
        ? byType(value as JsonObject[])
        : value,
  );
  return JSON.parse(text) as KubeObject;
}

/** Conditions stand in the order of their transitions, which is a matter of times. */
function byType(conditions: readonly JsonObject[]): JsonObject[] {
  return conditions.toSorted((a, b) => (String(a['type']) < String(b['type']) ? -1 : 1));
}

function sameState(a: readonly KubeObject[], b: readonly KubeObject[]): boolean {
  return differences(a, b).length === 0;
}

function differences(expected: readonly KubeObject[], got: readonly KubeObject[]): string[] {
  const key = (object: KubeObject) => `${object.kind} ${object.metadata.name ?? ''}`;
  const wanted = new Map(expected.map((object) => [key(object), object]));
  const found = new Map(got.map((object) => [key(object), object]));
  const problems: string[] = [];
  for (const [name, object] of wanted) {
    const other = found.get(name);
    if (other === undefined) problems.push(`missing at the end: ${name}`);
    else if (!jsonEquals(object as never, other as never)) {
      problems.push(`differs at the end: ${name}\n  want ${JSON.stringify(object)}\n  got  ${JSON.stringify(other)}`);
    }
  }
  for (const name of found.keys()) if (!wanted.has(name)) problems.push(`left over at the end: ${name}`);
  return problems;
}
