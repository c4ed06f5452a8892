import { type KubeObject, parseApiVersion } from '@typekro/kit/core';
import type { ReadMemory, RememberedRead, RememberedWrite } from '@typekro/controller/execute';
import type {
  ApplyAction,
  Decisions,
  EquivalentDigests,
  ObjectTarget,
  ObjectType,
  Observations,
  Targets,
} from '@typekro/engine/runtime';
import { FieldWriter, Fingerprint, ObjectKey, Projection, WriteRules } from '@typekro/engine/runtime';

/** A live object with its target. */
export interface KnownObject {
  readonly target: ObjectTarget;
  readonly object: KubeObject;
}

/** The key under which a failed read of a list is stored. */
export function listKey(target: Targets.ListTarget): string {
  return `list ${target.type.plural}.${target.type.group}/${target.namespace ?? ''}?${target.selector}`;
}

/** The key under which a failed read of members is stored. */
export function memberKey(target: Targets.MemberTarget): string {
  return `members ${target.applySet} ${target.kind}.${target.group} ${target.namespaces.join(',')}`;
}

/** The key under which a failed read of an object is stored. */
export function objectReadKey(target: ObjectTarget): string {
  return `object ${ObjectKey.ofTarget(target)}`;
}

/** The target of a live object of a known type. */
export function targetOfObject(type: ObjectType, object: KubeObject): ObjectTarget {
  const { name = '', namespace } = object.metadata;
  return { type, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** The members that identify an apply: its object, its content and its writer. */
type Applied = Pick<ApplyAction, 'target' | 'fingerprint' | 'manager' | 'subresource'>;

type UnreadObservation = Exclude<Observations.ListObservation, { state: 'known' | 'unserved' }>;

/** The observed cluster of one deploy. Reads, responses to writes, and watches fill it. */
export class ObservedStore implements Observations.Observed {
  readonly #objects = new Map<string, Observations.Observation>();
  readonly #lists = new Map<string, Observations.ListObservation>();
  readonly #members = new Map<string, Observations.ListObservation>();
  readonly #equivalences = new Map<string, EquivalentDigests>();
  /** The equivalences of the writers of Graphs, by the key of the object and then by the name of the writer. */
  readonly #writerEquivalences = new Map<string, ReadonlyMap<string, EquivalentDigests>>();
  readonly #failed = new Map<string, RememberedWrite>();
  readonly #failedReads = new Map<string, RememberedRead>();
  readonly #now: () => number;
  /** The known contests. By default, there are none. */
  contest?: NonNullable<Observations.Observed['contest']>;
  /** Failed reads of objects, lists and members, for the executor. */
  readonly failedReads: ReadMemory = {
    get: (key) => this.#failedReads.get(key),
    set: (key, failed) => {
      if (failed === undefined) this.#failedReads.delete(key);
      else this.#failedReads.set(key, failed);
    },
  };

  /** `now` returns milliseconds since the epoch, and determines when the pause after a failed read is over. */
  constructor(now: () => number) {
    this.#now = now;
  }

  object(target: ObjectTarget): Observations.Observation {
    const key = ObjectKey.ofTarget(target);
    const observation = this.#objects.get(key) ?? this.#unread(objectReadKey(target));
    if (observation.state !== 'present') return observation;
    const equivalence = this.#equivalences.get(key);
    const writers = this.#writerEquivalences.get(key);
    if (equivalence === undefined && writers === undefined) return observation;
    let live: Observations.LiveObject = { ...observation.live, ...(equivalence === undefined ? {} : { equivalence }) };
    for (const [writer, pair] of writers ?? []) live = WriteRules.withEngineEquivalence(live, writer, pair);
    return { state: 'present', live };
  }

  list(target: Targets.ListTarget): Observations.ListObservation {
    const key = listKey(target);
    return this.#lists.get(key) ?? this.#unread(key);
  }

  members(target: Targets.MemberTarget): Observations.ListObservation {
    const key = memberKey(target);
    return this.#members.get(key) ?? this.#unread(key);
  }

  failedWrite(target: ObjectTarget, writer?: string): RememberedWrite | undefined {
    return this.#failed.get(ObjectKey.ofWrite(target, writer));
  }

  failedRead(target: ObjectTarget): RememberedRead | undefined {
    return this.#failedReads.get(objectReadKey(target));
  }

  /**
   * The observation of an object, a list or members that have not been read: `failed` during the pause after a failed
   * read, otherwise `unknown`.
   */
  #unread(key: string): UnreadObservation {
    const failed = this.#failedReads.get(key);
    if (failed === undefined || failed.retryAt <= this.#now()) return { state: 'unknown' };
    return { state: 'failed', failure: failed.failure, retryAt: failed.retryAt };
  }

  /** Records the live object; `undefined` means that it does not exist. Returns false when nothing has changed. */
  setObject(target: ObjectTarget, object: KubeObject | undefined): boolean {
    const key = ObjectKey.ofTarget(target);
    const before = this.#objects.get(key);
    if (object === undefined) {
      this.#objects.set(key, { state: 'absent' });
      this.#equivalences.delete(key);
      this.#writerEquivalences.delete(key);
      return before?.state !== 'absent';
    }
    if (before?.state === 'present' && !isNewer(object, before.live.object)) return false;
    this.#put(key, present(object));
    return true;
  }

  /** Stores an object. The equivalences of another object with this name do not apply to it. */
  #put(key: string, next: ReturnType<typeof present>): void {
    const before = this.#objects.get(key);
    this.#objects.set(key, next);
    if (before?.state !== 'present' || before.live.object.metadata.uid === next.live.object.metadata.uid) return;
    this.#equivalences.delete(key);
    this.#writerEquivalences.delete(key);
  }

  /** Is it known whether the object exists? */
  knows(target: ObjectTarget): boolean {
    return this.#objects.has(ObjectKey.ofTarget(target));
  }

  /**
   * The watched objects that have not been read. In the controller, watches deliver these objects, and the decision
   * depends on them. A caller that opens no watches must therefore read them.
   */
  unread(watched: readonly Decisions.WatchRequest[]): Decisions.ReadRequest[] {
    return watched.flatMap((each) =>
      each.kind === 'object' && this.object(each.target).state === 'unknown'
        ? [{ ...each, why: 'unknown' as const }]
        : [],
    );
  }

  /** The objects of a kind that are known to exist. */
  objectsOf(group: string, kind: string): KubeObject[] {
    return [...this.#objects.values()].flatMap((observation) => {
      if (observation.state !== 'present') return [];
      const { object } = observation.live;
      return object.kind === kind && parseApiVersion(object.apiVersion).group === group ? [object] : [];
    });
  }

  setList(target: Targets.ListTarget, observation: Observations.ListObservation): void {
    this.#lists.set(listKey(target), observation);
  }

  setMembers(target: Targets.MemberTarget, observation: Observations.ListObservation): void {
    this.#members.set(memberKey(target), observation);
  }

  /** Drops the observed members of all ApplySets, because the membership may have changed. */
  forgetMembers(): void {
    this.#members.clear();
  }

  forgetLists(): void {
    this.#lists.clear();
  }

  /**
   * Records that an apply would have no effect, because the fields that its writer owns already satisfy the desired
   * object. Returns false when this is already recorded, and when the object is not known to exist.
   */
  settle({ target, fingerprint, manager, subresource }: Applied): boolean {
    const known = this.object(target);
    if (known.state !== 'present') return false;
    const { live } = known;
    const writer = manager === undefined ? undefined : FieldWriter.of(manager, subresource);
    const fields = writer === undefined ? live : WriteRules.engineFieldsOf(live, writer);
    const before = Fingerprint.equivalenceOf(fields)?.desired;
    if (before !== undefined && Fingerprint.isSame(before, fingerprint)) return false;
    const owned = fields.owned ?? FieldWriter.fingerprint(live.object);
    this.setEquivalence(
      target,
      { desired: fingerprint, owned },
      writer === undefined ? undefined : FieldWriter.nameOf(writer),
    );
    return true;
  }

  /** Records an equivalence. `writer` is the name of a writer of kro's graph engine; absent for an instance's child. */
  setEquivalence(target: ObjectTarget, pair: EquivalentDigests, writer?: string): void {
    const key = ObjectKey.ofTarget(target);
    if (writer === undefined) this.#equivalences.set(key, pair);
    else this.#writerEquivalences.set(key, new Map([...(this.#writerEquivalences.get(key) ?? []), [writer, pair]]));
  }

  /**
   * Records the response to an apply. The live object counts as equivalent to the desired object, even when the server
   * has normalised values. A dry run does not change the version of an object, so its response always replaces the
   * known object.
   */
  setApplied({ target, fingerprint, manager, subresource }: Applied, live: KubeObject, dryRun = false): void {
    const key = ObjectKey.ofTarget(target);
    const answer = present(live);
    const before = this.#objects.get(key);
    if (dryRun || before?.state !== 'present' || isNewer(live, before.live.object)) this.#put(key, answer);
    if (manager === undefined) {
      this.setEquivalence(target, { desired: fingerprint, owned: answer.live.owned });
      return;
    }
    const writer = FieldWriter.of(manager, subresource);
    const held = FieldWriter.fingerprint(live, writer);
    // A real server always returns `managedFields`. A response without them counts as equal to the sent object.
    this.setEquivalence(
      target,
      { desired: fingerprint, owned: held === '' ? fingerprint : held },
      FieldWriter.nameOf(writer),
    );
  }

  /** Records that the object no longer exists. Does nothing when the known object of this name has another UID. */
  setGone(target: ObjectTarget, uid: string | undefined): void {
    const known = this.#objects.get(ObjectKey.ofTarget(target));
    if (known?.state === 'present' && known.live.object.metadata.uid !== uid) return;
    this.setObject(target, undefined);
  }

  setFailedWrite(target: ObjectTarget, failed: RememberedWrite | undefined, writer?: string): void {
    if (failed === undefined) this.#failed.delete(ObjectKey.ofWrite(target, writer));
    else this.#failed.set(ObjectKey.ofWrite(target, writer), failed);
  }
}

/** Adds the fingerprints of the owned fields. Every decision needs these fingerprints. */
function present(object: KubeObject): {
  readonly state: 'present';
  readonly live: Observations.LiveObject & { readonly owned: Fingerprint };
} {
  const engineFields = Projection.engineFields(object);
  const owned = FieldWriter.fingerprint(object);
  return { state: 'present', live: { object, owned, ...(engineFields === undefined ? {} : { engineFields }) } };
}

/**
 * Is the object newer than the known one? The versions of one object only increase. An object with another UID always
 * counts as newer.
 */
export function isNewer(next: KubeObject, known: KubeObject): boolean {
  if (next.metadata.uid !== known.metadata.uid) return true;
  const a = next.metadata.resourceVersion ?? '';
  const b = known.metadata.resourceVersion ?? '';
  return a.length === b.length ? a > b : a.length > b.length;
}

/** The live objects of a list, in the runtime's form. */
export function observedObjects(objects: readonly KubeObject[]): Observations.LiveObject[] {
  return objects.map((object) => ({ object }));
}
