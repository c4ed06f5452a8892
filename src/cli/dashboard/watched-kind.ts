import type { KubeObject } from '../../core/index.ts';
import type { KubeError, KubernetesApi, ResourceType, WatchOptions } from '../../kube/index.ts';

/** Receives the reports of a watch. */
export interface KindListener {
  /** An object was added or changed. `isFirst` is true until the first list is complete. */
  changed(object: KubeObject, isFirst: boolean): void;
  removed(key: string): void;
  /** The watch failed and tries again. `undefined`: it works again. */
  failed(error: KubeError | undefined): void;
}

/** The key of an object of one kind. */
export const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

/**
 * Reports the objects of a kind, and their changes, until the signal aborts. After a new list, known objects that are
 * not in the list are reported as removed.
 *
 * @param onFirst called when the first list is complete, or has failed
 * @param selection the objects to report. Default: all objects of the kind
 */
export async function watchKind(
  api: Pick<KubernetesApi, 'watch'>,
  type: ResourceType,
  listener: KindListener,
  onFirst: () => void,
  signal: AbortSignal,
  selection: Omit<WatchOptions, 'signal'> = {},
): Promise<void> {
  const known = new Set<string>();
  let seen: Set<string> | undefined = new Set();
  let isFirst = true;
  const done = () => {
    if (isFirst) onFirst();
    isFirst = false;
  };
  for await (const event of api.watch(type, { ...selection, signal })) {
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
        listener.failed(undefined);
        done();
        break;
      case 'ERROR':
        listener.failed(event.error);
        done();
        break;
      case 'BOOKMARK':
        break;
    }
  }
  done();
}
