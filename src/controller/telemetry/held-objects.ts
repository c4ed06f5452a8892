import type { NodeReport, Terminating } from '../../runtime/index.ts';

/** Objects of a node that are being deleted, wanted or retired, and that somebody's finalizers hold. */
export function heldObjects({ because, objects }: NodeReport): readonly Terminating[] {
  if (because.kind === 'being-deleted') return because.objects.filter(({ finalizers }) => finalizers.length > 0);
  if (because.kind !== 'retired') return [];
  return objects.flatMap(({ object, finalizers = [], deletingSince }) =>
    deletingSince === undefined || finalizers.length === 0 ? [] : [{ object, finalizers, since: deletingSince }],
  );
}
