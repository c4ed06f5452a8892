import { type KubeObject, formatRef, refOf, TypeKroError } from '@typekro/kit/core';
import { type Graph, Path } from '@typekro/engine/graph';
import { NodeReport } from '@typekro/engine/runtime';
import { type Action, startActions, stepActions } from '../graph-test/actions.ts';
import type { GraphTestBase } from '../graph-test/graph-world.ts';
import type { GraphTest } from '../graph-test/steps.ts';
import { EndlessError } from '../simulation/faulty-world.ts';
import { type EndFinding, type RestingState, compareEnds, restingState } from './compare-lives.ts';
import { disturbancesOf, pauseOf } from './life-plan.ts';
import { LifeWorld } from './life-world.ts';
import {
  expectationFinding,
  finalExpectation,
  isGenerated,
  expectationPlace,
  unmetAtRest,
} from './final-expectation.ts';
import type { LifeFinding } from './fault-test-result.ts';

/** The input of a life. A life is one run of a test, from the creation of an instance to its deletion. */
export interface LifeInput {
  readonly base: GraphTestBase;
  /** The test. Of its expectations, only the last one is checked, in the final state. */
  readonly test: GraphTest;
  /** The seed of the faults; absent for a life without faults. */
  readonly seed?: number;
  /** The result of the same life without faults. */
  readonly faultless?: LifeRecord;
}

/** The result of a life. */
export interface LifeRecord {
  readonly findings: readonly LifeFinding[];
  /** Were all nodes ready after at least one step? */
  readonly wasReady: boolean;
  /** The nodes that are not ready at the end, with their reasons. */
  readonly waiting: readonly string[];
  /** The places (paths in the test) of actions that the server refuses. */
  readonly refused: ReadonlySet<string>;
  /** Maps the place of an action to the number of objects of each node before the action. */
  readonly before: ReadonlyMap<string, string>;
  /** The keys of the children that the controller deleted before the final state was reached. */
  readonly deleted: ReadonlySet<string>;
  readonly rest: RestingState;
  /** The places of the parts of the last expectation that the final state does not meet. */
  readonly unmet: ReadonlySet<string>;
  /** Did the controller write although nothing had changed? */
  readonly restless: boolean;
}

/** The maximum time for which a life with faults waits until an action of the test is possible. */
const MAX_WAIT_SECONDS = 1800;
/** The time, in milliseconds, that a life stays in its final state. The controller must not write in this time. */
const STAYS_QUIET_MS = 10 * 60_000;

/** The maximum number of different writes that a finding lists. */
const MAX_LISTED_WRITES = 3;

/** Runs a life from the creation of an instance to its deletion. */
export async function playLife(input: LifeInput): Promise<LifeRecord> {
  const { base, test, seed, faultless } = input;
  const world = await LifeWorld.start({
    base,
    given: test.given ?? {},
    ...(seed === undefined ? {} : { seed }),
    ...(faultless === undefined ? {} : { expectedDeletions: faultless.deleted }),
  });
  const life = new Life(input, world);
  try {
    await life.play();
  } catch (error) {
    if (!(error instanceof EndlessError)) throw error;
    world.find({ invariant: 'endless', expected: 'the controller has no work left', received: error.message });
  } finally {
    await world.end();
  }
  const { wasReady, waiting, refused, before, deleted, rest, unmet, restless } = life;
  return { findings: world.findings, wasReady, waiting, refused, before, deleted, rest, unmet, restless };
}

class Life {
  wasReady = false;
  restless = false;
  waiting: readonly string[] = [];
  rest: RestingState = restingState(undefined, []);
  deleted: ReadonlySet<string> = new Set();
  unmet: ReadonlySet<string> = new Set();
  readonly refused = new Set<string>();
  readonly before = new Map<string, string>();
  readonly #input: LifeInput;
  readonly #life: LifeWorld;

  constructor(input: LifeInput, life: LifeWorld) {
    this.#input = input;
    this.#life = life;
  }

  async play(): Promise<void> {
    const { given = {}, steps = [] } = this.#input.test;
    const { world } = this.#life;
    for (let index = -1; index < steps.length; index += 1) {
      const actions = index < 0 ? startActions(world, given) : stepActions(world, steps[index] ?? {}, ['steps', index]);
      for (const action of actions) await this.#do(action);
      await this.#afterStep(index + 1);
    }
    await this.#checkRest();
    await this.#checkDeletion(steps.length + 1);
  }

  /** Carries out an action of the test. Under faults, waits until the action is possible. */
  async #do({ at, run }: Action): Promise<void> {
    const { faultless } = this.#input;
    const place = Path.format(at);
    if (faultless?.refused.has(place) === true) return;
    const life = this.#life;
    life.flaps.epoch += 1;
    life.note(actionText(place));
    if (faultless === undefined) this.before.set(place, await this.#counts());
    let problem = '';
    for (let seconds = 0; seconds <= MAX_WAIT_SECONDS; seconds += 1) {
      const counts = isOnChild(at, this.#input.test) ? await this.#counts() : undefined;
      const wanted = counts === undefined ? undefined : (faultless?.before.get(place) ?? counts);
      if (counts === wanted) {
        try {
          await run();
          return;
        } catch (error) {
          if (!(error instanceof TypeKroError)) throw error;
          problem = error.message;
          if (faultless === undefined) {
            this.refused.add(place);
            return;
          }
        }
      } else problem = `the nodes have other objects than without faults: ${counts || 'none'}, not ${wanted || 'none'}`;
      await life.faulty.settle();
      await life.faulty.jumpTo(life.faulty.clock.now() + 1000);
    }
    const expected = `within ${MAX_WAIT_SECONDS} s the test can do ${place}, as without faults`;
    life.find({ invariant: 'missing', expected, received: problem });
  }

  async #afterStep(number: number): Promise<void> {
    const life = this.#life;
    const { seed } = this.#input;
    if (seed === undefined) {
      await life.faulty.settle();
      this.wasReady ||= life.isReady;
      return;
    }
    for (const disturbance of disturbancesOf(seed, number)) await life.disturb(disturbance);
    const pause = pauseOf(seed, number);
    if (pause === 'settle') await life.faulty.settle();
    else if (pause > 0) await life.faulty.jumpTo(life.faulty.clock.now() + pause);
    await life.faulty.disrupt(number + 1);
  }

  async #checkRest(): Promise<void> {
    const life = this.#life;
    const { faultless, base } = this.#input;
    await life.rest();
    this.wasReady ||= life.isReady;
    this.waiting = life.world
      .reports()
      .filter((report) => !NodeReport.isDone(report))
      .flatMap(({ id }) => life.world.whyOf(id) ?? []);
    this.deleted = new Set(life.flaps.deleted);
    const children = await life.children();
    this.rest = restingState(await life.world.live(), children);
    if (faultless === undefined) this.#findUnwanted(children);
    else for (const each of compareEnds(faultless.rest, this.rest, secretValues(base.graph))) this.#found(each);
    await this.#checkExpectation();
    life.writes.length = 0;
    await life.faulty.jumpTo(life.faulty.clock.now() + STAYS_QUIET_MS);
    this.restless = life.writes.length > 0;
    // Simulated workloads may change children at any time, and the controller then writes the status of the instance.
    // The controller also retries a write that the server refuses.
    const isExpected = base.workloads || life.world.reports().some(({ state }) => state === 'failed');
    if (!this.restless || (isExpected && faultless?.restless !== false)) return;
    const first = [...new Set(life.writes)].slice(0, MAX_LISTED_WRITES).join(', ');
    const received = `${life.writes.length} writes in ${STAYS_QUIET_MS / 60_000} minutes: ${first}`;
    life.find({ invariant: 'restless', expected: 'no write while nothing changes', received });
  }

  /**
   * Compares the final state with the test's last expectation. Reports each part that is met without faults, but not in
   * this life.
   */
  async #checkExpectation(): Promise<void> {
    const { faultless, test, base } = this.#input;
    const final = finalExpectation(test);
    if (final === undefined) return;
    const unmet = await unmetAtRest(this.#life.world, final);
    this.unmet = new Set(unmet.map(expectationPlace));
    if (faultless === undefined) return;
    const isSecret = secretValues(base.graph);
    for (const each of unmet) {
      if (!faultless.unmet.has(expectationPlace(each)) && !isGenerated(each))
        this.#found(expectationFinding(each, isSecret));
    }
  }

  #found({ node, ...finding }: EndFinding): void {
    const because = node === undefined ? this.waiting.join('; ') : this.#life.world.whyOf(node);
    this.#life.find({ ...finding, ...(because === undefined || because === '' ? {} : { because }) });
  }

  /** Reports existing objects of nodes that the controller reports as skipped. */
  #findUnwanted(children: readonly { readonly node: string; readonly object: KubeObject }[]): void {
    const reports = new Map(this.#life.world.reports().map((report) => [report.id, report]));
    for (const { node, object } of children) {
      if (reports.get(node)?.state !== 'skipped') continue;
      const expected = `no ${formatRef(refOf(object))}, because no node wants it`;
      this.#found({ invariant: 'orphan', node, expected, received: 'it exists' });
    }
  }

  /** Deletes the instance, unless the test has deleted it, and reports leftover objects. */
  async #checkDeletion(number: number): Promise<void> {
    const life = this.#life;
    const { seed, faultless, test } = this.#input;
    if (this.rest.status !== undefined && (await life.world.live()) !== undefined) {
      life.faulty.schedule.isOver = seed === undefined;
      life.flaps.epoch += 1;
      life.note('the test deletes the instance');
      await life.world.delete('instance');
      await this.#afterStep(number);
      await life.rest();
    }
    const left = await life.children();
    const live = faultless?.rest.status === undefined && faultless !== undefined ? undefined : await life.world.live();
    if (live !== undefined) {
      const waits = left.map(({ object }) => {
        const { finalizers = [], deletionTimestamp } = object.metadata;
        const held = finalizers.length === 0 ? '' : ` with ${finalizers.join(', ')}`;
        return `${formatRef(refOf(object))}${held}${deletionTimestamp === undefined ? '' : ', which is being deleted'}`;
      });
      const finalizers = (live.metadata.finalizers ?? []).join(', ');
      const received = `it has the finalizers ${finalizers}${waits.length === 0 ? '' : `; the remaining objects are ${waits.join('; ')}`}`;
      life.find({ invariant: 'stuck', expected: 'the deletion of the instance ends', received });
      return;
    }
    if (test.given?.annotations?.['typekro.dev/deletion-policy'] === 'orphan') return;
    for (const { object } of left) {
      const expected = `no ${formatRef(refOf(object))} after the deletion of the instance`;
      life.find({ invariant: 'orphan', expected, received: 'it exists' });
    }
  }

  /** The number of objects of each node: `web 1, zone 2`. */
  async #counts(): Promise<string> {
    const counts = new Map<string, number>();
    for (const { node } of await this.#life.children()) counts.set(node, (counts.get(node) ?? 0) + 1);
    return [...counts].map(([node, count]) => `${node} ${count}`).join(', ');
  }
}

function actionText(place: string): string {
  if (place === '') return 'the life begins';
  return place === 'given' ? 'the test creates the instance' : `the test does ${place}`;
}

/** Does an action of a test require existing children? */
function isOnChild(at: Action['at'], { steps = [] }: GraphTest): boolean {
  const [first, index, what, target] = at;
  if (first !== 'steps' || typeof index !== 'number') return false;
  if (what === 'patch') return target !== 'instance';
  return what === 'delete' && steps[index]?.delete?.[Number(target)] !== 'instance';
}

/**
 * Returns a predicate: can a node's values come from a Secret? True if the node is a Secret or depends on a Secret.
 * `undefined` stands for the instance's status.
 */
export function secretValues(graph: Graph): (node: string | undefined) => boolean {
  const known = new Map<string, boolean>();
  const isSecret = (id: string): boolean => {
    const found = known.get(id);
    if (found !== undefined) return found;
    known.set(id, false);
    const node = graph.nodes.get(id);
    const result = node !== undefined && (node.type?.kind === 'Secret' || node.dependsOn.some(isSecret));
    known.set(id, result);
    return result;
  };
  return (node) => (node === undefined ? graph.status.dependsOn.some(isSecret) : isSecret(node));
}
