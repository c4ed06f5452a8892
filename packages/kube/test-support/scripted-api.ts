import type { Discovery, KubernetesApi, WatchEvent, WatchOptions, ResourceType } from '@typekro/kube';

/** A watch of a scripted API. It emits the events that a test pushes. */
export interface ScriptedWatch {
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  readonly closed: boolean;
  push(...events: WatchEvent[]): Promise<void>;
}

const refuse = (): never => {
  throw new Error('a scripted API only watches');
};

/** An API for tests. Its watches emit the events that the test pushes. All other requests fail. */
export function scriptedApi(): KubernetesApi & { readonly watches: ScriptedWatch[] } {
  const watches: ScriptedWatch[] = [];
  const discovery: Discovery = {
    resourceOf: refuse,
    inGroup: refuse,
    learn: () => undefined,
    all: refuse,
    kindsOf: () => [],
    peek: () => undefined,
    forget: () => undefined,
  };
  return {
    watches,
    discovery,
    get: refuse,
    find: refuse,
    list: refuse,
    create: refuse,
    update: refuse,
    patch: refuse,
    apply: refuse,
    delete: refuse,
    raw: refuse,
    as: refuse,
    close: () => Promise.resolve(),
    watch(type, options: WatchOptions = {}) {
      const queue: WatchEvent[] = [];
      let wake: () => void = () => undefined;
      const watch = {
        type,
        namespace: options.namespace,
        get closed() {
          return options.signal?.aborted === true;
        },
        async push(...events: WatchEvent[]) {
          queue.push(...events);
          wake();
          await new Promise(setImmediate);
        },
      };
      watches.push(watch);
      options.signal?.addEventListener('abort', () => wake());
      return follow();

      async function* follow(): AsyncGenerator<WatchEvent> {
        while (!watch.closed) {
          const next = queue.shift();
          if (next !== undefined) yield next;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      }
    },
  };
}
