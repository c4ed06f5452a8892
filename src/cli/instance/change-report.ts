import type { KubeObject, ObjectRef } from '../../core/index.ts';
import { isJsonObject, objectName, refOf } from '../../core/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import type { OptionSpec } from '../command.ts';
import { printableLine } from '../printable.ts';
import type { Report } from './print-report.ts';

/** What became of one object, in the words of kubectl. */
export type ChangeResult = 'configured' | 'unchanged' | 'deleted';

/** A verb's report as JSON. A later release with the same `schemaVersion` only adds fields. */
export interface ChangeData {
  readonly schemaVersion: 1;
  readonly object: ObjectRef;
  readonly result: ChangeResult;
  /** The server checked the change, and stored nothing. */
  readonly dryRun: boolean;
  /** What follows from the change. */
  readonly effect: string;
  /** A command that comes next. */
  readonly next?: string;
}

/** The options of verbs that make one change. */
export const CHANGE_OPTIONS: readonly OptionSpec[] = [
  { name: 'dry-run', summary: 'let the server check the change, and store nothing' },
];

/** `WebApp team-a/shop configured (dry run): it stays with revision 3`, then what comes next. */
export function changeReport(data: Omit<ChangeData, 'schemaVersion'>): Report {
  const { object, result, dryRun, effect, next } = data;
  return {
    data: { schemaVersion: 1, ...data },
    lines: () => [
      printableLine(`${objectName(object)} ${result}${dryRun ? ' (dry run)' : ''}: ${effect}`),
      ...(next === undefined ? [] : [`   next  ${next}`]),
    ],
  };
}

/**
 * Sets or removes (`undefined`) one annotation of an object as it was read; a concurrent change of the object is a
 * conflict. Writes nothing when the object has the value already.
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

/** The field manager of what a user changes with these commands. */
export const CLI_MANAGER = 'typekro-cli';
