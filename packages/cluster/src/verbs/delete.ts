import type { KubeObject } from '@typekro/kit/core';
import { formatTime } from '@typekro/kit/kubernetes';
import { timestampOf } from '../cluster-clock.ts';
import { conflict, notFound } from '../errors/api-error.ts';
import type { DeleteRequestOptions } from './request-options.ts';
import { commit } from './update.ts';
import { type WriteRequest, checkWrite, keyOfWrite, liveObject } from './write.ts';
import { thaw } from '../types/parts.ts';
import { strategyFor } from './strategy-for.ts';

/** The result of a deletion. */
export interface Deletion {
  readonly object: KubeObject;
  /**
   * Has the object been removed? For a dry run: would a real request remove it? If not, finalizers or a grace period
   * keep the object.
   */
  readonly removed: boolean;
}

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/**
 * If objects of this kind orphan their dependents when a deletion has no propagation policy, adds a warning to such a
 * deletion.
 */
export function warnOfOrphans(
  write: WriteRequest,
  { propagationPolicy, orphanDependents }: DeleteRequestOptions,
): void {
  const text = strategyFor(write.resource).orphansWarning;
  if (text !== undefined && propagationPolicy === undefined && orphanDependents === undefined)
    write.warnings.push(text);
}

/**
 * Deletes an object, or marks it as deleted when finalizers or a grace period keep it. A request cannot delay a running
 * deletion: if the deletion already ends as early as the request requires, the object is not changed.
 */
export function deleteObject(write: WriteRequest, options: DeleteRequestOptions): Deletion {
  const live = liveObject(write);
  if (live === undefined) throw notFound(write.resource, write.name);
  checkPreconditions(write, live, options);
  checkWrite(write, (context) => strategyFor(write.resource).admitDelete?.(live, context));
  write.services.admission?.admitDelete(write, live, options);
  const { terminate } = strategyFor(write.resource);
  const next = thaw(live);
  if (terminate !== undefined) {
    const step = terminate(next, {
      timestamp: timestampOf(write.services.clock),
      dryRun: options.dryRun,
      finalizers: () => finalizersFor(write, live, options),
    });
    if (step === 'remove') return remove(write, live, next, options);
    return step === 'keep'
      ? { object: live, removed: false }
      : { object: commit(write, live, next).object, removed: false };
  }
  const finalizers = finalizersFor(write, live, options);
  const grace = strategyFor(write.resource).grace?.(live, options.gracePeriodSeconds) ?? 0;
  const pending = live.metadata.deletionTimestamp !== undefined;
  if (pending && strategyFor(write.resource).grace !== undefined) {
    // A request can only shorten the grace period of a running deletion.
    const left = live.metadata.deletionGracePeriodSeconds ?? 0;
    if (left > 0 && (options.gracePeriodSeconds ?? left) >= left) return { object: live, removed: false };
  }
  if (finalizers.length > 0) next.metadata.finalizers = finalizers;
  else delete next.metadata.finalizers;
  if (finalizers.length === 0 && grace === 0) return remove(write, live, next, options);
  if (!pending) mark(write, next, grace);
  else if (grace < (live.metadata.deletionGracePeriodSeconds ?? 0)) {
    const started =
      Date.parse(live.metadata.deletionTimestamp ?? '') - 1000 * (live.metadata.deletionGracePeriodSeconds ?? 0);
    next.metadata.deletionGracePeriodSeconds = grace;
    next.metadata.deletionTimestamp = timeAfter(Math.max(started, write.services.clock.now()), grace);
  }
  return { object: commit(write, live, next).object, removed: false };
}

/**
 * The time after a number of seconds. As in Go, the nanoseconds are a signed number of 64 bits, so that a longer period
 * than 292 years overflows.
 */
const timeAfter = (milliseconds: number, seconds: number): string =>
  formatTime(milliseconds + Number(BigInt.asIntN(64, BigInt(Math.trunc(seconds)) * 1_000_000_000n) / 1_000_000n));

function mark(write: WriteRequest, next: KubeObject, grace: number) {
  const before = next.metadata.deletionTimestamp;
  next.metadata.deletionTimestamp = timeAfter(write.services.clock.now(), grace);
  next.metadata.deletionGracePeriodSeconds = grace;
  if ((next.metadata.generation ?? 0) > 0 && before === undefined)
    next.metadata.generation = (next.metadata.generation ?? 0) + 1;
}

function remove(write: WriteRequest, live: KubeObject, next: KubeObject, options: DeleteRequestOptions): Deletion {
  const { resource } = write;
  const graceful = strategyFor(resource).grace !== undefined && (live.metadata.deletionGracePeriodSeconds ?? 1) > 0;
  if (graceful) {
    mark(write, next, 0);
    // Watchers of a pod get an event with the deletion timestamp before the removal.
    if (!options.dryRun) resource.collection.put(keyOfWrite(write), resource.toStorage(thaw(next)));
  }
  if (options.dryRun) return { object: graceful ? next : live, removed: true };
  const last = graceful ? next : live;
  const stored = resource.collection.remove(keyOfWrite(write), graceful ? resource.toStorage(last) : undefined);
  if (stored !== undefined) strategyFor(resource).afterDelete?.(stored.object, write.services);
  return {
    object: strategyFor(resource).grace !== undefined && stored !== undefined ? stored.as(resource).object : live,
    removed: true,
  };
}

function checkPreconditions(write: WriteRequest, live: KubeObject, { preconditions }: DeleteRequestOptions) {
  const { uid, resourceVersion } = preconditions;
  const target = {
    group: write.resource.group,
    plural: write.resource.custom === undefined ? write.resource.kind : write.resource.plural,
  };
  if (uid !== undefined && uid !== live.metadata.uid) {
    throw conflict(
      target,
      write.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${live.metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== live.metadata.resourceVersion) {
    throw conflict(
      target,
      write.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${live.metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

/**
 * The finalizers of an object after its deletion is requested. The deletion options decide which garbage collector
 * finalizers the object gets. Without these options, the existing finalizers are kept, and an object whose kind orphans
 * its dependents by default gets the finalizer `orphan`, unless it has `foregroundDeletion`.
 */
function finalizersFor(write: WriteRequest, live: KubeObject, options: DeleteRequestOptions): string[] {
  const present = live.metadata.finalizers ?? [];
  if (strategyFor(write.resource).uncollected === true) return [...present];
  const { propagationPolicy: policy, orphanDependents } = options;
  const explicit = policy !== undefined || orphanDependents !== undefined;
  const byDefault = strategyFor(write.resource).orphansByDefault === true ? ORPHAN : undefined;
  const orphan = explicit
    ? policy === 'Orphan' || orphanDependents === true
    : present.includes(ORPHAN) || (byDefault === ORPHAN && !present.includes(FOREGROUND));
  const foreground = explicit ? policy === 'Foreground' : present.includes(FOREGROUND);
  return [
    ...present.filter((name) => name !== ORPHAN && name !== FOREGROUND),
    ...(orphan ? [ORPHAN] : []),
    ...(foreground ? [FOREGROUND] : []),
  ];
}
