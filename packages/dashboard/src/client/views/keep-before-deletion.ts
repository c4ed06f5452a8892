import type { InstanceDetail } from '@typekro/controller/inspect';

/**
 * The state of an instance that the page shows after the instance is gone: the last state before the deletion was
 * requested, because the deletion empties the list of nodes. Without such a state, the page shows the first state that
 * was read.
 */
export function keepBeforeDeletion(
  kept: InstanceDetail | undefined,
  next: InstanceDetail | undefined,
): InstanceDetail | undefined {
  return next === undefined || (kept !== undefined && next.instance.deletedAt !== undefined) ? kept : next;
}
