import type { NodeReport, Reports } from '@typekro/engine/runtime';

/**
 * The reasons other than `being-deleted` with which a node may have objects that are being deleted. A node has only one
 * reason, and a problem of one object takes precedence over the deletion of another object. A node that only reads
 * objects can have the reason `read-failed`, but its report never has `deletingSince`.
 */
const REASONS: ReadonlySet<Reports.Because['kind']> = new Set([
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

/** The objects of a node that are being deleted and still have finalizers. They may be wanted or retired. */
export function heldObjects({ because, objects }: NodeReport): readonly Reports.Terminating[] {
  if (because.kind === 'being-deleted') return because.objects.filter(({ finalizers }) => finalizers.length > 0);
  if (!REASONS.has(because.kind)) return [];
  return objects.flatMap(({ object, finalizers = [], deletingSince }) =>
    deletingSince === undefined || finalizers.length === 0 ? [] : [{ object, finalizers, since: deletingSince }],
  );
}
