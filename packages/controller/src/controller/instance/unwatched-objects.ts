import { type KubeObject, definedMembers } from '@typekro/kit/core';
import type { ApplyAction, Decisions, ObjectTarget, ObjectType, Observations, Targets } from '@typekro/engine/runtime';
import { ObjectKey, Projection } from '@typekro/engine/runtime';
import {
  appliedPair,
  projectWithEquivalence,
  withEquivalence,
  withWhole,
  withWriterEquivalence,
} from '../cache/held-object.ts';
import { kindId } from '../cache/kept-reads.ts';

/** The paths that a projection keeps: only the empty path, so that it keeps everything. */
const EVERYTHING = [[]] as const;

/**
 * The objects and lists that a Graph reads by single requests, because its account may not list and watch the kind.
 * Every pass reads them again. Between passes, only their equivalences are used.
 */
export class UnwatchedObjects {
  readonly #objects = new Map<string, Observations.LiveObject | undefined>();
  readonly #lists = new Map<string, readonly Observations.LiveObject[]>();
  /** The keys of the objects that this pass has read or written. */
  readonly #fresh = new Set<string>();

  /** Is no object kept for a later pass? */
  get empty(): boolean {
    return this.#objects.size === 0;
  }

  /** Begins a pass: all objects and lists must be read again. */
  begin(): void {
    this.#fresh.clear();
    this.#lists.clear();
  }

  /** Ends a pass that left nothing to do. Drops the objects that the pass did not read, because no node wants them. */
  end(): void {
    for (const key of this.#objects.keys()) if (!this.#fresh.has(key)) this.#objects.delete(key);
  }

  /** Has this pass read the object? */
  has(target: ObjectTarget): boolean {
    return this.#fresh.has(ObjectKey.ofTarget(target));
  }

  /** The object that this pass has read; `undefined` when it does not exist. */
  get(target: ObjectTarget): Observations.LiveObject | undefined {
    return this.#objects.get(ObjectKey.ofTarget(target));
  }

  /** The list that this pass has read. */
  list(target: Targets.ListTarget): readonly Observations.LiveObject[] | undefined {
    return this.#lists.get(listKey(target));
  }

  /** Records the response to a read. */
  read(target: ObjectTarget, object: KubeObject | undefined): void {
    const key = ObjectKey.ofTarget(target);
    this.#fresh.add(key);
    this.#objects.set(key, object === undefined ? undefined : liveObject(object, this.#objects.get(key)));
  }

  /** Records the response to a list. */
  readList(target: Targets.ListTarget, objects: readonly KubeObject[]): void {
    this.#lists.set(
      listKey(target),
      objects.map((object) => liveObject(object, undefined)),
    );
  }

  /**
   * Records the response to an apply. The owned fields in the response satisfy the desired object. Ignores objects that
   * are watched.
   */
  applied(action: ApplyAction, answer: KubeObject, now: number): void {
    if (!this.has(action.target)) return;
    const before = this.get(action.target);
    this.read(action.target, answer);
    const { pair, writer } = appliedPair(action, answer, before, this.get(action.target), now);
    this.setEquivalence({ target: action.target, pair, ...definedMembers({ writer }) });
  }

  /** Records the response to a deletion. Ignores objects that are watched. */
  deleted(target: ObjectTarget, left: KubeObject | undefined): void {
    if (this.has(target)) this.read(target, left);
  }

  /** Records an equivalence that a step found. */
  setEquivalence({ target, pair, writer }: Decisions.NewEquivalence): void {
    const key = ObjectKey.ofTarget(target);
    const live = this.#objects.get(key);
    if (live === undefined) return;
    this.#objects.set(
      key,
      writer === undefined ? withEquivalence(live, pair) : withWriterEquivalence(live, writer, pair),
    );
  }
}

function liveObject(object: KubeObject, before: Observations.LiveObject | undefined): Observations.LiveObject {
  const projected = Projection.of(object, EVERYTHING);
  const isSame = before?.object.metadata.uid === object.metadata.uid;
  return withWhole(
    before !== undefined && isSame ? projectWithEquivalence(projected, before, object) : projected,
    object,
  );
}

function listKey({ type, namespace, selector }: Targets.ListTarget): string {
  return listKeyOf(type, namespace, selector);
}

/** The key of a list. Failures of the list have the same key. */
export function listKeyOf(type: ObjectType, namespace: string | undefined, selector: string): string {
  return `list ${kindId(type)} ${namespace ?? ''} ${selector}`;
}
