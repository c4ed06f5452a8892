import type { Because, NodeReport, Terminating } from '../../runtime/index.ts';

/**
 * The reasons of nodes of which some objects may be in deletion. A node has one reason, and a problem of one object comes
 * before the deletion of another one. Nodes that only read objects do not have these reasons.
 */
const REASONS: ReadonlySet<Because['kind']> = new Set([
  'retired',
  'write-failed',
  'read-failed',
  'field-conflict',
  'other-owner',
  'graph-owner',
  'contested',
  'invalid-object',
  'outside-namespace',
  'duplicate-target',
]);

/** Those objects of a node that are being deleted and still have finalizers. They may be wanted or retired. */
export function heldObjects({ because, objects }: NodeReport): readonly Terminating[] {
  if (because.kind === 'being-deleted') return because.objects.filter(({ finalizers }) => finalizers.length > 0);
  if (!REASONS.has(because.kind)) return [];
  return objects.flatMap(({ object, finalizers = [], deletingSince }) =>
    deletingSince === undefined || finalizers.length === 0 ? [] : [{ object, finalizers, since: deletingSince }],
  );
}
