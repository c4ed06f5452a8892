import type { Clock, Transport, TransportRequest, TransportResponse } from '../../kube/index.ts';
import type { KubeObject } from '../../core/index.ts';
import { textOf } from './faulty-transport.ts';
import type { Knowledge } from './knowledge.ts';
import { objectKey } from '../../runtime/index.ts';

/** How long a process may still act on what it knew before it was told of a change. */
const REACTION_MS = 40_000;

/** The plural of a resource and its group as `Kind.group`; `undefined` for kinds that no rule looks at. */
export type KindOfPlural = (plural: string, group: string) => string | undefined;

const OBJECT_PATH =
  /^\/(?:api|apis\/([^/]+))\/v[^/]+\/(?:namespaces\/([^/]+)\/)?([a-z0-9]+)\/([^/?]+)(?:\/status)?(?:\?|$)/;

/** The object that a path names, as `Kind.group/namespace/name`; `undefined` for lists and for what no rule looks at. */
export function keyOfPath(path: string, kindOf: KindOfPlural): string | undefined {
  const [, group = '', namespace = '', plural, name = ''] = OBJECT_PATH.exec(path) ?? [];
  const kind = plural === undefined ? undefined : kindOf(plural, group);
  return kind === undefined ? undefined : `${kind}/${namespace}/${name}`;
}

/** A write that the server accepted. */
export interface NotedWrite {
  readonly method: string;
  /** The object in the answer; `undefined` where the answer is a status. */
  readonly object: KubeObject | undefined;
  /** `Kind.group/namespace/name`. */
  readonly key: string;
  /** The process of the controller that sent it; `undefined`: another client. */
  readonly process: string | undefined;
}

/** Which objects were changed or deleted, by whom, and at which version. */
export class Ledger {
  readonly #clock: Clock;
  readonly #kindOf: KindOfPlural;
  /** By another client than the controllers. */
  readonly #changed = new Map<string, number>();
  /** Those that were not plainly applied: deleted, or patched behind the controller's back. */
  readonly #tampered = new Map<string, number>();
  /** By each process of the controller. */
  readonly #written = new Map<string, Map<string, number>>();
  /** The newest version that any answer told of. */
  #newest = 0;
  /** Told of each write of any client that the server accepted. */
  readonly onWrite: ((write: NotedWrite) => void)[] = [];

  constructor(clock: Clock, kindOf: KindOfPlural) {
    this.#clock = clock;
    this.#kindOf = kindOf;
  }

  /** The object that a path names, by the kinds of this ledger. */
  keyOf(path: string): string | undefined {
    return keyOfPath(path, this.#kindOf);
  }

  /** The keys of all objects that another client than the controllers changed. */
  get changedKeys(): Iterable<string> {
    return this.#changed.keys();
  }

  /** Notes an accepted write of a process, or of another client than the controllers. */
  note({ method, path, headers, body: sent }: TransportRequest, text: string, process?: string): void {
    const body = text.startsWith('{') ? (JSON.parse(text) as KubeObject) : undefined;
    const object = body?.metadata?.resourceVersion === undefined ? undefined : body;
    this.#newest = Math.max(this.#newest, Number(object?.metadata.resourceVersion ?? 0));
    const key = object === undefined ? this.keyOf(path) : objectKey(object);
    if (key === undefined) return;
    const version = Number(object?.metadata.resourceVersion ?? this.#newest + 1);
    if (process === undefined) {
      this.#changed.set(key, version);
      const isApply = headers?.['content-type']?.includes('apply-patch') === true;
      // Switching an instance off and on, or writing a status, hides nothing of what the rules look at.
      const isHarmless = path.includes('/status') || (typeof sent === 'string' && sent.includes('kro.run/reconcile'));
      if (!isApply && !isHarmless && method !== 'POST') this.#tampered.set(key, version);
    } else {
      const written = this.#written.get(key) ?? new Map<string, number>();
      this.#written.set(key, written.set(process, version));
    }
    for (const told of this.onWrite) told({ method, object, key, process });
  }

  /**
   * May a process act as if the object were not as it is, because another client changed it just now? Of
   * `tampering` only deletions and patches count, not that a user applied it.
   */
  excuses(key: string, knowledge: Knowledge, what: 'tampering' | 'any' = 'tampering'): boolean {
    const changed = (what === 'any' ? this.#changed : this.#tampered).get(key);
    if (changed === undefined) return false;
    const told = knowledge.of(key);
    return told === undefined || told.version < changed || this.#clock.now() - told.at < REACTION_MS;
  }

  /**
   * Did another process write the object, and this one was not told of it yet? So it is when the work passes from one to
   * the other while a watch is late: what the other one did is done once more.
   */
  wroteUnseen(key: string, process: string, knowledge: Knowledge): boolean {
    const told = knowledge.of(key)?.version ?? 0;
    return [...(this.#written.get(key) ?? [])].some(([writer, version]) => writer !== process && version > told);
  }

  /** The transport of users and rivals, whose writes are noted. */
  wrap(transport: Transport): Transport {
    return {
      request: async (request) => {
        const response = await transport.request(request);
        if (request.method === 'GET' || response.status >= 400) return response;
        const text = await textOf(response);
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
