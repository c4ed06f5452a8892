import type { Clock, TransportRequest } from '../../kube/index.ts';
import type { KubeObject } from '../../core/index.ts';
import { keys, objectKey } from '../../runtime/index.ts';

/** What a process was last told of an object, and when. */
interface Told {
  readonly version: number;
  readonly gone: boolean;
  readonly at: number;
  readonly partOf: string | undefined;
}

/** What one process has been told by answers and watches: a rule must not blame it for what it could not know. */
export class Knowledge {
  readonly #clock: Clock;
  readonly #told = new Map<string, Told>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A line of a watch that the process gets now. */
  line(text: string): void {
    const { type, object } = JSON.parse(text) as { type: string; object: KubeObject };
    if (type !== 'ERROR') this.#learn(object, type === 'DELETED');
  }

  /** An answer that the process gets, unless the connection breaks. */
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

  of(key: string): Told | undefined {
    return this.#told.get(key);
  }

  #learn(object: KubeObject, gone: boolean): void {
    const key = objectKey(object);
    const version = Number(object.metadata.resourceVersion ?? 0);
    const known = this.#told.get(key);
    if (known !== undefined && known.version >= version && !gone) return;
    const partOf = object.metadata.labels?.[keys.PART_OF_LABEL];
    this.#told.set(key, { version, gone, partOf, at: this.#clock.now() });
  }
}
