import { decide } from '../trace/current-trace.ts';
import { unlessDead, when } from './branches.ts';
import type { Completion } from './completion.ts';
import { DEAD_END, mapLeaves, NORMAL, reaches } from './completion.ts';

/**
 * Executes the steps from `index` up to, but not including, `count`. A step can end the execution under a condition, as
 * `if (c) return` does. The following steps then run under the condition that this step ended normally.
 */
export function executeFrom(count: number, step: (index: number) => Completion, index: number): Completion {
  for (let i = index; i < count; i++) {
    const completion = step(i);
    if (completion.kind === 'normal') continue;
    const open = reaches(completion, (leaf) => leaf.kind === 'normal');
    if (open === false || i + 1 >= count) return completion;
    const known = open === true ? true : decide(open);
    if (known === false) return completion;
    let taken: Completion = NORMAL;
    when(known, () => {
      taken = unlessDead(() => executeFrom(count, step, i + 1), DEAD_END);
      return taken;
    });
    return mapLeaves(completion, (leaf) => (leaf.kind === 'normal' ? taken : leaf));
  }
  return NORMAL;
}
