import type { Clock, TransportRequest } from '../../kube/index.ts';
import type { KubeObject } from '../../core/index.ts';
import { keys, objectKey } from '../../runtime/index.ts';
import { templateManagers } from './graph-writers.ts';

/** The last state of an object that a process received, and the time at which it received this state. */
interface ReceivedObject {
  readonly version: number;
  readonly gone: boolean;
  readonly at: number;
  readonly partOf: string | undefined;
  /** The field managers with which Graphs write the object by template nodes. */
  readonly graphs: readonly string[];
}

/**
 * The states of objects that one process received by answers and watches. A rule excuses a process that did not know a
 * change.
 */
export class Knowledge {
  readonly #clock: Clock;
  readonly #received = new Map<string, ReceivedObject>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Records a line of a watch that the process receives. */
  line(text: string): void {
    const { type, object } = JSON.parse(text) as { type: string; object: KubeObject };
    if (type !== 'ERROR') this.#learn(object, type === 'DELETED');
  }

  /** Records an answer that the process may receive. The connection may still break. */
  answered({ method }: TransportRequest, status: number, text: string): void {
    if (status >= 400 || !text.startsWith('{')) return;
    const body = JSON.parse(text) as KubeObject & { items?: KubeObject[] };
    if (Array.isArray(body.items)) {
      const kind = body.kind.replace(/List$/, '');
      for (const item of body.items) this.#learn({ ...item, kind, apiVersion: body.apiVersion }, false);
    } else if (body.metadata?.name !== undefined && body.kind !== 'Status') {
      this.#learn(body, method === 'DELETE' && body.metadata.deletionTimestamp === undefined);
    }
  }

  of(key: string): ReceivedObject | undefined {
    return this.#received.get(key);
  }

  #learn(object: KubeObject, gone: boolean): void {
    const key = objectKey(object);
    const version = Number(object.metadata.resourceVersion ?? 0);
    const known = this.#received.get(key);
    if (known !== undefined && known.version >= version && !gone) return;
    const partOf = object.metadata.labels?.[keys.PART_OF_LABEL];
    this.#received.set(key, { version, gone, partOf, graphs: templateManagers(object), at: this.#clock.now() });
  }
}
