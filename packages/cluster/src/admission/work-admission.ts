import { type KubeObject, stringifyJson } from '@typekro/kit/core';
import type { WriteServices } from '../verbs/write.ts';
import { type AdmittedContext, AdmissionSession } from './admission-session.ts';

/** A write of a controller: its verb and its object. */
export interface ControllerWrite {
  readonly verb: string;
  readonly object: KubeObject;
  /** True when the controller chose the name at random, so that a later run chooses another name. */
  readonly hasRandomName: boolean;
}

/**
 * The decisions about the writes of one reconcile, shared by all its runs. A reconcile that waits for a webhook runs
 * again from its start. Its writes then find the decisions of earlier runs, and it gets the time of the first run.
 */
export class WorkAdmission {
  readonly #context: AdmittedContext;
  readonly #writes = new Map<string, { readonly session: AdmissionSession; readonly object: KubeObject }>();
  /** The tasks to run after the reconcile, keyed by task key. `undefined` for a finished task. */
  readonly #later = new Map<string, (() => void) | undefined>();
  /** The time of the first run, in milliseconds since the epoch. */
  readonly now: number;

  constructor(context: AdmittedContext) {
    this.#context = context;
    this.now = context.clock.now();
  }

  /**
   * Keeps a task until `finish`, even if a later run does not request it again: the later run already sees the changes
   * that earlier runs have stored. Drops a second task with the same key.
   */
  afterwards(key: string, task: () => void): void {
    if (!this.#later.has(key)) this.#later.set(key, task);
  }

  /**
   * Runs the kept tasks, after the reconcile has ended.
   *
   * @throws WebhookPending when a task must wait for a webhook.
   */
  finish(): void {
    for (const [key, task] of this.#later) {
      task?.();
      this.#later.set(key, undefined);
    }
  }

  /**
   * Runs a write. A write with a random name gets the object of its first run.
   *
   * @throws WebhookPending when the reconcile must wait for a webhook.
   */
  run<Result>(write: ControllerWrite, attempt: (services: WriteServices, object: KubeObject) => Result): Result {
    const key = keyOf(write);
    const known = this.#writes.get(key) ?? { session: new AdmissionSession(this.#context), object: write.object };
    this.#writes.set(key, known);
    const result = attempt({ ...this.#context, ...known.session.begin() }, structuredClone(known.object));
    // Keeps the session of an update: when a later write of the reconcile waits, the next run repeats the update, and
    // webhooks must not be called again. Drops the session of a create, because the next create has another name or
    // uid.
    if (write.verb === 'create') this.#writes.delete(key);
    return result;
  }
}

/** Returns a key that is equal for the same write in a later run. */
function keyOf({ verb, object, hasRandomName }: ControllerWrite): string {
  const { name: _, ...metadata } = object.metadata;
  const compared = hasRandomName ? { ...object, metadata } : object;
  return `${verb} ${stringifyJson(compared)}`;
}
