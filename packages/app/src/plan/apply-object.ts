import type { JsonObject, JsonValue, KubeObject, ObjectRef } from '@typekro/kit/core';
import {
  applyMergePatch,
  definedMembers,
  getOwn,
  isJsonObject,
  jsonEquals,
  mergeJson,
  MAX_CONFLICT_RETRIES,
  objectName,
  refOf,
  setOwn,
  TypeKroError,
} from '@typekro/kit/core';
import type { Clock, KubernetesApi } from '@typekro/kube';
import { isConflict, isNotFound, withinLimit } from '@typekro/kube';
import type { LiveSource } from './simulation/live-source.ts';
import { kubectlObject } from '../instance/without-definition.ts';
import { GraphObject, isDefinition } from '@typekro/engine/graph';
import { OF_CONTROLLER, managersOf } from '../instance/field-managers.ts';
import { Conversion } from '@typekro/engine/conversion';
import { Finalizers, keys, Outcome } from '@typekro/engine/runtime';
import { asObject } from '@typekro/kit/kubernetes';
import { whyCommandOf } from './being-deleted.ts';
import { FILE_MANAGER } from './replacement.ts';
import { planContent } from './saved-plan.ts';

/** The dependencies of the functions that write single objects. */
export interface ObjectWriter {
  readonly api: KubernetesApi;
  /** The live objects at the time of the plan. */
  readonly source: LiveSource;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called with a line for each write. */
  readonly print: (line: string) => void;
}

/** The dependencies of the functions that delete single objects. */
export interface ObjectRemover extends Omit<ObjectWriter, 'source'> {
  readonly source: Pick<LiveSource, 'liveOf'>;
}

/**
 * Applies an object if its content has not changed since the plan. Ignores the status, and the labels and annotations
 * that controllers write, because they can change between the plan and the apply. If the object did not exist at the
 * time of the plan, applies it without force. If another client has created it since, throws an error.
 *
 * @param isAbsent true when this apply has deleted the object before, so the object must not exist
 */
export async function applyObject(writer: ObjectWriter, object: KubeObject, isAbsent = false): Promise<AppliedObject> {
  const { api, signal, print } = writer;
  const ref = refOf(object);
  const planned = isAbsent ? undefined : writer.source.liveOf(ref);
  for (let stale = 0; ; stale += 1) {
    const before = await api.find(ref, { signal });
    if (!isSameContent(planned, before)) throw movedError(ref, planned, before);
    try {
      const resourceVersion = await withoutOthers(writer, object, before);
      const metadata = { ...object.metadata, ...definedMembers({ resourceVersion }) };
      // The server rejects a resourceVersion for a new object. An apply without force conflicts if another client
      // creates the object after the read. A POST is not an alternative: it would own the fields with the operation
      // Update, and later applies could not remove them.
      const force = before !== undefined;
      const after = await api.apply({ ...object, metadata }, { fieldManager: FILE_MANAGER, force, signal });
      print(`${Outcome.ofWrite(before, after, isAbsent)} ${objectName(ref)}`);
      return { after, ...(before === undefined ? {} : { before }) };
    } catch (thrown) {
      if (!isConflict(thrown) || stale >= MAX_CONFLICT_RETRIES) throw thrown;
    }
  }
}

/**
 * Makes the spec of a definition or a Graph that of its file, if another client, such as kubectl, may own fields that the
 * file does not have. An apply keeps those fields, but the plan is about the whole definition. One write makes the change,
 * so that the controller never serves a mixture. The apply after it takes the fields over.
 *
 * @returns the resourceVersion for the apply; `undefined` for none
 */
async function withoutOthers({ api, signal }: ObjectWriter, object: KubeObject, before: KubeObject | undefined) {
  const resourceVersion = before?.metadata.resourceVersion;
  const isWhole = isDefinition(object) || GraphObject.is(object);
  const rest = isWhole && hasOtherManager(before) ? removalOf(before?.spec, object.spec) : undefined;
  if (!isJsonObject(rest)) return resourceVersion;
  const { labels, annotations } = object.metadata;
  const metadata = definedMembers({ resourceVersion, labels, annotations });
  const spec = mergeJson(object.spec ?? {}, rest);
  await api.patch(refOf(object), { metadata, spec }, { fieldManager: FILE_MANAGER, signal });
  return undefined;
}

/**
 * The spec of a definition after `applyObject`.
 *
 * @param answered the spec after an apply that keeps the fields of other managers
 */
export function appliedSpec(live: KubeObject | undefined, { spec }: KubeObject, answered: JsonObject): JsonObject {
  const rest = hasOtherManager(live) ? removalOf(live?.spec, spec) : undefined;
  return rest === undefined ? answered : asObject(applyMergePatch(answered, rest));
}

const hasOtherManager = (object: KubeObject | undefined): boolean =>
  managersOf(object).some(
    ({ manager, operation, subresource }) =>
      subresource === undefined && !OF_CONTROLLER.test(manager) && !(manager === FILE_MANAGER && operation === 'Apply'),
  );

/**
 * A merge patch that removes what `live` has beyond `wanted`; `undefined` when it has nothing. A list with such an element
 * is replaced as a whole.
 */
function removalOf(live: JsonValue | undefined, wanted: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(live) && Array.isArray(wanted)) {
    const isEqual =
      live.length === wanted.length && live.every((each, at) => removalOf(each, wanted[at]) === undefined);
    return isEqual ? undefined : wanted;
  }
  if (!isJsonObject(live) || !isJsonObject(wanted)) return undefined;
  const removed: JsonObject = {};
  for (const [key, value] of Object.entries(live)) {
    const inner = Object.hasOwn(wanted, key) ? removalOf(value, getOwn(wanted, key)) : null;
    if (inner !== undefined) setOwn(removed, key, inner);
  }
  return Object.keys(removed).length === 0 ? undefined : removed;
}

/** An object directly before and after its apply. */
export interface AppliedObject {
  /** Absent when the apply created the object. */
  readonly before?: KubeObject;
  readonly after: KubeObject;
}

/**
 * Deletes the object that existed at the time of the plan. Keeps a newer object with the same name. Returns false when
 * the object did not exist at the time of the plan.
 */
export async function removeObject(writer: ObjectRemover, ref: ObjectRef): Promise<boolean> {
  const { api, signal, print } = writer;
  const uid = writer.source.liveOf(ref)?.metadata.uid;
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
 * Waits until deleted objects are gone. Finalizers can keep an object after the request to delete it.
 *
 * @param next the end of the error message: the work that was not done
 * @throws TypeKroError `apply/not-deleted` with the remaining finalizers, when an object still exists after the time
 *   limit
 */
export async function waitUntilGone(
  writer: ObjectRemover,
  refs: readonly ObjectRef[],
  limitMs: number,
  next: string,
): Promise<void> {
  let last: KubeObject | undefined;
  let waitedFor: ObjectRef | undefined;
  const { outage } = await withinLimit(writer, limitMs, async (wait) => {
    for (const ref of refs) {
      waitedFor = ref;
      last = writer.source.liveOf(ref);
      const uid = last?.metadata.uid;
      let isPrinted = false;
      await wait(ref, (found) => {
        // An object with the same name and another UID is a new object.
        last = found?.metadata.uid === uid ? found : undefined;
        if (last === undefined) return true;
        if (!isPrinted) writer.print(waitingText(last, limitMs));
        isPrinted = true;
        return undefined;
      });
    }
  });
  if (outage === undefined || waitedFor === undefined) return;
  throw notDeleted(waitedFor, last?.metadata.finalizers ?? [], limitMs, `${next}${outage}`);
}

/** Describes a wait for a deletion: the object, the finalizers that delay it, and a command that shows more. */
function waitingText(object: KubeObject, limitMs: number): string {
  const { finalizers = [] } = object.metadata;
  const ref = refOf(object);
  const held = finalizers.length === 0 ? '' : `, which its finalizers hold (${finalizers.join(', ')})`;
  const command = Finalizers.has(object) ? whyCommandOf(object) : `kubectl get ${kubectlObject(ref)} -o yaml`;
  return `waiting at most ${limitMs / 1000} s for the deletion of ${objectName(ref)}${held}; look in another terminal: ${command}`;
}

function notDeleted(ref: ObjectRef, finalizers: readonly string[], limitMs: number, next: string): TypeKroError {
  const why = finalizers.length === 0 ? '' : `, kept by its finalizers ${finalizers.join(', ')}`;
  return new TypeKroError(`${objectName(ref)} is still being deleted after ${limitMs / 1000} s${why}; ${next}`, {
    code: 'apply/not-deleted',
    remedy:
      finalizers.length === 0
        ? `look at it (kubectl get ${kubectlObject(ref)} -o yaml); when it is gone, plan and apply again`
        : `check whether the controller that removes the finalizers runs (kubectl get ${kubectlObject(ref)} -o yaml); then plan and apply again`,
  });
}

/** Did the read of the object fail, so that changes since the plan cannot be detected? */
export const isUnread = ({ source }: Pick<ObjectWriter, 'source'>, ref: ObjectRef): boolean =>
  source.look(ref)?.state === 'failed';

/**
 * Is it the same object, without changes by clients since the plan? If the server maintains a generation, compares the
 * generations and not the specs. An applied definition can change the defaults that the server adds on reads, so an
 * unchanged spec could look different.
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
    labels: withoutPrefixes(labels, CONTROLLER_LABELS),
    annotations: withoutPrefixes(annotations, CONTROLLER_ANNOTATIONS),
    content: generation ?? planContent({ ...rest, metadata: {} }),
  };
}

/**
 * The prefixes of annotations that controllers write, also while they convert an object. Annotations such as
 * kro.run/reconcile belong to the user.
 */
const CONTROLLER_ANNOTATIONS = [keys.INTERNAL_PREFIX, 'applyset.kubernetes.io/', Conversion.KEPT_FIELDS_ANNOTATION];
const CONTROLLER_LABELS = [...keys.RESERVED_PREFIXES, 'applyset.kubernetes.io/', keys.MANAGED_BY_LABEL];

const withoutPrefixes = (
  marks: Readonly<Record<string, string>>,
  prefixes: readonly string[],
): Record<string, string> =>
  Object.fromEntries(Object.entries(marks).filter(([key]) => !prefixes.some((prefix) => key.startsWith(prefix))));

function movedError(ref: ObjectRef, planned: KubeObject | undefined, now: KubeObject | undefined): TypeKroError {
  const what =
    planned === undefined
      ? 'was created'
      : now === undefined
        ? 'is gone'
        : planned.metadata.uid !== now.metadata.uid
          ? 'was deleted and created again'
          : now.metadata.deletionTimestamp !== undefined && planned.metadata.deletionTimestamp === undefined
            ? `is being deleted (since ${now.metadata.deletionTimestamp})`
            : 'was changed';
  return new TypeKroError(`the cluster has changed since the plan: ${objectName(ref)} ${what}`, {
    code: 'apply/cluster-moved',
    remedy: 'this object and the objects after it were not applied; plan and apply again',
  });
}
