import type { GraphNode } from '../graph/index.ts';
import type { EvaluationFailure } from './evaluate.ts';
import type { Because } from './report.ts';
import type { ObjectTarget } from './target.ts';

/** What is wrong with one object that a node wants. */
export interface ObjectProblem {
  readonly target: ObjectTarget;
  readonly because: Because;
  /** The failure in the words of the API, or of the rule that refuses the object. */
  readonly message: string;
  /** The object does not exist yet. */
  readonly absent: boolean;
}

/** What the problems of its objects make of a node. */
export interface ProblemVerdict {
  /**
   * `failed`: the instance is in state ERROR. `blocked`: it is not, and a retry is due. `tolerated`: the objects stay
   * as they are, and the node counts by their readiness.
   */
  readonly state: 'failed' | 'blocked' | 'tolerated';
  readonly because: Because;
  readonly message: string;
}

/**
 * The texts of one line of kro for what stops a node; clients read them in the message of the condition
 * `ResourcesReady`. Indexes of items count from 0.
 */
export interface NodeTexts {
  /** An expression of the template, or of a dimension (path `forEach.<name>`), has no value. */
  unresolved(node: GraphNode, state: 'pending' | 'error', failure: EvaluationFailure, path: string | undefined): string;
  /** A condition of `includeWhen` has no value. */
  undecided(node: GraphNode, state: 'pending' | 'error', failure: EvaluationFailure): string;
  /** The list of a dimension is something else. */
  notList(node: GraphNode, dimension: string, type: string): string;
  tooLarge(node: GraphNode, size: number, limit: number): string;
  /** Two items have one identity, `<group>/<version>/<kind>/<namespace as written>/<name>`. */
  collision(node: GraphNode, identity: string): string;
  /** The rendered object cannot be used. `problem` names the node. */
  invalid(node: GraphNode, problem: string): string;
  externalMissing(node: GraphNode, target: ObjectTarget): string;
  /** The API refuses to read an external object; without a target the objects of a selector. */
  externalUnreadable(node: GraphNode, problem: string, target?: ObjectTarget): string;
  /** A condition of `readyWhen` is not true. */
  notReady(node: GraphNode, cel: string, index: number | undefined): string;
  /** A condition of `readyWhen` has no value. */
  readinessUnknown(
    node: GraphNode,
    state: 'pending' | 'error',
    failure: EvaluationFailure,
    index: number | undefined,
  ): string;
  /** Two nodes render one object. */
  duplicate(first: string, second: string, target: ObjectTarget): string;
  /** At least one problem is given. */
  problems(node: GraphNode, problems: readonly [ObjectProblem, ...ObjectProblem[]]): ProblemVerdict;
}
