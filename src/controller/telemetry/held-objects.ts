import type { NodeReport, Terminating } from '../../runtime/index.ts';

/** The objects of a node whose deletion is blocked by finalizers. They may be wanted or retired. */
export function heldObjects({ because, objects }: NodeReport): readonly Terminating[] {
  if (because.kind === 'being-deleted') return because.objects.filter(({ finalizers }) => finalizers.length > 0);
  if (because.kind !== 'retired') return [];
  return objects.flatMap(({ object, finalizers = [], deletingSince }) =>
    deletingSince === undefined || finalizers.length === 0 ? [] : [{ object, finalizers, since: deletingSince }],
  );
}
