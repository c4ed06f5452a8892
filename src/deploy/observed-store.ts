import type { KubeObject } from '../core/index.ts';
import { parseApiVersion } from '../core/index.ts';
import type {
  ApiFailure,
  FailedWrite,
  Fingerprint,
  ListObservation,
  ListTarget,
  LiveObject,
  MemberTarget,
  ObjectTarget,
  ObjectType,
  Observation,
  Observed,
  SettledPair,
} from '../runtime/index.ts';
import { ownedFingerprint, targetKey } from '../runtime/index.ts';

function listKey(target: ListTarget): string {
  return `${target.type.plural}.${target.type.group}/${target.namespace ?? ''}?${target.selector}`;
}

function memberKey(target: MemberTarget): string {
  return `${target.applySet} ${target.kind}.${target.group} ${target.namespaces.join(',')}`;
}

/** The target of a live object of a known type. */
export function targetOf(type: ObjectType, object: KubeObject): ObjectTarget {
  const { name = '', namespace } = object.metadata;
  return { type, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** What one deploy knows of the cluster: filled by reads, by the answers to writes and by watches. */
export class ObservedStore implements Observed {
  readonly #objects = new Map<string, Observation>();
  readonly #lists = new Map<string, ListObservation>();
  readonly #members = new Map<string, ListObservation>();
  readonly #settled = new Map<string, SettledPair>();
  readonly #failed = new Map<string, FailedWrite>();

  object(target: ObjectTarget): Observation {
    const key = targetKey(target);
    const observation = this.#objects.get(key) ?? { state: 'unknown' };
    const settled = this.#settled.get(key);
    if (observation.state !== 'present' || settled === undefined) return observation;
    return { state: 'present', live: { ...observation.live, settled } };
  }

  list(target: ListTarget): ListObservation {
    return this.#lists.get(listKey(target)) ?? { state: 'unknown' };
  }

  members(target: MemberTarget): ListObservation {
    return this.#members.get(memberKey(target)) ?? { state: 'unknown' };
  }

  failedWrite(target: ObjectTarget): FailedWrite | undefined {
    return this.#failed.get(targetKey(target));
  }

  /** Records the live object; `undefined` means that it does not exist. False when nothing changed. */
  setObject(target: ObjectTarget, object: KubeObject | undefined): boolean {
    const key = targetKey(target);
    const before = this.#objects.get(key);
    if (object === undefined) {
      this.#objects.set(key, { state: 'absent' });
      this.#settled.delete(key);
      return before?.state !== 'absent';
    }
    if (before?.state === 'present' && !isNewer(object, before.live.object)) return false;
    this.#objects.set(key, present(object));
    return true;
  }

  /** Is anything known of the object, be it that it is absent? Watches report only what was asked for. */
  knows(target: ObjectTarget): boolean {
    return this.#objects.has(targetKey(target));
  }

  /** The objects of a kind that are known to exist. */
  objectsOf(group: string, kind: string): KubeObject[] {
    return [...this.#objects.values()].flatMap((observation) => {
      if (observation.state !== 'present') return [];
      const { object } = observation.live;
      return object.kind === kind && parseApiVersion(object.apiVersion).group === group ? [object] : [];
    });
  }

  setObjectFailed(target: ObjectTarget, failure: ApiFailure): void {
    this.#objects.set(targetKey(target), { state: 'failed', failure });
  }

  setList(target: ListTarget, observation: ListObservation): void {
    this.#lists.set(listKey(target), observation);
  }

  setMembers(target: MemberTarget, observation: ListObservation): void {
    this.#members.set(memberKey(target), observation);
  }

  /** Membership may have changed: ask again before the next decision about it. */
  forgetMembers(): void {
    this.#members.clear();
  }

  forgetLists(): void {
    this.#lists.clear();
  }

  setSettled(target: ObjectTarget, pair: SettledPair): void {
    this.#settled.set(targetKey(target), pair);
  }

  /**
   * Records the answer to an apply: this live object satisfies what was sent, although values may be normalised.
   * The answer to a dry run replaces an object of the same version.
   */
  setApplied(target: ObjectTarget, live: KubeObject, desired: Fingerprint, dryRun = false): void {
    const key = targetKey(target);
    const answer = present(live);
    const before = this.#objects.get(key);
    if (dryRun || before?.state !== 'present' || isNewer(live, before.live.object)) this.#objects.set(key, answer);
    this.#settled.set(key, { desired, owned: answer.live.owned });
    this.#failed.delete(key);
  }

  /** Records that the object is gone, unless another one has its name by now. */
  setGone(target: ObjectTarget, uid: string | undefined): void {
    const known = this.#objects.get(targetKey(target));
    if (known?.state === 'present' && known.live.object.metadata.uid !== uid) return;
    this.setObject(target, undefined);
  }

  setFailedWrite(target: ObjectTarget, failed: FailedWrite | undefined): void {
    if (failed === undefined) this.#failed.delete(targetKey(target));
    else this.#failed.set(targetKey(target), failed);
  }
}

/** With the fingerprint of what we own in it, which every decision asks for. */
function present(object: KubeObject): {
  readonly state: 'present';
  readonly live: LiveObject & { readonly owned: Fingerprint };
} {
  return { state: 'present', live: { object, owned: ownedFingerprint(object) } };
}

/** Is the object another state than the one known? Versions of one object only grow; another UID is another object. */
function isNewer(next: KubeObject, known: KubeObject): boolean {
  if (next.metadata.uid !== known.metadata.uid) return true;
  const a = next.metadata.resourceVersion ?? '';
  const b = known.metadata.resourceVersion ?? '';
  return a.length === b.length ? a > b : a.length > b.length;
}

/** The live objects of a list, as the runtime takes them. */
export function liveObjects(objects: readonly KubeObject[]): LiveObject[] {
  return objects.map((object) => ({ object }));
}
