import type { Diagnostic, JsonObject, KubeObject, SourcePosition } from '@typekro/kit/core';
import type { GraphOutline } from '@typekro/engine/graph';
import type { ExpressionValue, InstanceNode, LinePosition, ValueEdge } from '@typekro/controller/inspect';
import type { InstanceState } from '@typekro/engine/runtime';

/** The language of the source: definitions in YAML, or a module of compositions in TypeScript. */
export type PlaygroundLanguage = 'yaml' | 'typescript';

/** The texts that the user edits in the playground. */
export interface PlaygroundInput {
  readonly language: PlaygroundLanguage;
  /**
   * Definitions with the CRDs of the kinds that they use, or a TypeScript module. The playground simulates an instance
   * of the last definition.
   */
  readonly source: string;
  /** The spec of the instance as YAML. */
  readonly spec: string;
  /**
   * The observed objects as YAML: a map from the id of a node to fields of its object. A collection has a list of such
   * fields. For an external node, the entry creates the object; for any other node, the entry's fields are merged into
   * the object. A node without an entry gets the status of `simulatedStatus`.
   */
  readonly observed: string;
}

/** The name of a text of the playground. */
export type PlaygroundText = 'source' | 'spec' | 'observed';

/** A problem of one of the texts. */
export interface PlaygroundProblem extends Omit<Diagnostic, 'source'> {
  readonly text: PlaygroundText;
  readonly source?: LinePosition;
}

/** One moment in the life of the instance. */
export interface PlaygroundStep {
  /** What happens before this moment, such as `Creates ConfigMap app`. */
  readonly title: string;
  readonly state: InstanceState;
  readonly nodes: readonly InstanceNode[];
  readonly edges: readonly ValueEdge[];
  /** The objects of all nodes, with the values that are known at this moment. */
  readonly objects: readonly PlaygroundObject[];
  /** The status of the instance. */
  readonly status: JsonObject;
  /** The expressions of each node, and of the status, with their values. A node without an expression has no entry. */
  readonly values: readonly NodeValues[];
}

/** The expressions of a node with their types and their values in a step. */
export interface NodeValues {
  /** The id of the node, or `STATUS_NODE`. */
  readonly node: string;
  readonly expressions: readonly ExpressionValue[];
}

/** An object of a step. */
export interface PlaygroundObject {
  readonly node: string;
  /** Does the object exist? If not, `object` is the object that would be sent. */
  readonly exists: boolean;
  /** A field whose value is not known yet has its expression as value. */
  readonly object: JsonObject;
}

/** The result of a run of the playground. */
export interface PlaygroundResult {
  readonly problems: readonly PlaygroundProblem[];
  /**
   * The definition that the instance belongs to. Absent when the source has no definition, or a definition with errors.
   */
  readonly definition?: PlaygroundDefinition;
  /**
   * The steps from the first state of the cluster to the last change. Empty without a definition, and when a text has
   * an error.
   */
  readonly steps: readonly PlaygroundStep[];
  /** Why the steps end early, as a sentence. Absent for a complete simulation. */
  readonly ended?: string;
}

/** A definition that compiles. */
export interface PlaygroundDefinition {
  readonly kind: string;
  readonly object: JsonObject;
  readonly graph: GraphOutline;
  readonly instance: KubeObject;
}

/** An instance that the form of a definition makes, with the schema that it has to satisfy. */
export interface InstanceCheck {
  /** The OpenAPI schema of the spec. */
  readonly schema: JsonObject;
  readonly instance: JsonObject;
}

/** A rule of the schema, or of names, that an instance does not satisfy. */
export interface InstanceProblem {
  /** The path of the value, as an API server writes it. */
  readonly field: string;
  /** The steps of the path: names of fields, keys of maps, and numbers of items. */
  readonly steps: readonly string[];
  /** The message of an API server. */
  readonly message: string;
}

/** A problem with the position in its text. */
export function problemIn(
  text: PlaygroundText,
  { source, ...diagnostic }: Omit<Diagnostic, 'source'> & { readonly source?: SourcePosition },
): PlaygroundProblem {
  return {
    ...diagnostic,
    text,
    ...(source === undefined ? {} : { source: { line: source.line, column: source.column } }),
  };
}
