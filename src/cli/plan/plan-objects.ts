import type { KubeObject, ObjectRef } from '../../core/index.ts';
import { refOf } from '../../core/index.ts';
import { changedValues } from '../../deploy/index.ts';
import { refusalRemedy } from '../../runtime/index.ts';
import type { SchemaSource } from '../../schema/index.ts';
import { refuseOtherNamespace } from '../other-namespace.ts';
import { hidesInSecret } from '../instance/secret-fields.ts';
import type { InputObject } from '../up/load-inputs.ts';
import { tableKey } from './kind-table.ts';
import { maskedSecretRefusal } from './mask-refusal.ts';
import { blockerOfDeletion } from './being-deleted.ts';
import type { ObjectPlan, ValueLine } from '../../inspect/index.ts';
import type { PlanContext } from './plan-context.ts';
import { withNamespace } from '../with-namespace.ts';
import { targetOf, typeOf } from './plan-context.ts';
import { FILE_MANAGER, keptKind, keptLive, refusalText } from './replacement.ts';
import type { WriteAnswer } from './simulate.ts';
import { revealedBy } from './snapshot-file.ts';
import { immutableFields, isOfController, valueLine } from './value-lines.ts';

/** An object of a file, its live object, and the server's answer to its apply. */
export interface FileObject {
  readonly input: InputObject;
  /** The object of the file, with its namespace. */
  readonly desired: KubeObject;
  readonly live: KubeObject | undefined;
  /** The object in the cluster could not be read. `live` is then `undefined`. */
  readonly unread?: true;
  readonly answer: WriteAnswer;
}

/**
 * Reads the live objects of files, and checks what an apply would store. Throws `cli/other-namespace` when
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
  const answers = operation === 'delete' ? [] : await checker.check(writes, FILE_MANAGER);
  return writes.map(({ input, desired, target }, index) => {
    const known = source.table(target.type)?.look(tableKey(target.namespace, target.name));
    const answer = answers[index] ?? { checked: 'none' };
    const reveal = revealedBy(context.salt, answer.object ?? desired);
    const live = known?.state === 'present' ? reveal(known.object) : undefined;
    return { input, desired, live, answer, ...(known?.state === 'failed' ? { unread: true as const } : {}) };
  });
}

const isSecretObject = ({ apiVersion, kind }: KubeObject): boolean => kind === 'Secret' && apiVersion === 'v1';

/** The remedy for a refused object of a file. Its namespace can be in the files, too. */
export function fileRemedy(message: string, object: ObjectRef): string | undefined {
  const { namespace } = object;
  return namespace !== undefined && message.startsWith(`namespaces "${namespace}" not found`)
    ? `create the namespace (kubectl create namespace ${namespace}), put it into the files, or name another`
    : refusalRemedy(message, object);
}

/** Plans an object of a file that is neither a definition nor an instance. */
export function filePlan({ operation }: PlanContext, { desired, live, answer, unread }: FileObject): ObjectPlan {
  const place = { node: '', object: refOf(desired), wave: 1, ...(unread === undefined ? {} : { unread }) };
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
        ? maskedSecretRefusal(desired, refusalText(failure, kept))
        : refusalText(failure, kept),
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
  if (live === undefined) return { ...place, action: unread === undefined ? 'create' : 'change', fields: [], checked };
  const fields = fieldLines(desired, live, answer.object ?? desired, []);
  return { ...place, action: fields.length === 0 ? 'none' : 'change', fields, checked };
}

/**
 * Lists the fields that an apply changes. With `immutable`, removed fields are left out, because `after` is then only
 * the file's object and not the server's answer.
 */
export function fieldLines(
  desired: KubeObject,
  live: KubeObject | undefined,
  after: KubeObject,
  immutable: readonly string[],
): ValueLine[] {
  if (live === undefined) return [];
  const isSecret = isSecretObject(desired);
  return changedValues(live, after)
    .filter(({ path, to }) => !isOfController(path) && (immutable.length === 0 || to !== undefined))
    .map((change) => valueLine(change, (path) => isSecret && hidesInSecret(path), immutable));
}
