import { targetKey } from './identity.ts';
import { refOfTarget } from './model.ts';
import type { NodeResult, Walk } from './walk.ts';

/**
 * Two nodes that render one object are both held back: whichever was written last would win. Their
 * existing objects stay; every other node goes on.
 */
export function holdConflicts(walk: Walk): void {
  const owners = new Map<string, string>();
  for (const id of walk.graph.order) {
    const result = walk.results.get(id);
    for (const { target } of result?.wanted ?? []) {
      const key = targetKey(target);
      const first = owners.get(key);
      if (first === undefined) {
        owners.set(key, id);
        continue;
      }
      const message = `found resources with conflicts: resourceID: ${id} conflicts with resourceID: ${first}`;
      const object = refOfTarget(target);
      hold(walk, id, { state: 'blocked', because: { kind: 'duplicate-target', object, node: first }, message });
      const { message: _said, ...other } = {
        state: 'blocked',
        because: { kind: 'duplicate-target', object, node: id },
        message,
      } as const;
      hold(walk, first, other);
    }
  }
}

function hold(walk: Walk, id: string, change: Pick<NodeResult, 'state' | 'because' | 'message'>): void {
  const result = walk.results.get(id);
  if (result === undefined || result.because.kind === 'duplicate-target') return;
  const { message: _old, ...rest } = result;
  walk.results.set(id, { ...rest, apply: [], inPlace: false, ...change });
}
