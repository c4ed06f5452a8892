import { instanceKey, pinnedRevision, possibleBases } from '@typekro/controller/controller';
import type { DefinitionPreview, DefinitionRevision } from '@typekro/controller/controller';
import type { Diagnostic, JsonObject, KubeObject } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { Finalizers, RecordedStatus } from '@typekro/engine/runtime';
import { type BrokenRevision, type HeldRevision, upgradeRefusal } from './upgrade-check.ts';

/** The result of compiling the spec of a revision. */
interface Compiled {
  readonly graph?: Graph | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** The revisions of a definition, each compiled at most once. */
export class RevisionGraphs {
  readonly #revisions: readonly DefinitionRevision[];
  readonly #compile: (spec: JsonObject) => Promise<Compiled>;
  readonly #compiled = new Map<number, Promise<Compiled>>();

  constructor(revisions: readonly DefinitionRevision[], compile: (spec: JsonObject) => Promise<Compiled>) {
    this.#revisions = revisions;
    this.#compile = compile;
  }

  /** Returns the compiled revision with this number, or `undefined` when the cluster does not have the revision. */
  async of(number: number): Promise<Compiled | undefined> {
    const revision = this.#revisions.find((each) => each.number === number);
    if (revision === undefined) return undefined;
    const compiled = this.#compiled.get(number) ?? this.#compile(revision.spec);
    this.#compiled.set(number, compiled);
    return compiled;
  }

  /**
   * Returns the revisions that an instance can keep during the rollout of revision `newest`, in order of preference.
   */
  basesOf(newest: number): readonly DefinitionRevision[] {
    return possibleBases(this.#revisions, newest);
  }

  /** Returns the first revision of `basesOf` that compiles. */
  async baseOf(newest: number): Promise<{ readonly number: number; readonly graph: Graph } | undefined> {
    for (const { number } of this.basesOf(newest)) {
      const graph = (await this.of(number))?.graph;
      if (graph !== undefined) return { number, graph };
    }
    return undefined;
  }
}

/** Returns the revisions that do not compile although instances are pinned to them, oldest first. */
export async function brokenPins(
  revisions: RevisionGraphs,
  instances: readonly KubeObject[],
): Promise<readonly BrokenRevision[]> {
  const pinned = new Map<number, KubeObject[]>();
  for (const instance of instances) {
    const number = pinnedRevision(instance);
    if (number !== undefined) pinned.set(number, [...(pinned.get(number) ?? []), instance]);
  }
  const broken: BrokenRevision[] = [];
  for (const [number, own] of [...pinned].sort(([a], [b]) => a - b)) {
    const compiled = await revisions.of(number);
    if (compiled !== undefined && compiled.graph === undefined) broken.push(brokenRevision(number, compiled, own));
  }
  return broken;
}

/** The graphs with which the controller works on instances. */
export interface FollowedGraphs {
  /**
   * Maps an instance to its graph. Contains only instances on which the controller works, in the order of all
   * instances.
   */
  readonly graphs: ReadonlyMap<KubeObject, Graph>;
  /** The revisions that do not compile although a rollout holds instances back at them. */
  readonly held: readonly HeldRevision[];
}

/**
 * Finds the graph of each instance: `newest`, the pinned revision, or the revision at which a canary or `propagateWhen`
 * holds the instance back. Leaves out instances that are suspended or being deleted, and those whose pinned revision
 * does not exist or does not compile.
 */
export async function followedGraphs(
  revisions: RevisionGraphs,
  newest: Graph,
  preview: DefinitionPreview,
  instances: readonly KubeObject[],
): Promise<FollowedGraphs> {
  const graphs = new Map<KubeObject, Graph>();
  const broken = new Map<
    number,
    { readonly compiled: Compiled; readonly own: KubeObject[]; readonly follows: number }
  >();
  const { to } = preview.revision;
  for (const instance of instances) {
    if (instance.metadata.deletionTimestamp !== undefined || Finalizers.isSuspended(instance)) continue;
    const deferral = preview.deferralOf(instance);
    if (deferral?.kind === 'pinned-to-nothing') continue;
    if (deferral?.kind === 'pinned') {
      const graph = (await revisions.of(deferral.revision))?.graph;
      if (graph !== undefined) graphs.set(instance, graph);
      continue;
    }
    const isHeld = deferral !== undefined || waitsForCanary(instance, preview);
    const kept = isHeld ? (recordedNumber(instance, newest, to) ?? revisions.basesOf(to)[0]?.number) : undefined;
    const compiled = kept === undefined || kept === to ? undefined : await revisions.of(kept);
    const base = compiled === undefined ? undefined : await revisions.baseOf(to);
    // If no base revision compiles, the rollout ends and all instances get the newest revision, as in the controller.
    graphs.set(instance, base === undefined ? newest : (compiled?.graph ?? base.graph));
    if (kept === undefined || compiled === undefined || compiled.graph !== undefined) continue;
    const known = broken.get(kept) ?? { compiled, own: [], follows: base?.number ?? to };
    broken.set(kept, known);
    known.own.push(instance);
  }
  const held = [...broken]
    .sort(([a], [b]) => a - b)
    .map(([number, { compiled, own, follows }]) => ({ ...brokenRevision(number, compiled, own), follows }));
  return { graphs, held };
}

/** Does the instance get the newest revision only after the members of a running canary? */
function waitsForCanary(instance: KubeObject, { rollout }: DefinitionPreview): boolean {
  return rollout !== undefined && pinnedRevision(instance) === undefined && !rollout.members.has(instanceKey(instance));
}

/**
 * Returns the revision in the status of an instance, if the graph has `propagateWhen`. Ignores a revision later than
 * `newest`.
 */
function recordedNumber(instance: KubeObject, { propagateWhen }: Graph, newest: number): number | undefined {
  const recorded = propagateWhen === undefined ? undefined : RecordedStatus.revision(instance);
  return recorded === undefined || recorded > newest ? undefined : recorded;
}

function brokenRevision(revision: number, { diagnostics }: Compiled, instances: readonly KubeObject[]): BrokenRevision {
  const { refusal: first, more = [] } = upgradeRefusal(diagnostics);
  return {
    revision,
    refusal: [first, ...more.map((each) => each.refusal)].join('; '),
    instances: instances.map((each) => instanceKey(each).replace(/^\//, '')),
  };
}
