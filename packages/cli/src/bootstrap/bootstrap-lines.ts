import { type ObjectRef, objectName } from '@typekro/kit/core';
import { resultText } from '../instance/change-report.ts';
import { printableLine } from '@typekro/app/text';
import type { InstalledObject } from './installation.ts';

/**
 * The report of `typekro bootstrap`, as `-o json` prints it. A later release with the same `schemaVersion` only adds
 * fields.
 */
export interface BootstrapReport {
  readonly schemaVersion: 1;
  /** True when the server checked every change and stored nothing. */
  readonly dryRun: boolean;
  readonly controller: { readonly namespace: string; readonly name: string; readonly image: string };
  /** Controllers of kro that are scaled to 0. */
  readonly stopped: readonly ObjectRef[];
  /** The objects in the order in which they are applied; pruned objects come last. */
  readonly objects: readonly InstalledObject[];
  /** Flags of the controller that come from the present installation or from kro's controller. */
  readonly flags: readonly string[];
  /**
   * Sentences about objects that the command could not read, with the consequences, and about flags of kro that
   * TypeKro's controller does not know.
   */
  readonly notes: readonly string[];
}

/**
 * One line for each object, such as `Deployment kro-system/typekro configured: spec.template…`, then the flags, the
 * notes and the totals.
 */
export function bootstrapLines(report: BootstrapReport): string[] {
  const { dryRun, controller, stopped, objects, flags, notes } = report;
  const count = (result: InstalledObject['result']) => objects.filter((each) => each.result === result).length;
  const sums = (['created', 'configured', 'unchanged', 'pruned', 'kept'] as const)
    .map((result) => ({ result, number: count(result) }))
    .filter(({ number }) => number > 0)
    .map(({ result, number }) => `${number} ${result}`);
  return [
    ...stopped.map((ref) => `${objectName(ref)} ${resultText('scaled to 0', dryRun)}`),
    ...objects.map(({ object, result, fields, because }) => {
      const why = because ?? fields.join(', ');
      return printableLine(`${objectName(object)} ${resultText(result, dryRun)}${why === '' ? '' : `: ${why}`}`);
    }),
    ...(flags.length === 0 ? [] : [printableLine(`flags kept: ${flags.join(' ')}`)]),
    ...notes.map((note) => printableLine(`note: ${note}`)),
    `${dryRun ? 'would be' : 'is'} installed: ${controller.namespace}/${controller.name} with ${controller.image}; ${sums.join(', ')}`,
  ];
}
