import type { KubeObject } from '@typekro/kit/core';
import { objectAt, textAt } from '@typekro/kit/kubernetes';

/**
 * Maps objects to the autoscalers that scale them. Most events are about kinds that no autoscaler scales, and take only
 * one look-up.
 */
export class ScaleTargets {
  /** The keys of the autoscalers, keyed by the target's kind and then by its namespace and name. */
  readonly #byKind = new Map<string, Map<string, Set<string>>>();
  /** The target of each autoscaler. */
  readonly #targets = new Map<string, { readonly kind: string; readonly target: string }>();

  /** Updates the index with the present state of an autoscaler. `undefined` means that the autoscaler is gone. */
  take(key: string, autoscaler: KubeObject | undefined): void {
    const before = this.#targets.get(key);
    if (before !== undefined) this.#drop(key, before.kind, before.target);
    if (autoscaler === undefined) return;
    const reference = objectAt(autoscaler.spec, 'scaleTargetRef');
    const kind = textAt(reference, 'kind');
    const target = `${autoscaler.metadata.namespace ?? ''}/${textAt(reference, 'name')}`;
    let targets = this.#byKind.get(kind);
    if (targets === undefined) this.#byKind.set(kind, (targets = new Map()));
    const keys = targets.get(target);
    if (keys === undefined) targets.set(target, new Set([key]));
    else keys.add(key);
    this.#targets.set(key, { kind, target });
  }

  /** Returns the keys of the autoscalers that scale the object. */
  autoscalersOf({ kind, metadata }: KubeObject): Iterable<string> {
    const targets = this.#byKind.get(kind);
    return targets?.get(`${metadata.namespace ?? ''}/${metadata.name ?? ''}`) ?? NONE;
  }

  clear(): void {
    this.#byKind.clear();
    this.#targets.clear();
  }

  /** The number of kinds with an autoscaler, for tests that detect leaks. */
  get size(): number {
    return this.#byKind.size;
  }

  #drop(key: string, kind: string, target: string): void {
    this.#targets.delete(key);
    const targets = this.#byKind.get(kind);
    const keys = targets?.get(target);
    keys?.delete(key);
    if (keys?.size === 0) targets?.delete(target);
    if (targets?.size === 0) this.#byKind.delete(kind);
  }
}

const NONE: readonly string[] = [];
