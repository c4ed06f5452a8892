import { useEffect, useMemo } from 'preact/hooks';
import type { InspectEvent } from '../../../inspect/index.ts';
import type { LiveRead, Remote } from './remote.ts';
import { liveRead } from './session.ts';

/**
 * Data of the server for a component; it is read again when the path or a subject changes. Nothing is read without a
 * path.
 */
export function useRemote<Value>(
  path: string | undefined,
  concerns: (change: InspectEvent) => boolean,
): Remote<Value> & Pick<LiveRead<Value>, 'refresh'> {
  const read = useMemo(() => (path === undefined ? undefined : liveRead<Value>(path, concerns)), [path]);
  useEffect(() => read?.close, [read]);
  return { ...read?.state.value, refresh: () => read?.refresh() };
}

/** Concerns a view of one instance. */
export const ofInstance =
  (ref: string) =>
  ({ subject }: InspectEvent): boolean =>
    subject === ref;

/** Concerns a view of definitions: their own changes, and those of the instances, which the view counts. */
export const ofDefinitions = ({ type }: InspectEvent): boolean => type !== 'wrote' && type !== 'failed';

/** Concerns a list of instances. */
export const ofInstances = ({ type }: InspectEvent): boolean =>
  type === 'instance-changed' || type === 'instance-removed' || type === 'definition-removed';
