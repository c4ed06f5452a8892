import type { Clock, Transport, TransportRequest, TransportResponse } from '@typekro/kube';
import type { KubeObject } from '@typekro/kit/core';
import { responseText } from './faulty-transport.ts';
import type { Knowledge } from './knowledge.ts';
import { ObjectKey } from '@typekro/engine/runtime';

/** The time for which a process may still use an old state after it received a change, in milliseconds. */
const REACTION_MS = 40_000;
/** The maximum time between a decision and the last write that carries it out, in milliseconds. */
const DECISION_MS = 1000;

/** Returns the `Kind.group` for a resource's plural and group; `undefined` for a kind that is not checked. */
export type KindOfPlural = (plural: string, group: string) => string | undefined;

const OBJECT_PATH =
  /^\/(?:api|apis\/([^/]+))\/v[^/]+\/(?:namespaces\/([^/]+)\/)?([a-z0-9]+)\/([^/?]+)(?:\/status)?(?:\?|$)/;

/**
 * The key of the object at a path, as `Kind.group/namespace/name`; `undefined` for a list and for a kind that is not
 * checked.
 */
export function keyOfPath(path: string, kindOf: KindOfPlural): string | undefined {
  const [, group = '', namespace = '', plural, name = ''] = OBJECT_PATH.exec(path) ?? [];
  const kind = plural === undefined ? undefined : kindOf(plural, group);
  return kind === undefined ? undefined : `${kind}/${namespace}/${name}`;
}

/** A write that the server accepted. */
export interface NotedWrite {
  readonly method: string;
  /** The object in the response; `undefined` if the response is a Status. */
  readonly object: KubeObject | undefined;
  /** The key of the object, as `Kind.group/namespace/name`. */
  readonly key: string;
  /** The process and the account that sent the write; `undefined` for a client that is not a controller. */
  readonly writer: string | undefined;
}

/** The accepted writes of all clients, with their objects and versions. */
export class Ledger {
  readonly #clock: Clock;
  readonly #kindOf: KindOfPlural;
  /** Maps keys to the last version that a client other than the controllers wrote. */
  readonly #changed = new Map<string, number>();
  /**
   * Maps the key of an object to the version of the last tampering by a client other than the controllers. `excuses`
   * defines tampering.
   */
  readonly #tampered = new Map<string, number>();
  /** The last versions that processes wrote, keyed by object and then by process and account. */
  readonly #written = new Map<string, Map<string, number>>();
  /** The highest version in any recorded response. */
  #newest = 0;
  /** Called with each accepted write of any client. */
  readonly onWrite: ((write: NotedWrite) => void)[] = [];

  constructor(clock: Clock, kindOf: KindOfPlural) {
    this.#clock = clock;
    this.#kindOf = kindOf;
  }

  /** The key of the object at a path. */
  keyOf(path: string): string | undefined {
    return keyOfPath(path, this.#kindOf);
  }

  /** The keys of all objects that clients other than the controllers changed. */
  get changedKeys(): Iterable<string> {
    return this.#changed.keys();
  }

  /** Records an accepted write. `writer` is undefined for a client other than the controllers. */
  note({ method, path, headers, body: sent }: TransportRequest, text: string, writer?: string): void {
    const body = text.startsWith('{') ? (JSON.parse(text) as KubeObject) : undefined;
    const object = body?.metadata?.resourceVersion === undefined ? undefined : body;
    this.#newest = Math.max(this.#newest, Number(object?.metadata.resourceVersion ?? 0));
    const key = object === undefined ? this.keyOf(path) : ObjectKey.of(object);
    if (key === undefined) return;
    const version = Number(object?.metadata.resourceVersion ?? this.#newest + 1);
    if (writer === undefined) {
      this.#changed.set(key, version);
      const isApply = headers?.['content-type']?.includes('apply-patch') === true;
      // After a write of a status or a change of `kro.run/reconcile`, controllers have no template field to restore.
      const isHarmless = path.includes('/status') || (typeof sent === 'string' && sent.includes('kro.run/reconcile'));
      if (!isApply && !isHarmless && method !== 'POST') this.#tampered.set(key, version);
    } else {
      const written = this.#written.get(key) ?? new Map<string, number>();
      this.#written.set(key, written.set(writer, version));
    }
    for (const listener of this.onWrite) listener({ method, object, key, writer });
  }

  /**
   * Does a recent change by a client other than the controllers excuse an action of a process that a rule of the
   * simulation forbids? The excuse ends `REACTION_MS` after the process received the change. `tampering` includes
   * deletions and changes without an apply. It excludes creations, writes of a status, and changes of
   * `kro.run/reconcile`.
   */
  excuses(key: string, knowledge: Knowledge, what: 'tampering' | 'any' = 'tampering'): boolean {
    return this.isRecent(key, (what === 'any' ? this.#changed : this.#tampered).get(key), knowledge);
  }

  /**
   * May a process still use the state that an object had before this version? True if the process has not received the
   * version, or received it less than `ms` milliseconds ago. False if `version` is undefined.
   */
  isRecent(key: string, version: number | undefined, knowledge: Knowledge, ms = REACTION_MS): boolean {
    if (version === undefined) return false;
    const received = knowledge.of(key);
    return received === undefined || received.version < version || this.#clock.now() - received.at < ms;
  }

  /**
   * Did another writer write a version of the object that this writer has not received, or received only recently? If
   * so, this writer may repeat the other writer's work. This happens if the work moves to another process or account
   * while a watch is late, or while the process carries out an earlier decision.
   */
  wroteUnseen(key: string, writer: string, knowledge: Knowledge): boolean {
    return [...(this.#written.get(key) ?? [])].some(
      ([other, version]) => other !== writer && this.isRecent(key, version, knowledge, DECISION_MS),
    );
  }

  /** Wraps a transport for users and competing clients, and records their writes. */
  wrap(transport: Transport): Transport {
    return {
      request: async (request) => {
        const response = await transport.request(request);
        if (request.method === 'GET' || response.status >= 400) return response;
        const text = await responseText(response);
        this.note(request, text);
        return { ...response, body: once(text) };
      },
      close: () => transport.close(),
    };
  }
}

async function* once(text: string): TransportResponse['body'] {
  await Promise.resolve();
  yield Buffer.from(text);
}
