import { type JsonObject, type KubeObject, TypeKroError, getOwn } from '@typekro/kit/core';
import { KubeError } from '@typekro/kube';
import type { Graph } from '@typekro/engine/graph';
import { RootCause } from '@typekro/engine/runtime';
import type { Expectation, GraphTest, GraphTestResult, Mismatch, TestFailure, TestPath, TestStep } from './steps.ts';
import { type Action, startActions, stepActions } from './actions.ts';
import type { CoverageRecorder } from './coverage.ts';
import { unmetExpectations } from './expectations.ts';
import { type GraphTestBase, describeGraphNode, GraphWorld } from './graph-world.ts';
import { snapshotOf } from './snapshot-of-world.ts';

/** Options of a run. */
export interface RunOptions {
  /** Maps steps to the stored snapshots of the test. */
  readonly snapshots?: Readonly<Record<string, JsonObject>>;
  /** Does the run store new snapshots instead of comparing the state with the stored ones? Default: false. */
  readonly update?: boolean;
  /** Records the state after each step. */
  readonly coverage?: CoverageRecorder;
}

/** Runs a test in its own cluster. The test ends at the first step with an unmet expectation. */
export async function runGraphTest(
  base: GraphTestBase,
  test: GraphTest,
  options: RunOptions = {},
): Promise<GraphTestResult> {
  const started = performance.now();
  const world = await GraphWorld.start(base, test.given ?? {});
  const snapshots: Record<string, JsonObject> = {};
  try {
    const failure = await play(world, test, options, snapshots);
    const milliseconds = performance.now() - started;
    return { name: test.name, milliseconds, snapshots, ...(failure === undefined ? {} : { failure }) };
  } finally {
    await world.close();
  }
}

/** The key of a step in the snapshot file. */
export const snapshotKey = (step: number, { name }: Pick<TestStep, 'name'> = {}): string =>
  step < 0 ? 'start' : (name ?? `step ${step + 1}`);

async function play(
  world: GraphWorld,
  { given = {}, expect, steps = [] }: GraphTest,
  options: RunOptions,
  snapshots: Record<string, JsonObject>,
): Promise<TestFailure | undefined> {
  for (let index = -1; index < steps.length; index += 1) {
    const step = steps[index];
    const isStart = index < 0;
    const at: TestPath = isStart ? [] : ['steps', index];
    const wanted = isStart ? expect : step?.expect;
    world.written.beginStep();
    const actions: Action[] = isStart ? startActions(world, given) : stepActions(world, step ?? {}, at);
    const outcome = await attempt(actions);
    const key = snapshotKey(index, step);
    const mismatches = [
      ...failedAction(outcome, wanted),
      ...(wanted === undefined || isUnexpected(outcome, wanted)
        ? []
        : await unmetExpectations(
            options.update === true ? withoutSnapshot(wanted) : wanted,
            { world, refusal: outcome?.refusal, snapshot: getOwn(options.snapshots ?? {}, key) },
            [...at, 'expect'],
          )),
    ];
    await noteCoverage(world, options.coverage);
    if (mismatches.length > 0)
      return { step: index, atMs: world.atMs, mismatches, waiting: waitingOf(world, mismatches) };
    if (wanted?.snapshot === true) snapshots[key] = await snapshotOf(world);
  }
  return undefined;
}

async function noteCoverage(world: GraphWorld, recorder: CoverageRecorder | undefined): Promise<void> {
  const instance = recorder === undefined ? undefined : await world.live();
  if (recorder === undefined || instance === undefined) return;
  const children = new Map<string, readonly KubeObject[]>();
  for (const node of world.graph.nodes.values()) children.set(node.id, await world.children(node));
  recorder.note(instance, children);
}

function withoutSnapshot({ snapshot: _taken, ...rest }: Expectation): Expectation {
  return rest;
}

/** A failed action. */
interface Refused {
  readonly at: TestPath;
  /** The message of the API server; `undefined` if the action failed for another reason than a refused write. */
  readonly refusal?: string;
  readonly error: string;
}

/** Carries out actions until one fails. Returns `undefined` if all succeed. */
async function attempt(actions: readonly Action[]): Promise<Refused | undefined> {
  for (const { at, run } of actions) {
    try {
      await run();
    } catch (error) {
      if (error instanceof KubeError && error.status >= 400)
        return { at, refusal: error.message, error: error.message };
      if (!(error instanceof TypeKroError)) throw error;
      return { at, error: error.remedy === undefined ? error.message : `${error.message} (${error.remedy})` };
    }
  }
  return undefined;
}

function isUnexpected(outcome: Refused | undefined, wanted: Expectation | undefined): boolean {
  return outcome !== undefined && (outcome.refusal === undefined || wanted?.refused === undefined);
}

function failedAction(outcome: Refused | undefined, wanted: Expectation | undefined): Mismatch[] {
  if (outcome === undefined || !isUnexpected(outcome, wanted)) return [];
  return [{ at: outcome.at, subject: 'the step', expected: 'it can be done', received: outcome.error }];
}

/** The root causes of the unready nodes. Root causes nearest to the unmet expectations come first. */
function waitingOf(world: GraphWorld, mismatches: readonly Mismatch[]): string[] {
  const failed = mismatches.flatMap(({ at }) => nodesOf(world.graph, at));
  const distances = distancesFrom(world.graph, failed);
  const distanceOf = (id: string): number => distances.get(id) ?? world.graph.nodes.size;
  return RootCause.of(world.reports())
    .toSorted((a, b) => distanceOf(a.node.id) - distanceOf(b.node.id))
    .map(({ node, waiting }) => {
      const verb = waiting.length === 1 ? 'waits' : 'wait';
      return `${describeGraphNode(node)}${waiting.length === 0 ? '' : `; ${waiting.join(', ')} ${verb} for it`}`;
    });
}

/** The nodes that an expectation concerns: the node of a child, a node, or the nodes that the status reads. */
function nodesOf({ nodes, status }: Graph, at: TestPath): readonly string[] {
  const [member, id] = at.slice(at.indexOf('expect') + 1);
  if (member === 'status') return status.dependsOn;
  return typeof id === 'string' && nodes.has(id) ? [id] : [];
}

/**
 * Maps each node on which the given nodes depend to its distance, i.e. the number of dependencies on the shortest path.
 */
function distancesFrom({ nodes }: Graph, ids: readonly string[]): ReadonlyMap<string, number> {
  const distances = new Map(ids.map((id) => [id, 0]));
  // A Map iteration also visits the entries that the loop body adds.
  for (const [id, distance] of distances) {
    for (const next of nodes.get(id)?.dependsOn ?? []) if (!distances.has(next)) distances.set(next, distance + 1);
  }
  return distances;
}
