import { useLayoutEffect, useMemo } from 'preact/hooks';
import type { InspectEvent } from '@typekro/controller/inspect';
import type { LiveRead, Remote } from './remote.ts';
import { liveRead } from './session.ts';

/**
 * Reads data of the server for a component. Reads the data again when the path changes, and after each event that
 * `concerns` accepts. Without a path, nothing is read. With `repeatMs`, the data is read again if no such event arrives
 * for this time.
 */
export function useRemote<Value>(
  path: string | undefined,
  concerns: (change: InspectEvent) => boolean,
  options: { readonly repeatMs?: number } = {},
): Remote<Value> & Pick<LiveRead<Value>, 'refresh'> {
  const read = useMemo(() => (path === undefined ? undefined : liveRead<Value>(path, concerns, options)), [path]);
  // A component can be unmounted before its other effects run.
  useLayoutEffect(() => read?.close, [read]);
  return { ...read?.state.value, refresh: () => read?.refresh() };
}
