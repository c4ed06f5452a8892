import { getOrInsert } from '@typekro/kit/core';
import type { Clock, TransportRequest } from '@typekro/kube';
import type { KubeObject } from '@typekro/kit/core';
import { keys, ObjectKey } from '@typekro/engine/runtime';
import { templateManagers, userOf } from './graph-writers.ts';

/** The last state of an object that a process received, and the time of receipt. */
interface ReceivedObject {
  readonly version: number;
  readonly at: number;
  readonly partOf: string | undefined;
  /** The field managers with which template nodes of Graphs write the object. */
  readonly graphs: readonly string[];
}

/** The states of objects that a client with one identity received. */
export interface Knowledge {
  of(key: string): ReceivedObject | undefined;
}

/**
 * The states of objects that one process received in responses and watches. The rules of the simulation excuse a
 * process that has not received a change. A process has separate watches for each account with which it reads, and the
 * states that one account received are unknown to its other accounts.
 */
export class ProcessKnowledge {
  readonly #clock: Clock;
  readonly #byUser = new Map<string | undefined, IdentityKnowledge>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The knowledge of the account that a request impersonates; if it impersonates none, the knowledge of the
   * controller's own identity.
   */
  by(request: TransportRequest): Knowledge {
    return this.#identity(userOf(request));
  }

  /** The knowledge of the controller's own identity. */
  get own(): Knowledge {
    return this.#identity(undefined);
  }

  /** Records a line of a watch that the process receives. */
  line(request: TransportRequest, text: string): void {
    const { type, object } = JSON.parse(text) as { type: string; object: KubeObject };
    if (type !== 'ERROR') this.#identity(userOf(request)).learn(object, type === 'DELETED');
  }

  /** Records a response that the process is about to receive. The connection may still break. */
  answered(request: TransportRequest, status: number, text: string): void {
    if (status >= 400 || !text.startsWith('{')) return;
    const identity = this.#identity(userOf(request));
    const body = JSON.parse(text) as KubeObject & { items?: KubeObject[] };
    if (Array.isArray(body.items)) {
      const kind = body.kind.replace(/List$/, '');
      for (const item of body.items) identity.learn({ ...item, kind, apiVersion: body.apiVersion }, false);
    } else if (body.metadata?.name !== undefined && body.kind !== 'Status') {
      identity.learn(body, request.method === 'DELETE' && body.metadata.deletionTimestamp === undefined);
    }
  }

  #identity(user: string | undefined): IdentityKnowledge {
    return getOrInsert(this.#byUser, user, () => new IdentityKnowledge(this.#clock));
  }
}

class IdentityKnowledge implements Knowledge {
  readonly #clock: Clock;
  readonly #received = new Map<string, ReceivedObject>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(key: string): ReceivedObject | undefined {
    return this.#received.get(key);
  }

  /** Records a state. The response to a deletion may have the version of the state before the deletion. */
  learn(object: KubeObject, isDeletion: boolean): void {
    const key = ObjectKey.of(object);
    const version = Number(object.metadata.resourceVersion ?? 0);
    const known = this.#received.get(key);
    if (known !== undefined && (known.version > version || (known.version === version && !isDeletion))) return;
    const partOf = object.metadata.labels?.[keys.PART_OF_LABEL];
    this.#received.set(key, { version, partOf, graphs: templateManagers(object), at: this.#clock.now() });
  }
}
