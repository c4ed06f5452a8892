import { targetKey } from '../objects/identity.ts';
import { applying } from '../node-texts-0.10.ts';
import { waitForNodes } from './include.ts';
import type { NodeResult, StepContext } from '../step-context.ts';
import { refOfTarget } from '../objects/target.ts';
import { KroLevel } from '../../graph/index.ts';
import type { Because } from '../report.ts';

/**
 * Drops the writes of nodes that render the same object, because each write would overwrite the other. Existing objects
 * of these nodes stay. Other nodes are not affected. In a Graph, the first node still writes the object, and only the
 * later node writes nothing.
 */
export function dropConflictingWrites(context: StepContext): void {
  const owners = new Map<string, string>();
  for (const id of context.graph.order) {
    const result = context.results.get(id);
    for (const { target } of result?.wanted ?? []) {
      const key = targetKey(target);
      const first = owners.get(key);
      if (first === undefined) {
        owners.set(key, id);
        continue;
      }
      const message = context.texts.duplicate(first, id, target);
      if (context.graph.definedBy === 'graph') {
        const { node } = result ?? {};
        const because = { kind: 'duplicate-target', object: refOfTarget(target), node: first } as const;
        if (node !== undefined)
          setConflict(context, id, { state: 'failed', because, message: `${applying(node)}: ${message}` });
        continue;
      }
      // kro 0.10 counts the conflict as an error.
      const state = KroLevel.followsGraphEngine(context.graph.kroCompatibility) ? 'failed' : 'blocked';
      const object = refOfTarget(target);
      setConflict(context, id, { state, because: { kind: 'duplicate-target', object, node: first }, message });
      const { message: _message, ...other } = {
        state,
        because: { kind: 'duplicate-target', object, node: id },
        message,
      } as const;
      setConflict(context, first, other);
    }
  }
}

function setConflict(
  context: StepContext,
  id: string,
  change: Pick<NodeResult, 'state' | 'because' | 'message'>,
): void {
  const result = context.results.get(id);
  if (result === undefined || result.because.kind === 'duplicate-target') return;
  const { message: _old, ...rest } = result;
  context.results.set(id, { ...rest, apply: [], inPlace: false, ...change });
}

/**
 * Removes the writes of all nodes. Each affected node becomes blocked, and so do the nodes that wait for it.
 *
 * @param becauseOf returns the reason of an affected node. Default: the node keeps its reason, because the conditions
 *   name the cause
 */
export function suppressWrites(
  context: Pick<StepContext, 'results'>,
  becauseOf: (result: NodeResult) => Because = ({ because }) => because,
): void {
  const { results } = context;
  for (const [id, result] of results) {
    const { because, state } = result;
    if (result.apply.length > 0)
      results.set(id, { ...result, apply: [], state: 'blocked', because: becauseOf(result) });
    else if (because.kind === 'dependency' && state === 'pending') {
      const ids = because.nodes.map((node) => node.id);
      results.set(id, { ...result, ...waitForNodes(context, ids) });
    }
  }
}
