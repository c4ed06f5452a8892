import { type KubeObject, jsonEquals, refOf } from '@typekro/kit/core';
import { type KubernetesApi, isNotFound, KubeError } from '@typekro/kube';
import { Finalizers, keys } from '@typekro/engine/runtime';
import type { CacheSet } from '../cache/cache-set.ts';
import type { ControllerListener } from '../controller-event.ts';
import { answerRequest, reconcileRequest } from '../reconcile-request.ts';
import { type DefinitionObject, DEFINITION_TYPE, readDefinitionObject } from './definition-object.ts';
import type { WrittenStatus } from './definition-status.ts';

/** The client, the caches and the listener of a `DefinitionWriter`. */
export interface DefinitionWriterOptions {
  readonly client: KubernetesApi;
  readonly caches: CacheSet;
  readonly onEvent: ControllerListener;
}

/** Writes the finalizer and the status of definitions. Puts the responses into the cache. */
export class DefinitionWriter {
  readonly #options: DefinitionWriterOptions;

  constructor(options: DefinitionWriterOptions) {
    this.#options = options;
  }

  /**
   * Adds the controller's finalizer, unless the definition has it or is being deleted. Returns the definition;
   * `undefined` when it no longer exists.
   */
  async withFinalizer(definition: DefinitionObject, signal: AbortSignal): Promise<DefinitionObject | undefined> {
    if (definition.hasFinalizer || definition.deleting) return definition;
    const answer = await this.#setFinalizers(
      definition,
      [...(definition.object.metadata.finalizers ?? []), keys.FINALIZER],
      signal,
    );
    if (answer === undefined) return undefined;
    this.#options.caches.peek(DEFINITION_TYPE)?.observe(answer);
    return readDefinitionObject(answer);
  }

  /** Removes the controller's finalizer. */
  async release(definition: DefinitionObject, signal: AbortSignal): Promise<void> {
    const finalizers = Finalizers.others(definition.object);
    const answer = await this.#setFinalizers(definition, finalizers, signal);
    const cache = this.#options.caches.peek(DEFINITION_TYPE);
    if (answer === undefined || finalizers.length === 0) cache?.observeGone(`/${definition.name}`, definition.uid);
    else cache?.observe(answer);
  }

  /**
   * Writes finalizers. The resourceVersion that was read is a precondition. Returns `undefined` when the definition no
   * longer exists.
   */
  async #setFinalizers(
    { object }: DefinitionObject,
    finalizers: string[],
    signal: AbortSignal,
  ): Promise<KubeObject | undefined> {
    const { resourceVersion } = object.metadata;
    const patch = { metadata: { finalizers, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
    try {
      return await this.#options.client.patch(refOf(object), patch, { fieldManager: 'kro', signal });
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  /** Writes the status when it differs from the current status. */
  async putStatus(definition: DefinitionObject, status: WrittenStatus, signal: AbortSignal): Promise<void> {
    const { client, caches } = this.#options;
    if (jsonEquals(definition.status, status)) return;
    const body = [
      { op: 'test', path: '/metadata/uid', value: definition.uid },
      { op: 'add', path: '/status', value: status },
    ];
    const options = { type: 'json', subresource: 'status', fieldManager: 'kro', signal } as const;
    try {
      caches.peek(DEFINITION_TYPE)?.observe(await client.patch(refOf(definition.object), body, options));
    } catch (thrown) {
      if (await this.#isGone(definition, thrown, signal)) return;
      throw thrown;
    }
    this.#options.onEvent({ kind: 'definition-changed', definition, status });
  }

  /** Removes the annotation by which a client requested a pass (`RECONCILE_REQUEST`), at the end of this pass. */
  async answerRequest({ name, object }: DefinitionObject, signal: AbortSignal): Promise<void> {
    const { client, caches } = this.#options;
    const cache = caches.peek(DEFINITION_TYPE);
    const live = cache?.get(`/${name}`)?.object;
    const request = reconcileRequest(object);
    if (request === undefined || live === undefined || reconcileRequest(live) !== request) return;
    const answer = await answerRequest(client, live, signal);
    if (answer !== undefined) cache?.observe(answer);
  }

  /**
   * Was a status write refused because the definition was deleted or replaced? If so, puts the live state into the
   * cache before the watch does. If the controller waited for the watch, it would issue revisions of the old definition
   * in a loop, because the garbage collector deletes a revision whose owner does not exist.
   */
  async #isGone({ name, uid, object }: DefinitionObject, thrown: unknown, signal: AbortSignal): Promise<boolean> {
    if (!(thrown instanceof KubeError) || (thrown.status !== 404 && thrown.status !== 422)) return false;
    const { client, caches } = this.#options;
    const live = await client.find(refOf(object), { signal });
    if (live?.metadata.uid === uid) return false;
    const cache = caches.peek(DEFINITION_TYPE);
    if (live === undefined) cache?.observeGone(`/${name}`, uid);
    else cache?.observe(live);
    return true;
  }
}
