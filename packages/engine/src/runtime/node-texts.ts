import type { GraphNode } from '../graph/index.ts';
import type { EvaluationFailure } from './evaluate.ts';
import type { Because } from './report.ts';
import type { ListTarget, ObjectTarget } from './objects/target.ts';

/** A problem of one object that a node wants. */
export interface ObjectProblem {
  readonly target: ObjectTarget;
  readonly because: Because;
  /** The message of the API server, or of the rule that refuses the object. */
  readonly message: string;
}

/** What the problems of a node's objects mean for the node. */
export interface ProblemVerdict {
  /**
   * `failed`: the state of the instance becomes ERROR. `blocked`: the write is retried, and the state does not become
   * ERROR.
   */
  readonly state: 'failed' | 'blocked';
  readonly because: Because;
  readonly message: string;
}

/**
 * The messages of one kro level (0.9 or 0.10) about the obstacles of a node. Clients read these messages in the
 * condition `ResourcesReady`. Item indexes count from 0.
 */
export interface NodeTexts {
  /** An expression of the template or of a dimension (path `forEach.<name>`) has no value. */
  unresolved(node: GraphNode, state: 'pending' | 'error', failure: EvaluationFailure, path: string | undefined): string;
  /** A condition of `includeWhen` has no value. */
  undecided(node: GraphNode, state: 'pending' | 'error', failure: EvaluationFailure): string;
  /** The value of a dimension is not a list. */
  notList(node: GraphNode, dimension: string, type: string): string;
  tooLarge(node: GraphNode, size: number, limit: number): string;
  /** A collection has too many dimensions. Returns undefined if the number is allowed. */
  tooManyDimensions(node: GraphNode, count: number): string | undefined;
  /** Two items have the same identity, `<group>/<version>/<kind>/<namespace as written>/<name>`. */
  collision(node: GraphNode, identity: string): string;
  /** The rendered object cannot be used. The text of `problem` already names the node. */
  invalid(node: GraphNode, problem: string): string;
  /** The rendered object cannot be used. The text of `problem` does not name the node. */
  refused(node: GraphNode, problem: string): string;
  /** The cluster does not serve a computed type. `type` is `<group>/<version>, Kind=<kind>`. */
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
  /** Two nodes render the same object. */
  duplicate(first: string, second: string, target: ObjectTarget): string;
  /** The object into which a patch node writes does not exist. */
  targetMissing(node: GraphNode, target: ObjectTarget): string;
  /** The verdict on the problems of the node's objects. The list has at least one problem. */
  problems(node: GraphNode, problems: readonly [ObjectProblem, ...ObjectProblem[]]): ProblemVerdict;
}
