import type { Expression, GraphNode } from '../../graph/index.ts';
import { missingNode, necessaryNodes } from './branch-dependencies.ts';
import { evaluateToJson, wrongTypeOfCondition } from '../evaluate.ts';
import type { Because } from '../report.ts';
import { type StepContext, failedBy, missingData } from '../step-context.ts';
import type { Unresolved } from '../resolved.ts';

/** Is a node part of the instance? */
export type Inclusion =
  | { readonly state: 'included' }
  | { readonly state: 'skipped'; readonly because: Because }
  | ({ readonly state: 'undecided' } & { readonly reason: Unresolved });

/**
 * Decides whether a node is part of the instance. A node is skipped if a necessary node (`necessaryNodes`) is skipped.
 * A node is also skipped if one of its conditions evaluates to a value other than `true` (null included), even while
 * other conditions have no value yet. In a Graph, a value that is neither a boolean nor null is an error. A condition
 * that reads another node waits until that node may be read. A condition that reads only the instance, and whose data
 * is missing, is an error, because this data cannot appear later.
 */
export function decideInclusion(context: StepContext, node: GraphNode): Inclusion {
  const excluded = excludedBy(context, necessaryNodes(node));
  if (excluded !== undefined) return { state: 'skipped', because: excluded };
  let undecided: Unresolved | undefined;
  for (const expression of node.includeWhen) {
    const references = nodeReferences(expression);
    const unready = unreadyReferences(context, node, references);
    if (unready.length > 0) {
      undecided ??= waitForNodes(context, unready);
      continue;
    }
    const result = evaluateToJson(expression, context.ready, context.evaluation);
    if (result.state === 'value') {
      if (result.value === true) continue;
      const type = context.rules.refusesNonBool ? wrongTypeOfCondition(result.value) : undefined;
      if (type !== undefined) {
        const message = context.texts.notBool(node, 'includeWhen', expression.cel, type);
        const because = { kind: 'invalid-object', path: 'includeWhen', message } as const;
        undecided = { state: 'failed', because, message };
        continue;
      }
      return {
        state: 'skipped',
        because: { kind: 'excluded', expression: expression.cel, value: result.value ?? null },
      };
    }
    const { failure } = result;
    const missing = missingNode(failure);
    if (missing !== undefined && node.dependsOnInBranches?.includes(missing) === true) {
      const without = excludedBy(context, [missing]);
      if (without !== undefined) return { state: 'skipped', because: without };
      undecided ??= waitForNodes(context, [missing]);
      continue;
    }
    if (result.state === 'pending' && references.length > 0) {
      undecided ??= {
        state: 'pending',
        because: missingData(failure, node),
        message: context.texts.undecided(node, 'pending', failure),
      };
    } else if (undecided?.state !== 'failed') {
      undecided = {
        state: 'failed',
        because: failedBy(context.results, { ...failure, expression: expression.cel }, 'includeWhen'),
        message: context.texts.undecided(node, 'error', failure),
      };
    }
  }
  return undecided === undefined ? { state: 'included' } : { state: 'undecided', reason: undecided };
}

/**
 * The conditions of a node that have no value yet. They read data that does not exist yet, or a node that may not be
 * read yet.
 */
export function undecidedConditions(context: StepContext, node: GraphNode): readonly Expression[] {
  return node.includeWhen.filter((expression) => {
    const references = nodeReferences(expression);
    if (unreadyReferences(context, node, references).length > 0) return true;
    return references.length > 0 && evaluateToJson(expression, context.ready, context.evaluation).state === 'pending';
  });
}

const nodeReferences = ({ references }: Expression): readonly string[] =>
  references.filter((name) => name !== 'schema');

/**
 * The nodes that a condition references and that may not be read yet, without the nodes that the condition reads only
 * in branches.
 */
function unreadyReferences(context: StepContext, node: GraphNode, references: readonly string[]): readonly string[] {
  const { dependsOnInBranches: inBranches = [] } = node;
  return references.filter((name) => !context.ready.has(name) && !inBranches.includes(name));
}

/**
 * The reason to skip a node that needs the given nodes, if one of them is skipped; otherwise `undefined`. The reason
 * names the first skipped node.
 */
export function excludedBy({ results }: StepContext, ids: readonly string[]): Because | undefined {
  const id = ids.find((each) => results.get(each)?.state === 'skipped');
  return id === undefined ? undefined : { kind: 'dependency-skipped', node: id };
}

/**
 * The state and the reason of a node that waits for other nodes. The state is `blocked` if one of these nodes is failed
 * or blocked.
 */
export function waitForNodes(context: Pick<StepContext, 'results'>, ids: readonly string[]): Unresolved {
  const nodes = ids.map((id) => ({ id, state: context.results.get(id)?.state ?? ('pending' as const) }));
  const stuck = nodes.some(({ state }) => state === 'failed' || state === 'blocked');
  return { state: stuck ? 'blocked' : 'pending', because: { kind: 'dependency', nodes } };
}
