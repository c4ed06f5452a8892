import { useEffect, useMemo } from 'preact/hooks';
import type { InspectEvent } from '../../../inspect/index.ts';
import type { LiveRead, Remote } from './remote.ts';
import { liveRead } from './session.ts';

/**
 * Reads data of the server for a component, again when the path changes, and after each change that `concerns` it.
 * Without a path nothing is read. With `repeatMs`, data without a change is read again after this time.
 */
export function useRemote<Value>(
  path: string | undefined,
  concerns: (change: InspectEvent) => boolean,
  options: { readonly repeatMs?: number } = {},
): Remote<Value> & Pick<LiveRead<Value>, 'refresh'> {
  const read = useMemo(() => (path === undefined ? undefined : liveRead<Value>(path, concerns, options)), [path]);
  useEffect(() => read?.close, [read]);
  return { ...read?.state.value, refresh: () => read?.refresh() };
}

/** Selects the changes that concern a view of one instance. */
export const ofInstance =
  (ref: string) =>
  ({ subject }: InspectEvent): boolean =>
    subject === ref;

/**
 * Selects the changes that concern a view of one instance which only its reports, events or logs change. A change of an
 * object is left out: an object that changes each second would cause a read each second.
 */
export const ofReports =
  (ref: string) =>
  ({ type, subject }: InspectEvent): boolean =>
    subject === ref && type !== 'object-changed';

/**
 * Selects the changes that concern a view of definitions: those of definitions, and of the instances that it counts.
 */
export const ofDefinitions = ({ type }: InspectEvent): boolean => /^(?:definition|instance)-/.test(type);

/** Selects the changes that concern a list of instances. */
export const ofInstances = ({ type }: InspectEvent): boolean =>
  type === 'instance-changed' || type === 'instance-removed' || type === 'definition-removed';
