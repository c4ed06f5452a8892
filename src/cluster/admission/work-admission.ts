import type { JsonObject, KubeObject } from '../../core/index.ts';
import { stringifyJson } from '../../core/index.ts';
import type { WriteServices } from '../verbs/write.ts';
import type { AdmittedContext } from './session.ts';
import { AdmissionSession } from './session.ts';

/** A write of a controller: what it does, and to which object. */
export interface ControllerWrite {
  readonly verb: string;
  readonly object: KubeObject;
  /** Did the controller choose the name at random? A later run then chooses another one. */
  readonly hasRandomName: boolean;
}

/**
 * The decisions about the writes of one reconcile, over all its runs. A reconcile that waits for a webhook runs again
 * from its start. Its writes then find the decisions of earlier runs, and its time is that of the first run.
 */
export class WorkAdmission {
  readonly #context: AdmittedContext;
  readonly #writes = new Map<string, { readonly session: AdmissionSession; readonly object: KubeObject }>();
  /** The work after the reconcile, by its key; `undefined` for work that is done. */
  readonly #later = new Map<string, (() => void) | undefined>();
  /** The time of the first run, in milliseconds since the epoch. */
  readonly now: number;

  constructor(context: AdmittedContext) {
    this.#context = context;
    this.now = context.clock.now();
  }

  /**
   * Keeps a task for `finish`, over all runs. A later run reads the changes that earlier runs have stored, and may
   * therefore not request the task again. A second task with the same key is dropped.
   */
  afterwards(key: string, task: () => void): void {
    if (!this.#later.has(key)) this.#later.set(key, task);
  }

  /**
   * Runs the kept tasks, after the reconcile has ended.
   *
   * @throws WebhookPending when a task has to wait for a webhook.
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
   * @throws WebhookPending when the reconcile has to wait for a webhook.
   */
  run<Result>(write: ControllerWrite, attempt: (services: WriteServices, object: KubeObject) => Result): Result {
    const key = keyOf(write);
    const known = this.#writes.get(key) ?? { session: new AdmissionSession(this.#context), object: write.object };
    this.#writes.set(key, known);
    const result = attempt({ ...this.#context, ...known.session.begin() }, structuredClone(known.object));
    // The session of an update is kept: a run that waits for a later write repeats the update, and webhooks must not
    // decide about it again. The session of a create is dropped, because the next create has another name or uid.
    if (write.verb === 'create') this.#writes.delete(key);
    return result;
  }
}

/** A key that is equal for the same write in a later run. */
function keyOf({ verb, object, hasRandomName }: ControllerWrite): string {
  const { name: _, ...metadata } = object.metadata;
  const compared = hasRandomName ? { ...object, metadata } : object;
  return `${verb} ${stringifyJson(compared as unknown as JsonObject)}`;
}
