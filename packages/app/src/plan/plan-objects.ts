import { type KubeObject, type ObjectRef, refOf } from '@typekro/kit/core';
import { Conversion } from '@typekro/engine/conversion';
import { immutableFields } from '../instance/immutable-fields.ts';
import { type InputObject } from './input-object.ts';
import { changedValues, laidOver } from '@typekro/sdk/deploy';
import { keys, RefusedObject, Secrets } from '@typekro/engine/runtime';
import type { SchemaSource } from '@typekro/engine/schema';
import { refuseOtherNamespace, withNamespace } from '../instance/namespaces.ts';
import { tableKey } from './simulation/kind-table.ts';
import { maskSecrets } from './mask-secrets.ts';
import { withoutMasks } from './masked-values.ts';
import { newSalt } from './saved-plan.ts';
import { blockerOfDeletion } from './being-deleted.ts';
import type { ObjectPlan, ValueLine } from '@typekro/controller/inspect';
import { type PlanContext, targetOf, typeOf } from './plan-context.ts';
import { FILE_MANAGER, keptKind, keptLive, replacementRefusal } from './replacement.ts';
import type { WriteAnswer } from './simulation/simulate.ts';
import { revealedBy } from './snapshot-file.ts';
import { isOfController, valueLine } from './value-lines.ts';
import { mapTexts } from '../instance/object-owners.ts';

/** An object of a file, the live object, and the result of a dry run of its apply. */
export interface FileObject {
  readonly input: InputObject;
  /** The object of the file, with its namespace set. */
  readonly desired: KubeObject;
  readonly live: KubeObject | undefined;
  /** True when the object in the cluster could not be read. `live` is then `undefined`. */
  readonly unread?: true;
  readonly answer: WriteAnswer;
}

/** A change of an object by a file, or by a planned write. */
export interface ObjectChange extends Omit<FileObject, 'input'> {
  /** Why an instance cannot be converted to the version that its graph reads. */
  readonly unconvertible?: string;
}

/** The change of an instance in the version that its graph reads, converted as the controller will convert it. */
export function changeInHub(crd: KubeObject | undefined, change: ObjectChange): ObjectChange {
  const { live, desired, answer } = change;
  const converter = crd === undefined ? undefined : Conversion.of(crd);
  if (crd === undefined || converter === undefined) return change;
  const convert = (object: KubeObject) => Conversion.inHub(crd, object);
  try {
    return {
      ...change,
      // A file has only some of the fields, and a rule may read the others.
      desired: convert(laidOver(live && converter.convert(live, desired.apiVersion), desired)),
      live: live && convert(live),
      answer: answer.object === undefined ? answer : { ...answer, object: convert(answer.object) },
    };
  } catch (thrown) {
    if (!(thrown instanceof Conversion.Error)) throw thrown;
    return { ...change, unconvertible: `cannot be converted: ${thrown.message}` };
  }
}

/**
 * Reads the live versions of the files' objects, and checks the write of each object. Throws `cli/other-namespace` when
 * `--namespace` excludes an object of the files.
 *
 * @param declared the kinds that the files declare
 */
export async function readFileObjects(
  context: PlanContext,
  inputs: readonly InputObject[],
  declared: SchemaSource,
): Promise<FileObject[]> {
  const { source, checker, operation } = context;
  const types = await Promise.all(inputs.map(({ object }) => typeOf(context, declared, object)));
  const writes = inputs.map((input, index) => {
    const type = types[index] as (typeof types)[number];
    const desired = type.namespaced ? withNamespace(input.object, context.namespace) : input.object;
    return { input, desired, target: targetOf(type, desired) };
  });
  if (context.only !== undefined) {
    const namespaced = writes.filter(({ target }) => target.type.namespaced);
    refuseOtherNamespace(
      namespaced.map(({ input: { file }, desired: object }) => ({ object, file })),
      context.only,
    );
  }
  await source.load(
    writes.map(({ target }) => ({ kind: 'object' as const, nodeId: '', target, why: 'unknown' as const })),
  );
  const read = writes.map(({ input, desired: plain, target }) => {
    const known = source.table(target.type)?.look(tableKey(target.namespace, target.name));
    const desired = known?.state === 'present' ? staysPartOf(plain, known.object) : plain;
    return { input, known, desired, target };
  });
  const answers = operation === 'delete' ? [] : await checker.check(read, FILE_MANAGER);
  return read.map(({ input, known, desired }, index) => {
    const answer = answers[index] ?? { checked: 'none' };
    const reveal = revealedBy(context.salt, answer.object ?? desired);
    const live = known?.state === 'present' ? reveal(known.object) : undefined;
    return { input, desired, live, answer, ...(known?.state === 'failed' ? { unread: true as const } : {}) };
  });
}

/** The object of a file with the marks of its package in the cluster, which a file without marks does not remove. */
function staysPartOf(object: KubeObject, { metadata }: KubeObject): KubeObject {
  const marksOf = (texts: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(texts).filter(([key]) => key.startsWith('package.typekro.dev/')));
  const { labels, annotations } = object.metadata;
  const [ofLabels, ofAnnotations] = [marksOf(metadata.labels), marksOf(metadata.annotations)];
  if (Object.keys(ofAnnotations).length === 0 || Object.keys(marksOf(annotations)).length > 0) return object;
  const marks = { labels: { ...labels, ...ofLabels }, annotations: { ...annotations, ...ofAnnotations } };
  return { ...object, metadata: { ...object.metadata, ...marks } };
}

const isSecretObject = ({ apiVersion, kind }: KubeObject): boolean => kind === 'Secret' && apiVersion === 'v1';

/**
 * The remedy for a refused object of a file. For a missing namespace, it also suggests adding the namespace to the
 * files.
 */
export function fileRemedy(message: string, object: ObjectRef): string | undefined {
  const { namespace } = object;
  return namespace !== undefined && message.startsWith(`namespaces "${namespace}" not found`)
    ? `create the namespace (kubectl create namespace ${namespace}), put it into the files, or use another namespace`
    : RefusedObject.remedy(message, object);
}

/** Plans an object of a file that is neither a definition nor an instance. */
export function filePlan({ operation }: PlanContext, { desired, live, answer, unread }: FileObject): ObjectPlan {
  const isOwned = (live?.metadata.labels?.[keys.PART_OF_LABEL] ?? '') !== '';
  const owner = live !== undefined && isOwned ? keys.owningInstance(live) : undefined;
  const place = {
    node: '',
    object: refOf(desired),
    wave: 1,
    ...(unread === undefined ? {} : { unread }),
    ...(owner === undefined ? {} : { managedBy: [owner] }),
  };
  if (operation === 'delete') {
    const finalizers = live?.metadata.finalizers ?? [];
    const action = live === undefined && unread === undefined ? 'none' : 'delete';
    return { ...place, action, fields: [], checked: 'none', ...(finalizers.length === 0 ? {} : { finalizers }) };
  }
  const { failure, checked, immutable } = answer;
  const deletion = blockerOfDeletion(live);
  if (deletion !== undefined) {
    const { reason, remedy } = deletion;
    return { ...place, action: 'change', fields: [], checked, refusal: reason, remedy };
  }
  if (failure !== undefined) {
    const isFixed = live !== undefined && immutable === true;
    const kept = isFixed ? (keptKind(desired) ?? keptLive(live)) : undefined;
    const remedy = fileRemedy(failure.message, place.object);
    const fields = fieldLines(desired, live, { ...desired }, immutableFields(failure.message));
    if (isFixed && kept === undefined) return { ...place, action: 'replace', fields, checked };
    return {
      ...place,
      action: live === undefined && unread === undefined ? 'create' : 'change',
      fields: [],
      checked,
      refusal: isSecretObject(desired)
        ? Secrets.maskRefusal(desired, replacementRefusal(failure, kept))
        : replacementRefusal(failure, kept),
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
  if (live === undefined) return { ...place, action: unread === undefined ? 'create' : 'change', fields: [], checked };
  const fields = fieldLines(desired, live, answer.object ?? desired, []);
  return { ...place, action: fields.length === 0 ? 'none' : 'change', fields, checked };
}

/**
 * Lists the fields that an apply changes. With `immutable`, leaves out removed fields, because `after` is then the
 * object of the file, which lacks the fields that the server adds. Masks the values of Secrets, and the literals of
 * Secret templates in definitions and Graphs.
 */
export function fieldLines(
  desired: KubeObject,
  live: KubeObject | undefined,
  after: KubeObject,
  immutable: readonly string[],
): ValueLine[] {
  if (live === undefined) return [];
  const isSecret = isSecretObject(desired);
  // Equal values have equal hashes, so the masked objects differ exactly where the objects differ.
  const mask = isSecret ? (object: KubeObject) => object : maskSecrets(newSalt(), [live, after]);
  return (
    changedValues(mask(live), mask(after))
      .filter(({ path, to }) => !isOfController(path) && (immutable.length === 0 || to !== undefined))
      .map((change) => valueLine(change, (path) => isSecret && Secrets.hides(path), immutable))
      // A hash means nothing to a reader.
      .map((line) => (isSecret ? line : mapTexts(line, (text) => withoutMasks(text, Secrets.MASK))))
  );
}
