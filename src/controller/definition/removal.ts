import type { Clock } from '../../kube/index.ts';
import { readConditions } from '../../runtime/index.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import type { KindCache } from '../cache/kind-cache.ts';
import type { ControllerListener } from '../controller-event.ts';
import type { WorkResult } from '../queue/runner.ts';
import type { ServedKinds } from '../served-kinds.ts';
import type { DefinitionCompiler } from './compiler.ts';
import type { CrdEnsurer } from './crd-ensurer.ts';
import type { DefinitionObject } from './definition-object.ts';
import { lastIssuedOf, newPass } from './definition-pass.ts';
import { definitionStatus, outcomes } from './definition-status.ts';
import type { DefinitionWriter } from './definition-writer.ts';
import type { RevisionHandoff } from './revision-handoff.ts';
import { remainingText } from './remaining-text.ts';

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
    const left = kind === undefined ? undefined : caches.peek(kind.type);
    const instances = left?.size ?? 0;
    // The instances are not listed yet, for example after a restart. The end of the list wakes the definition.
    if (waits && left?.synced === false && left.error === undefined) return {};
    if (waits && left !== undefined && instances > 0) return this.#hold(definition, left, signal);
    handoff.withdraw(definition.name);
    await writer.release(definition, signal);
    this.#options.onEvent({ kind: 'definition-released', definition, orphans: instances });
    return {};
  }

  /** Serves a definition that is being deleted, so that its instances can be finalized. */
  async #resume(definition: DefinitionObject, signal: AbortSignal): Promise<void> {
    const { compiler, handoff } = this.#options;
    const compiled = await compiler.compile(definition.name, definition.spec, signal);
    await handoff.lastGood(newPass(definition, compiled), signal);
  }

  /** Keeps the definition until its instances are gone. Names them in the status. */
  async #hold(definition: DefinitionObject, instances: KindCache, signal: AbortSignal): Promise<WorkResult> {
    const message = remainingText(instances);
    const before = readConditions(definition.status['conditions']).find(({ type }) => type === 'ControllerReady');
    this.#options.onEvent({
      kind: 'definition-held',
      definition,
      instances: instances.size,
      message: before?.message === message ? undefined : message,
    });
    const status = definitionStatus(
      definition,
      {
        conditions: new Map([['ControllerReady', outcomes.underDeletion(message)]]),
        lastIssuedRevision: lastIssuedOf(definition),
        rolledOut: 'keep',
        propagated: 'keep',
      },
      this.#options.clock.now(),
    );
    await this.#options.writer.putStatus(definition, status, signal);
    return {};
  }
}
