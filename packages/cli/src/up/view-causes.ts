import { monotonicMs } from '@typekro/kit/core';
import { type KubernetesApi, type Cause, readCauses } from '@typekro/kube';
import type { NodeReport } from '@typekro/engine/runtime';
import type { InstanceView } from '@typekro/app/instance';

/** The interval at which causes are read while a node waits, in milliseconds. */
const READ_EVERY_MS = 1000;

/** The maximum number of objects of an instance whose causes are read. */
const MAX_OBJECTS = 10;

/** Does the node wait for an object that exists? */
const isWaiting = ({ state, because }: NodeReport): boolean =>
  (state === 'waiting' || state === 'failed') && (because.kind === 'not-ready' || because.kind === 'not-ready-by-kind');

/** Returns the views, with causes for nodes that wait for existing objects. */
export function withCauses(
  api: KubernetesApi,
  views: readonly InstanceView[],
  signal: AbortSignal,
): Promise<InstanceView[]> {
  return Promise.all(
    views.map(async (view) => {
      const waiting = view.nodes
        .filter(isWaiting)
        .flatMap(({ id, objects }) =>
          objects.filter(({ state }) => state !== 'absent').map(({ object }) => ({ id, object })),
        );
      if (waiting.length === 0) return view;
      const readObjects = waiting.slice(0, MAX_OBJECTS);
      const found = await readCauses(
        api,
        readObjects.map(({ object }) => object),
        signal,
      );
      const causes = new Map<string, Cause[]>();
      for (const [index, { id }] of readObjects.entries()) {
        causes.set(id, [...(causes.get(id) ?? []), ...(found[index]?.causes ?? [])]);
      }
      return { ...view, causes };
    }),
  );
}

/** Reads causes at an interval that is longer than the interval of redraws. */
export class CauseReader {
  readonly #api: KubernetesApi;
  readonly #stopped = new AbortController();
  #causes = new Map<string, InstanceView['causes']>();
  #readAt = monotonicMs();
  #isReading = false;

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  /**
   * Returns the views with the causes of the last read. Starts another read in the background when the interval has
   * passed.
   */
  show(views: readonly InstanceView[]): InstanceView[] {
    if (!this.#isReading && monotonicMs() - this.#readAt >= READ_EVERY_MS) void this.#read(views);
    return views.map((view) => {
      const causes = this.#causes.get(view.ref);
      return causes === undefined ? view : { ...view, causes };
    });
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #read(views: readonly InstanceView[]): Promise<void> {
    this.#isReading = true;
    try {
      const read = await withCauses(this.#api, views, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      this.#causes = new Map(read.map((view) => [view.ref, view.causes]));
    } finally {
      this.#readAt = monotonicMs();
      this.#isReading = false;
    }
  }
}
