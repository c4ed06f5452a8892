import type { KubeObject } from '@typekro/kit/core';
import type { KubeError, KubernetesApi, ResourceType, WatchOptions } from '@typekro/kube';

/** Receives the reports of a watch. */
export interface KindListener {
  /** An object was added or changed. `isFirst` is true until the first list is complete. */
  changed(object: KubeObject, isFirst: boolean): void;
  removed(key: string): void;
  /** Called with an error when the watch failed and retries, and with `undefined` when the watch works again. */
  failed(error: KubeError | undefined): void;
}

/** The key of an object of one kind. */
export const keyOf = ({ metadata }: Pick<KubeObject, 'metadata'>): string =>
  `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

/**
 * Describes, for any reader, why a watch of this process fails. The server's message about missing rights names the
 * account of this process, which is not the account of the reader.
 */
export const watchFailure = ({ status, message }: KubeError): string =>
  status === 403 ? 'this server may not list and watch them' : message;

/** The options of `watchKind`. */
export interface WatchKindOptions {
  /** The objects to report. Default: all objects of the kind. */
  readonly selection?: Omit<WatchOptions, 'signal'>;
  /**
   * The keys of objects that existed before this watch. If an object with such a key is missing from the first list, it
   * is reported as removed.
   */
  readonly known?: Iterable<string>;
}

/**
 * Reports the objects of a kind, and their changes, until the signal aborts. After a new list, known objects that are
 * not in the list are reported as removed.
 *
 * @param onFirst called when the first list is complete, or has failed
 */
export async function watchKind(
  api: Pick<KubernetesApi, 'watch'>,
  type: ResourceType,
  listener: KindListener,
  onFirst: () => void,
  signal: AbortSignal,
  { selection = {}, known: before = [] }: WatchKindOptions = {},
): Promise<void> {
  const known = new Set(before);
  let seen: Set<string> | undefined = new Set();
  let isFirst = true;
  let hasReported = false;
  const report = () => {
    if (!hasReported) onFirst();
    hasReported = true;
  };
  for await (const event of api.watch(type, { ...selection, signal })) {
    // Any other event means that the watch works again, because a restored connection may send no new list. RESTARTED
    // is ignored: with a streamed list, it comes before the response of the server.
    if (event.type !== 'ERROR' && event.type !== 'RESTARTED') listener.failed(undefined);
    switch (event.type) {
      case 'RESTARTED':
        seen = new Set();
        break;
      case 'ADDED':
      case 'MODIFIED': {
        const key = keyOf(event.object);
        known.add(key);
        seen?.add(key);
        listener.changed(event.object, isFirst);
        break;
      }
      case 'DELETED':
        known.delete(keyOf(event.object));
        listener.removed(keyOf(event.object));
        break;
      case 'SYNCED':
        for (const key of known) {
          if (seen === undefined || seen.has(key)) continue;
          known.delete(key);
          listener.removed(key);
        }
        seen = undefined;
        isFirst = false;
        report();
        break;
      case 'ERROR':
        listener.failed(event.error);
        report();
        break;
      case 'BOOKMARK':
        break;
    }
  }
  report();
}
