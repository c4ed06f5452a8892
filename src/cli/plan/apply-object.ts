import type { JsonObject, KubeObject, ObjectRef } from '../../core/index.ts';
import { jsonEquals, objectName, parseApiVersion, refOf, TypeKroError } from '../../core/index.ts';
import type { Clock, KubernetesApi } from '../../kube/index.ts';
import { isConflict, isNotFound, isTimeout, waitForObject, withDeadline } from '../../kube/index.ts';
import { tableKey } from './kind-table.ts';
import type { LiveSource } from './live-source.ts';
import { keys, outcomeOfWrite } from '../../runtime/index.ts';
import { FILE_MANAGER } from './replacement.ts';
import { contentOf } from './saved-plan.ts';

/** What single objects are written with. */
export interface ObjectWriter {
  readonly api: KubernetesApi;
  /** The live objects as the plan saw them. */
  readonly source: LiveSource;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Takes a line for each thing that was done. */
  readonly print: (line: string) => void;
}

/** How often a write is tried again that a change of the status alone made stale. */
const MAX_STALE_WRITES = 10;

/**
 * Applies an object if it is still as the plan saw it. Only what clients write counts: controllers write the status and
 * their own labels all the time, and one that serves a new revision writes to the instance that is applied next. An
 * object that the plan saw nowhere takes no field from another manager, if one is created at the same time.
 *
 * @param isAbsent the plan deleted the object, and so nothing may be in its place
 */
export async function applyObject(writer: ObjectWriter, object: KubeObject, isAbsent = false): Promise<AppliedObject> {
  const { api, signal, print } = writer;
  const ref = refOf(object);
  const planned = isAbsent ? undefined : liveOf(writer, ref);
  for (let stale = 0; ; stale += 1) {
    const before = await api.find(ref, { signal });
    if (!isSameContent(planned, before)) throw movedError(ref, planned, before);
    const resourceVersion = before?.metadata.resourceVersion;
    const metadata = { ...object.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    try {
      // A server takes no resourceVersion for an object that is not there. Without force, an apply conflicts with the fields
      // of an object that appears after the read. A POST would own the fields as an update, and later applies could not
      // remove them.
      const force = before !== undefined;
      const after = await api.apply({ ...object, metadata }, { fieldManager: FILE_MANAGER, force, signal });
      print(`${outcomeOfWrite(before, after, isAbsent)} ${objectName(ref)}`);
      return { after, ...(before === undefined ? {} : { before }) };
    } catch (thrown) {
      if (!isConflict(thrown) || stale >= MAX_STALE_WRITES) throw thrown;
    }
  }
}

/** An object directly before and after its apply. */
export interface AppliedObject {
  /** Absent: the apply created it. */
  readonly before?: KubeObject;
  readonly after: KubeObject;
}

/** Deletes the object that the plan saw; one that came in its place stays. False: the plan saw none. */
export async function removeObject(writer: ObjectWriter, ref: ObjectRef): Promise<boolean> {
  const { api, signal, print } = writer;
  const uid = liveOf(writer, ref)?.metadata.uid;
  if (uid === undefined) return false;
  try {
    await api.delete(ref, { preconditions: { uid }, propagationPolicy: 'Background', signal });
    print(`deleted ${objectName(ref)}`);
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
  return true;
}

/**
 * Waits until deleted objects are gone: finalizers keep them after the request.
 *
 * @param next what is not done before
 * @throws TypeKroError `apply/not-deleted` with the finalizers, when one is still there after the time limit
 */
export async function waitUntilGone(
  writer: ObjectWriter,
  refs: readonly ObjectRef[],
  limitMs: number,
  next: string,
): Promise<void> {
  const { api, signal, clock } = writer;
  let limit: AbortSignal | undefined;
  let last: KubeObject | undefined;
  let waitedFor: ObjectRef | undefined;
  try {
    await withDeadline(limitMs, [signal], clock, async (until) => {
      limit = until;
      for (const ref of refs) {
        waitedFor = ref;
        last = liveOf(writer, ref);
        const uid = last?.metadata.uid;
        await waitForObject(api, ref, until, (found) => {
          // An object of the same name with another UID is not the deleted one.
          last = found?.metadata.uid === uid ? found : undefined;
          return last === undefined ? true : undefined;
        });
      }
    });
  } catch (thrown) {
    if (limit === undefined || !isTimeout(limit) || waitedFor === undefined) throw thrown;
    throw notDeleted(waitedFor, last?.metadata.finalizers ?? [], limitMs, next);
  }
}

function notDeleted(ref: ObjectRef, finalizers: readonly string[], limitMs: number, next: string): TypeKroError {
  const { apiVersion, kind, name, namespace } = ref;
  const why = finalizers.length === 0 ? '' : `, kept by its finalizers ${finalizers.join(', ')}`;
  const { group } = parseApiVersion(apiVersion);
  const type = group === '' ? kind.toLowerCase() : `${kind.toLowerCase()}.${group}`;
  const place = namespace === undefined ? '' : ` -n ${namespace}`;
  return new TypeKroError(`${objectName(ref)} is still being deleted after ${limitMs / 1000} s${why}; ${next}`, {
    code: 'apply/not-deleted',
    remedy: `look whether the controller that removes the finalizers runs (kubectl get ${type} ${name}${place} -o yaml); then plan and apply again`,
  });
}

/** The object as the plan saw it. */
export function liveOf({ source }: Pick<ObjectWriter, 'source'>, ref: ObjectRef): KubeObject | undefined {
  const known = lookUp(source, ref);
  return known?.state === 'present' ? known.object : undefined;
}

/** Was the user refused to read the object, so that nothing tells whether it moved? */
export const isUnread = ({ source }: Pick<ObjectWriter, 'source'>, ref: ObjectRef): boolean =>
  lookUp(source, ref)?.state === 'failed';

function lookUp(source: LiveSource, ref: ObjectRef) {
  const { group } = parseApiVersion(ref.apiVersion);
  return source.table({ group, kind: ref.kind })?.look(tableKey(ref.namespace, ref.name));
}

/**
 * Is it the same object, with all that clients write? The generation stands for the spec where the server counts it: a
 * definition that was applied in between changes the defaults with which the same spec is read.
 */
function isSameContent(planned: KubeObject | undefined, now: KubeObject | undefined): boolean {
  if (planned === undefined || now === undefined) return planned === now;
  return jsonEquals(contentOfClients(planned), contentOfClients(now));
}

function contentOfClients({ metadata, ...rest }: KubeObject): JsonObject {
  const { generation, uid = '', labels = {}, annotations = {}, deletionTimestamp = '' } = metadata;
  return {
    uid,
    deletionTimestamp,
    labels: without(labels, CONTROLLER_LABELS),
    annotations: without(annotations, CONTROLLER_ANNOTATIONS),
    content: generation ?? contentOf({ ...rest, metadata: {} }),
  };
}

/** Prefixes of what controllers write for themselves. Annotations such as kro.run/reconcile are the user's. */
const CONTROLLER_ANNOTATIONS = ['internal.kro.run/', 'applyset.kubernetes.io/'];
const CONTROLLER_LABELS = [...keys.RESERVED_PREFIXES, 'applyset.kubernetes.io/', keys.MANAGED_BY_LABEL];

const without = (marks: Readonly<Record<string, string>>, prefixes: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(marks).filter(([key]) => !prefixes.some((prefix) => key.startsWith(prefix))));

function movedError(ref: ObjectRef, planned: KubeObject | undefined, now: KubeObject | undefined): TypeKroError {
  const what =
    planned === undefined
      ? 'was created'
      : now === undefined
        ? 'is gone'
        : planned.metadata.uid === now.metadata.uid
          ? 'was changed'
          : 'was deleted and created again';
  return new TypeKroError(`the cluster is not as the plan saw it: ${objectName(ref)} ${what}`, {
    code: 'apply/cluster-moved',
    remedy: 'it was not applied, and nothing after it; plan and apply again',
  });
}
