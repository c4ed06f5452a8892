import { type KubeObject, type ObjectRef, isJsonObject, objectName, refOf } from '@typekro/kit/core';
import type { KubernetesApi } from '@typekro/kube';
import type { OptionSpec } from '../command.ts';
import { printableLine } from '@typekro/app/text';
import type { Report } from '@typekro/app/instance';

/** The result of a change of one object, in kubectl's words. */
export type ChangeResult = 'configured' | 'unchanged' | 'deleted';

/** The report of a change as `-o json` prints it. A later release with the same `schemaVersion` only adds fields. */
export interface ChangeData {
  readonly schemaVersion: 1;
  readonly object: ObjectRef;
  readonly result: ChangeResult;
  /** True when the server checked the change and stored nothing. */
  readonly dryRun: boolean;
  /** The consequence of the change, as a sentence. */
  readonly effect: string;
  /** The next command for the user: after a dry run, the command that makes the change. */
  readonly next?: string;
}

/** The options of commands that make one change. */
export const CHANGE_OPTIONS: readonly OptionSpec[] = [
  { name: 'dry-run', summary: 'let the server check the change, and store nothing' },
];

/** The results that say that a command does not change the object. */
const WITHOUT_CHANGE: ReadonlySet<string> = new Set(['unchanged', 'kept']);

/** `deleted`, or `would be deleted (dry run)`. */
export function resultText(result: string, dryRun: boolean): string {
  if (!dryRun) return result;
  return `${WITHOUT_CHANGE.has(result) ? result : `would be ${result}`} (dry run)`;
}

/** The report of a change: `WebApp team-a/shop configured: it stays with revision 3`, then the next command. */
export function changeReport(data: Omit<ChangeData, 'schemaVersion'>): Report {
  const { object, result, dryRun, effect, next } = data;
  return {
    data: { schemaVersion: 1, ...data },
    lines: () => [
      printableLine(
        `${objectName(object)} ${resultText(result, dryRun)}: ${dryRun && result === 'configured' ? 'then ' : ''}${effect}`,
      ),
      ...(next === undefined ? [] : [`   next  ${next}`]),
    ],
  };
}

/**
 * Sets one annotation of an object, or removes it when `value` is `undefined`. Writes nothing when the object already
 * has the value.
 *
 * @throws KubeError with status 409 when the object has changed since it was read.
 */
export async function annotate(
  api: KubernetesApi,
  object: KubeObject,
  key: string,
  value: string | undefined,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<ChangeResult> {
  const { annotations = {}, resourceVersion = '' } = object.metadata;
  const found = isJsonObject(annotations) && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
  if (found === value) return 'unchanged';
  const body = { metadata: { resourceVersion, annotations: { [key]: value ?? null } } };
  await api.patch(refOf(object), body, { fieldManager: CLI_MANAGER, dryRun, signal });
  return 'configured';
}

/** The field manager of changes by `annotate`. */
export const CLI_MANAGER = 'typekro-cli';
