import type { Because } from './report.ts';
import type { NodeResult, StepContext } from './step-context.ts';

/**
 * Removes the writes of all nodes. Each affected node becomes blocked.
 *
 * @param becauseOf returns the reason of an affected node. Default: the node keeps its reason, because the conditions
 *   name the cause
 */
export function suppressWrites(
  { results }: Pick<StepContext, 'results'>,
  becauseOf: (result: NodeResult) => Because = ({ because }) => because,
): void {
  for (const [id, result] of results) {
    if (result.apply.length === 0) continue;
    results.set(id, { ...result, apply: [], state: 'blocked', because: becauseOf(result) });
  }
}
