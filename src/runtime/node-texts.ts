import type { GraphNode } from '../graph/index.ts';
import type { EvaluationFailure } from './evaluate.ts';
import type { Because } from './report.ts';
import type { ListTarget, ObjectTarget } from './target.ts';

/** A problem of one object that a node wants. */
export interface ObjectProblem {
  readonly target: ObjectTarget;
  readonly because: Because;
  /** The failure in the words of the API, or of the rule that refuses the object. */
  readonly message: string;
  /** The object does not exist yet. */
  readonly absent: boolean;
}

/** The effect that the problems of its objects have on a node. */
export interface ProblemVerdict {
  /**
   * `failed`: the instance is in state ERROR. `blocked`: the instance is not in this state, and a retry is due.
   * `tolerated`: the objects stay as they are, and their readiness decides the state of the node.
   */
  readonly state: 'failed' | 'blocked' | 'tolerated';
  readonly because: Because;
  readonly message: string;
}

/**
 * The texts of one line of kro for the obstacles of a node. Clients read them in the message of the condition
 * `ResourcesReady`. Indexes of items count from 0.
 */
export interface NodeTexts {
  /** An expression of the template, or of a dimension (path `forEach.<name>`), has no value. */
  unresolved(node: GraphNode, state: 'pending' | 'error', failure: EvaluationFailure, path: string | undefined): string;
  /** A condition of `includeWhen` has no value. */
  undecided(node: GraphNode, state: 'pending' | 'error', failure: EvaluationFailure): string;
  /** The value of a dimension is not a list. */
  notList(node: GraphNode, dimension: string, type: string): string;
  tooLarge(node: GraphNode, size: number, limit: number): string;
  /** A collection has more dimensions than are allowed; undefined for any other number. */
  tooManyDimensions(node: GraphNode, count: number): string | undefined;
  /** Two items have one identity, `<group>/<version>/<kind>/<namespace as written>/<name>`. */
  collision(node: GraphNode, identity: string): string;
  /** The rendered object cannot be used. `problem` names the node. */
  invalid(node: GraphNode, problem: string): string;
  /** The rendered object cannot be used, for a reason that does not name the node. */
  refused(node: GraphNode, problem: string): string;
  /** The cluster does not serve the type that an expression gives: `<group>/<version>, Kind=<kind>`. */
  unknownType(node: GraphNode, type: string): string;
  /** The value of a condition is not a boolean. `type` is Go's name of its type. */
  notBool(node: GraphNode, field: 'includeWhen' | 'readyWhen', cel: string, type: string): string;
  externalMissing(node: GraphNode, target: ObjectTarget): string;
  /** The API refuses to read an external object, or the objects of a selector. */
  externalUnreadable(node: GraphNode, problem: string, target: ObjectTarget | ListTarget): string;
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
  /** The object into which a patch node writes does not exist. */
  targetMissing(node: GraphNode, target: ObjectTarget): string;
  /** The verdict on the problems of the node's objects. The list has at least one problem. */
  problems(node: GraphNode, problems: readonly [ObjectProblem, ...ObjectProblem[]]): ProblemVerdict;
}
