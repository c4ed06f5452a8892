import { apiFailure } from '../../execute/index.ts';
import type { Clock } from '@typekro/kube';
import { Failure, readConditions } from '@typekro/engine/runtime';
import type { CacheSet } from '../cache/cache-set.ts';
import type { KindCache } from '../cache/kind-cache.ts';
import type { ControllerListener } from '../controller-event.ts';
import type { WorkResult } from '../queue/runner.ts';
import type { ServedKind, ServedKinds } from '../served-kinds.ts';
import type { DefinitionCompiler } from './compiler.ts';
import type { CrdEnsurer } from './crd-ensurer.ts';
import type { DefinitionObject } from './definition-object.ts';
import { lastIssuedOf, newPass } from './definition-pass.ts';
import { definitionStatus, outcomes } from './definition-status.ts';
import type { DefinitionWriter } from './definition-writer.ts';
import { annotationProblems, readPolicies } from './definition-policies.ts';
import type { RevisionHandoff } from './revision-handoff.ts';
import { type KubeObject, namespacedName, listed } from '@typekro/kit/core';

/** The dependencies of a `Removal`. */
export interface RemovalOptions {
  readonly caches: CacheSet;
  readonly clock: Clock;
  readonly compiler: DefinitionCompiler;
  readonly served: ServedKinds;
  readonly allowCrdDeletion: boolean;
  readonly onEvent: ControllerListener;
  readonly crds: CrdEnsurer;
  readonly handoff: RevisionHandoff;
  readonly writer: DefinitionWriter;
}

/**
 * Removes the finalizer of deleted definitions. With the option `allowCrdDeletion` or the annotation
 * `typekro.dev/deletion-policy: wait`, first waits until the instances are gone.
 */
export class Removal {
  readonly #options: RemovalOptions;

  constructor(options: RemovalOptions) {
    this.#options = options;
  }

  /** Handles a deleted definition. Stops the work on its instances and removes the finalizer. */
  async remove(definition: DefinitionObject, signal: AbortSignal): Promise<WorkResult> {
    const { served, handoff, crds, writer, allowCrdDeletion, caches } = this.#options;
    if (!definition.hasFinalizer) return {};
    // The deletion of the CRD also deletes its instances, so the controller must delete their children first.
    const waits = definition.waitForInstances || allowCrdDeletion;
    if (waits && served.ofDefinition(definition.name) === undefined) await this.#resume(definition, signal);
    if (allowCrdDeletion) await crds.remove(definition, signal);
    const kind = served.ofDefinition(definition.name);
    const instances = kind === undefined ? undefined : caches.peek(kind.type);
    const count = instances?.size ?? 0;
    // The instances are not listed yet, for example after a restart. The end of the list wakes the definition.
    if (waits && instances?.synced === false && instances.error === undefined) return {};
    const obstacle = waits ? this.#obstacle(definition, kind, instances) : undefined;
    if (obstacle !== undefined) return this.#hold(definition, obstacle, count, signal);
    handoff.withdraw(definition.name);
    await writer.release(definition, signal);
    this.#options.onEvent({ kind: 'definition-released', definition, orphans: count });
    return {};
  }

  /** Serves a definition that is being deleted, so that its instances can be finalized. */
  async #resume(definition: DefinitionObject, signal: AbortSignal): Promise<void> {
    const { compiler, handoff } = this.#options;
    const compiled = await compiler.compile(definition.name, definition.spec, signal);
    await handoff.lastGood(newPass(definition, compiled), signal);
  }

  /**
   * The reason why a definition that waits for its instances must stay; `undefined` when no instance is left. While it
   * is not known whether an instance is left, the definition stays: without the definition, no controller would
   * finalize the instances.
   */
  #obstacle(
    definition: DefinitionObject,
    kind: ServedKind | undefined,
    instances: KindCache | undefined,
  ): string | undefined {
    const { crds } = this.#options;
    const isServed = crds.servedType(definition) !== undefined;
    if (kind === undefined) {
      // The controller serves no definition with an invalid annotation, so its instances cannot be finalized.
      const problems = annotationProblems(readPolicies(definition.object));
      return isServed && problems.length > 0 ? `deletion waits: ${problems.join('; ')}` : undefined;
    }
    if (instances === undefined) return undefined;
    const { synced, error } = instances;
    // When the cluster no longer serves the kind, its instances are gone.
    if (!synced && error !== undefined && (error.status !== 404 || isServed)) {
      return `deletion waits: the instances cannot be listed: ${Failure.text(apiFailure(error, undefined))}`;
    }
    return instances.size > 0 ? remainingText(instances) : undefined;
  }

  /** Keeps the definition, and writes the reason into its status. `instances` is the number of known instances. */
  async #hold(
    definition: DefinitionObject,
    message: string,
    instances: number,
    signal: AbortSignal,
  ): Promise<WorkResult> {
    const before = readConditions(definition.status['conditions']).find(({ type }) => type === 'ControllerReady');
    this.#options.onEvent({
      kind: 'definition-held',
      definition,
      instances,
      message: before?.message === message ? undefined : message,
    });
    const status = definitionStatus(
      definition,
      {
        conditions: new Map([['ControllerReady', outcomes.underDeletion(message)]]),
        lastIssuedRevision: lastIssuedOf(definition),
        rolledOut: 'keep',
        propagated: 'keep',
        migration: 'keep',
      },
      this.#options.clock.now(),
    );
    await this.#options.writer.putStatus(definition, status, signal);
    return {};
  }
}

/** The maximum number of instances that the message names. */
const MAX_NAMED_INSTANCES = 5;

/**
 * Names the instances that delay the removal of a deleted definition, and their finalizers. The instances are sorted by
 * name.
 */
function remainingText(instances: Pick<KindCache, 'size' | 'values'>): string {
  const named = [...instances.values()]
    .map(({ object }) => object)
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .map((object) => `${nameOf(object)} (${stateOf(object)})`);
  const count = instances.size === 1 ? 'an instance' : `${instances.size} instances`;
  return `deletion waits for ${count}: ${listed(named, MAX_NAMED_INSTANCES, ', ', ', ')}`;
}

function nameOf({ metadata }: KubeObject): string {
  return namespacedName(metadata);
}

function stateOf({ metadata }: KubeObject): string {
  const { deletionTimestamp, finalizers = [] } = metadata;
  if (deletionTimestamp === undefined) return 'not deleted';
  const held = finalizers.length === 0 ? '' : `, finalizers ${finalizers.join(', ')}`;
  return `deleted at ${deletionTimestamp}${held}`;
}
