import { type KubeObject, parseApiVersion } from '@typekro/kit/core';
import { labelMatcher } from '@typekro/kit/kubernetes';
import { applySetIdOf } from '../reports/applyset.ts';
import type { Fingerprint } from '../objects/fingerprint.ts';
import { targetKey } from '../objects/identity.ts';
import { PART_OF_LABEL } from '../objects/keys.ts';
import type { ApplyAction } from '../model.ts';
import type { EngineFields, ListObservation, Observation, Observed } from '../observed-state.ts';
import { writerName, writerOf } from '../objects/owned-fields.ts';
import type { ListTarget, ObjectTarget, ObjectType } from '../objects/target.ts';

/**
 * A cluster that contains only the given objects. An object without a namespace is found in every namespace, because
 * files often omit the namespace.
 */
export class ObservedObjects implements Observed {
  readonly #objects: readonly KubeObject[];
  readonly #applySet: string | undefined;
  readonly #settled = new Map<string, Fingerprint>();
  /** The fields that the nodes of a Graph have written in this view, keyed by object and then by writer. */
  readonly #written = new Map<string, ReadonlyMap<string, EngineFields>>();

  /** @param isGraph is the instance a Graph? The objects of a Graph belong to no ApplySet. */
  constructor(instance: KubeObject, objects: readonly KubeObject[], isGraph: boolean) {
    this.#objects = objects;
    this.#applySet = isGraph ? undefined : applySetIdOf(instance);
  }

  object(target: ObjectTarget): Observation {
    const found = this.#objects.find(
      (object) =>
        isOfType(object, target.type) && isIn(object, target.namespace) && object.metadata.name === target.name,
    );
    if (found === undefined) return { state: 'absent' };
    const owned = this.#settled.get(targetKey(target)) ?? '';
    const object = this.#asChild(found, target.namespace);
    const engineFields = this.#written.get(targetKey(target));
    return { state: 'present', live: { object, owned, ...(engineFields === undefined ? {} : { engineFields }) } };
  }

  list({ type, namespace, selector }: ListTarget): ListObservation {
    const matches = labelMatcher(selector);
    const objects = this.#objects.filter(
      (object) => isOfType(object, type) && isIn(object, namespace) && matches(object.metadata.labels),
    );
    return { state: 'known', objects: objects.map((object) => ({ object })) };
  }

  /** Always empty: no earlier run wrote objects, so there are no retired objects. */
  members(): ListObservation {
    return { state: 'known', objects: [] };
  }

  failedWrite(): undefined {
    return undefined;
  }

  /**
   * Marks an object as already applied, because its file shows the state after the write. Returns false for an object
   * that is absent or was settled before.
   */
  settle({ target, fingerprint, manager, subresource }: ApplyAction): boolean {
    const key = targetKey(target);
    if (manager !== undefined) {
      const writer = writerName(writerOf(manager, subresource));
      const before = this.#written.get(key);
      if (this.object(target).state !== 'present' || before?.has(writer) === true) return false;
      this.#written.set(key, new Map([...(before ?? []), [writer, { owned: fingerprint }]]));
      return true;
    }
    if (this.object(target).state !== 'present' || this.#settled.has(key)) return false;
    this.#settled.set(key, fingerprint);
    return true;
  }

  /**
   * A copy of the object in the namespace, with the label of the instance's ApplySet, even if the object has the label
   * of another ApplySet. An object of a Graph keeps its labels.
   */
  #asChild(object: KubeObject, namespace: string | undefined): KubeObject {
    const { labels } = object.metadata;
    const own = this.#applySet === undefined ? {} : { labels: { ...labels, [PART_OF_LABEL]: this.#applySet } };
    const place = namespace === undefined ? {} : { namespace };
    return { ...object, metadata: { ...object.metadata, ...place, ...own } };
  }
}

function isOfType(object: KubeObject, type: ObjectType): boolean {
  // Compares only group and kind: all versions of a kind serve the same objects.
  return object.kind === type.kind && parseApiVersion(object.apiVersion).group === type.group;
}

const isIn = ({ metadata }: KubeObject, namespace: string | undefined): boolean =>
  namespace === undefined || metadata.namespace === undefined || metadata.namespace === namespace;
