/** Reports the events of a deploy's objects (`kubectl get events`) while the deploy runs. */
import type { DeployEventContent, EventMonitoring } from '../compose/index.ts';
import { type JsonObject, type KubeObject, type ObjectRef, isJsonObject } from '@typekro/kit/core';
import type { Clock, KubernetesApi } from '@typekro/kube';

/** The objects whose events are reported, and the ids of their nodes. */
export type Monitored = readonly { readonly id: string; readonly object: ObjectRef }[];

const DEFAULTS = { includeChildResources: true, deduplicationWindow: 60, maxEventsPerSecond: 100 } as const;

/** Decides which events are reported. */
export class EventFilter {
  readonly #options: EventMonitoring;
  readonly #monitored: Monitored;
  /**
   * Maps a reported message to the time of its last report, in milliseconds since the epoch. The oldest entry is first.
   * Entries older than the deduplication window are removed.
   */
  readonly #reported = new Map<string, number>();
  #second = 0;
  #inSecond = 0;

  constructor(options: EventMonitoring, monitored: Monitored) {
    this.#options = options;
    this.#monitored = monitored;
  }

  /**
   * Returns the report of an event; `undefined` when the event is not reported. `now` is in milliseconds since the
   * epoch.
   */
  report(event: KubeObject, now: number): DeployEventContent | undefined {
    const { type, reason, message, involvedObject, count } = event;
    if (!isJsonObject(involvedObject)) return undefined;
    const { eventTypes, deduplicationWindow, maxEventsPerSecond } = { ...DEFAULTS, ...this.#options };
    if (eventTypes !== undefined && !eventTypes.some((wanted) => wanted === type)) return undefined;
    const owner = this.#ownerOf(involvedObject);
    if (owner === undefined) return undefined;
    const about = `${String(involvedObject['kind'])}/${String(involvedObject['name'])}`;
    const text = `${String(type)} ${String(reason)} (${about}): ${String(message)}`;
    this.#forgetUntil(now - deduplicationWindow * 1000);
    if (this.#reported.has(text)) return undefined;
    const second = Math.floor(now / 1000);
    if (second !== this.#second) this.#inSecond = 0;
    this.#second = second;
    if (this.#inSecond >= maxEventsPerSecond) return undefined;
    this.#inSecond += 1;
    this.#reported.set(text, now);
    return {
      type: 'kubernetes-event',
      resourceId: owner,
      message: text,
      details: { involvedObject, ...(typeof count === 'number' ? { count } : {}) },
    };
  }

  #forgetUntil(time: number): void {
    for (const [text, reportedAt] of this.#reported) {
      if (reportedAt > time) return;
      this.#reported.delete(text);
    }
  }

  /**
   * Returns the id of the node to which an object belongs. This is the node that created the object. With
   * `includeChildResources`, a child such as the pod `web-5d` belongs to the node of the object `web` in the same
   * namespace, because controllers name children after the parent.
   */
  #ownerOf(about: JsonObject): string | undefined {
    const { kind, name = '', namespace = '' } = about;
    if (typeof name !== 'string') return undefined;
    const inNamespace = this.#monitored.filter(({ object }) => (object.namespace ?? '') === namespace);
    const own = inNamespace.find(({ object }) => object.kind === kind && object.name === name);
    const { includeChildResources } = { ...DEFAULTS, ...this.#options };
    if (own !== undefined || !includeChildResources) return own?.id;
    // The longest matching name counts: "web-api-5d" belongs to "web-api", not to "web".
    const parents = inNamespace.filter(({ object }) => name.startsWith(`${object.name}-`));
    return parents.toSorted((a, b) => b.object.name.length - a.object.name.length)[0]?.id;
  }
}

/**
 * Reports new events of the objects until `stop` is called. The first failed read of each namespace is reported, and
 * the deploy continues. An error of `report` ends the reports for the namespace of the event, and `stop` throws the
 * error.
 */
export async function monitorEvents(
  api: KubernetesApi,
  monitored: Monitored,
  options: EventMonitoring,
  { clock, report }: { clock: Clock; report: (event: DeployEventContent) => void },
): Promise<{ stop(): Promise<void> }> {
  const stopped = new AbortController();
  const filter = new EventFilter(options, monitored);
  const namespaces = [...new Set(monitored.flatMap(({ object }) => object.namespace ?? []))];
  const running: Promise<void>[] = [];
  await Promise.all(
    namespaces.map(
      (namespace) =>
        new Promise<void>((begun) => {
          const following = follow(api, namespace, stopped.signal, { begun, report, filter, clock }).finally(begun);
          // `stop` throws the error of a listener. Until then, the error must not count as unhandled.
          following.catch(() => undefined);
          running.push(following);
        }),
    ),
  );
  return {
    async stop() {
      stopped.abort();
      await Promise.all(running);
    },
  };
}

async function follow(
  api: KubernetesApi,
  namespace: string,
  signal: AbortSignal,
  {
    begun,
    report,
    filter,
    clock,
  }: { begun: () => void; report: (event: DeployEventContent) => void; filter: EventFilter; clock: Clock },
): Promise<void> {
  let isNew = false;
  let hasFailed = false;
  for await (const event of api.watch({ apiVersion: 'v1', kind: 'Event' }, { namespace, signal })) {
    switch (event.type) {
      case 'SYNCED':
        isNew = true;
        begun();
        break;
      case 'ADDED':
      case 'MODIFIED': {
        // Events of the first list are older than the deploy.
        const content = isNew ? filter.report(event.object, clock.now()) : undefined;
        if (content !== undefined) report(content);
        break;
      }
      case 'ERROR':
        begun();
        if (!hasFailed)
          report({
            type: 'resource-warning',
            message: `events in namespace ${namespace} cannot be watched: ${event.error.message}`,
          });
        hasFailed = true;
        break;
      default:
        break;
    }
  }
}
