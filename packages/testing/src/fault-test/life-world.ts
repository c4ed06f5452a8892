import { createEmbeddedCluster } from '@typekro/cluster';
import { type KubeObject, formatRef, refOf } from '@typekro/kit/core';
import { isNotFound, KubeError } from '@typekro/kube';
import { LocalConversions } from '@typekro/controller/controller';
import { Explanation, keys, NodeReport, ObjectKey, ObjectLabels, RenderedInstance } from '@typekro/engine/runtime';
import { type GraphTestBase, type TestedWorld, GraphWorld, instanceRefOf } from '../graph-test/graph-world.ts';
import type { GivenState } from '../graph-test/steps.ts';
import { WrittenNodes } from '../graph-test/written-nodes.ts';
import { FaultyWorld } from '../simulation/faulty-world.ts';
import type { Rule } from '../simulation/invariants.ts';
import type { NotedWrite } from '../simulation/ledger.ts';
import { noise, SimClock } from '../simulation/sim-clock.ts';
import { noFaults, FaultSchedule } from '../simulation/fault-schedule.ts';
import { changesOf } from './changes-of-child.ts';
import { FlapDetector } from './flaps.ts';
import { applySetOfGraph, graphRules, kindsOf, ownNodes } from './graph-rules.ts';
import type { Disturbance } from './life-plan.ts';
import { type Invariant, type LifeEvent, type LifeFinding, MAX_EVENTS } from './fault-test-result.ts';
import { ChildControllers } from './child-controllers.ts';

/** The options of a `LifeWorld`. */
export interface LifeWorldOptions {
  readonly base: GraphTestBase;
  readonly given: GivenState;
  /** The seed of the faults; absent for a life without faults. */
  readonly seed?: number;
  /** For a life with faults: the children that the controller deletes in the same life without faults. */
  readonly expectedDeletions?: ReadonlySet<string>;
}

/** The maximum number of findings per life. Additional findings are usually consequences of the first ones. */
const MAX_FINDINGS = 20;
/**
 * Another client tries to change one field after another until the server accepts a change. It tries at most this
 * number of fields, and then the last field of the object.
 */
const MAX_TRIES = 8;
/** Kinds that another client never deletes, because their deletion would also delete objects outside of the graph. */
const NEVER_DELETED: ReadonlySet<string> = new Set(['CustomResourceDefinition', 'Namespace']);
/** The maximum duration of faults in a step that advances the clock, in milliseconds. */
const MAX_STORM_MS = 10 * 60_000;
/** The time that the cluster gets after the end of the faults to complete the resulting work, in milliseconds. */
const FOLLOW_UP_MS = 5 * 60_000;

type GraphRule = Extract<Rule, Invariant>;

const RULES: Readonly<Record<GraphRule, string>> = {
  order: 'a child is created after its dependencies are ready, and deleted before them',
  finalizer: 'the finalizer of the instance is written before its children, and removed after them',
  inventory: 'the inventory of the instance names the kinds of all its children',
  ownership: 'the controller takes over and deletes only objects of the instance',
};

const isGraphRule = (rule: Rule): rule is GraphRule => Object.hasOwn(RULES, rule);

/**
 * The world of one life, i.e. of one run of a test: one instance of a graph in its own cluster, with the real
 * controller. A seed determines the faults; without a seed there are none.
 */
export class LifeWorld {
  readonly faulty: FaultyWorld;
  readonly world: GraphWorld;
  readonly flaps: FlapDetector;
  readonly findings: LifeFinding[] = [];
  /** The controller's writes except writes of Events and Leases. A caller empties the list to start a new count. */
  readonly writes: string[] = [];
  readonly #seed: number;
  readonly #set: string;
  readonly #childControllers: ChildControllers;
  readonly #events: LifeEvent[] = [];
  readonly #clock: SimClock;
  readonly #startedAt: number;

  static async start(options: LifeWorldOptions): Promise<LifeWorld> {
    const { snapshot, workloads } = options.base;
    const clock = new SimClock();
    const conversions = new LocalConversions();
    const cluster = await createEmbeddedCluster({ clock, workloads, webhookServices: conversions.services });
    cluster.restore(snapshot);
    return new LifeWorld(options, cluster, clock, conversions);
  }

  constructor(
    { base: { graph }, given, seed, expectedDeletions }: LifeWorldOptions,
    cluster: Awaited<ReturnType<typeof createEmbeddedCluster>>,
    clock: SimClock,
    conversions: LocalConversions,
  ) {
    const instance = instanceRefOf(graph, given);
    const rules = graphRules({
      graph,
      instance,
      world: () => this.world,
      now: () => clock.now(),
      changedKeys: () => this.faulty.ledger.changedKeys,
    });
    this.#seed = seed ?? 0;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#set = applySetOfGraph(instance);
    this.flaps = new FlapDetector(expectedDeletions);
    this.faulty = new FaultyWorld({
      cluster,
      clock,
      seed: this.#seed,
      schedule: seed === undefined ? noFaults() : new FaultSchedule(seed),
      graph: rules,
      kindOf: kindsOf(graph),
      onDisruption: (text) => this.note(text),
      controller: { conversions: conversions.address, features: { versions: true } },
    });
    conversions.connect(this.faulty.admin);
    this.faulty.invariants.onViolation = ({ rule, text }) => {
      if (isGraphRule(rule)) this.find({ invariant: rule, expected: RULES[rule], received: text });
    };
    this.faulty.ledger.onWrite.push((write) => this.#seen(write));
    this.world = new GraphWorld(graph, this.#tested(seed !== undefined), new WrittenNodes(), given);
    this.#childControllers = new ChildControllers(this.faulty, this.world, this.#set, this.#seed);
    this.faulty.isBusy = () => this.#childControllers.busy;
  }

  /** Virtual time since the start, in milliseconds. */
  get atMs(): number {
    return this.#clock.now() - this.#startedAt;
  }

  /** Records an event. Later findings list the last events. */
  note(text: string): void {
    this.#events.push({ atMs: this.atMs, text });
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  find(finding: Omit<LifeFinding, 'atMs' | 'events'>): void {
    if (this.findings.length < MAX_FINDINGS) {
      this.findings.push({ ...finding, atMs: this.atMs, events: [...this.#events] });
    }
  }

  /** The objects of the instance that the controller wrote, by node. */
  async children(): Promise<{ readonly node: string; readonly object: KubeObject }[]> {
    const found = [];
    for (const node of ownNodes(this.world.graph)) {
      for (const object of await this.world.children(node)) found.push({ node: node.id, object });
    }
    return found;
  }

  /** Changes or deletes a child as another client. */
  async disturb({ kind, child, field }: Disturbance): Promise<void> {
    const all = (await this.children())
      .map(({ object }) => object)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .filter((object) => kind === 'change' || !NEVER_DELETED.has(object.kind));
    const target = all[Math.floor(child * all.length)];
    if (target === undefined) return;
    const ref = refOf(target);
    if (kind === 'delete') {
      this.note(`another client deletes ${formatRef(ref)}`);
      this.flaps.deletedByOther(ObjectKey.of(target));
      await this.faulty.admin.delete(ref).catch(ignoreAbsent);
      return;
    }
    const changes = changesOf(target, field);
    for (const { path, patch } of [...changes.slice(0, MAX_TRIES), ...changes.slice(-1)]) {
      try {
        await this.faulty.admin.patch(ref, patch, { fieldManager: 'another-client' });
      } catch (error) {
        // The server may refuse this value or any change of the field; then another field is tried.
        if (!(error instanceof KubeError) || error.status < 400) throw error;
        continue;
      }
      this.note(`another client changes ${path} of ${formatRef(ref)}`);
      return;
    }
  }

  /** Ends all faults, and waits until no work remains. */
  async rest(): Promise<void> {
    await this.faulty.endFaults();
    for (let round = 0; round < 2; round += 1) {
      await this.#childControllers.sweep((await this.children()).map(({ object }) => object));
      await this.faulty.settle();
      await this.faulty.jumpTo(this.faulty.clock.now() + FOLLOW_UP_MS);
    }
  }

  /** Does the controller report that every node is done? */
  get isReady(): boolean {
    const reports = this.world.reports();
    return reports.length > 0 && reports.every(NodeReport.isDone);
  }

  async end(): Promise<void> {
    this.#childControllers.stop();
    await this.faulty.end();
  }

  #tested(isDisturbed: boolean): TestedWorld {
    const { faulty } = this;
    const { clock } = faulty;
    let count = 0;
    return {
      clock,
      user: faulty.admin,
      controller: { reports: { report: (ref) => faulty.processes[0]?.controller?.reports.report(ref) } },
      settle: async () => {
        // Like real users, the test does not always wait for the controller.
        const isHurried = isDisturbed && noise(this.#seed, 'hurry', (count += 1)) < 0.3;
        if (!isHurried) await faulty.settle();
      },
      advance: async (milliseconds) => {
        const until = clock.now() + milliseconds;
        await faulty.jumpTo(Math.min(until, clock.now() + MAX_STORM_MS));
        // Faults last minutes even if a step advances the clock by days: longer faults find no more problems and take
        // long to simulate.
        const { isOver } = faulty.schedule;
        faulty.schedule.isOver = true;
        await faulty.jumpTo(until);
        faulty.schedule.isOver = isOver;
      },
      restart: async () => {
        for (const process of faulty.processes) process.kill();
        await faulty.settle();
      },
      close: () => this.end(),
    };
  }

  #seen({ method, object, key, writer }: NotedWrite): void {
    if (writer === undefined) return;
    this.writes.push(`${method} ${key}`);
    if (method === 'DELETE') {
      const node = this.flaps.nodeOf(key);
      let reason: string | undefined;
      if (node !== undefined) this.#childControllers.track(this.#whyGone(node).then((text) => void (reason = text)));
      this.flaps.deletedByController(key, this.atMs, () => reason);
      return;
    }
    const { uid, labels } = object?.metadata ?? {};
    if (object === undefined || uid === undefined || labels?.[keys.PART_OF_LABEL] !== this.#set) return;
    const before = this.flaps.found.length;
    this.flaps.written(key, uid, ObjectLabels.nodeIdOf(object), this.atMs);
    for (const { node, because, deletedAtMs, createdAtMs } of this.flaps.found.slice(before)) {
      this.find({
        invariant: 'flap',
        expected: `${node} keeps ${formatRef(refOf(object))}, because neither the spec nor a step of the test asks for a deletion`,
        received: `the controller deletes it at t=${deletedAtMs / 1000}s, and creates it again at t=${createdAtMs / 1000}s`,
        ...(because === undefined ? {} : { because }),
      });
    }
  }

  /**
   * Runs a step of the controller on the present objects of the server, and returns the reason why a node has no
   * object.
   */
  async #whyGone(id: string): Promise<string | undefined> {
    const { graph } = this.world;
    const live = await this.world.live();
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) return undefined;
    const objects: KubeObject[] = [];
    for (const node of graph.nodes.values()) objects.push(...(await this.world.children(node)));
    const { nodes } = RenderedInstance.of(graph, live, objects, { now: this.faulty.clock.now(), revision: 1 });
    const report = nodes.find((each) => each.report.id === id)?.report;
    if (report === undefined) return undefined;
    const { node, state, reason } = Explanation.of(report);
    return `${node} ${state}: ${reason}`;
  }
}

function ignoreAbsent(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
