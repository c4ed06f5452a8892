import type { GroupVersionKind, JsonObject } from '@typekro/kit/core';
import type { ResourceInfo, Schema } from '../schema/index.ts';
import type { ResourceBlock } from './parsed-definition.ts';
import type { Deferral, PathStep, GraphNode } from './model.ts';
import type { ResolvedKind } from './kinds/resolve-kind.ts';
import type { ExpressionText } from './expressions/scan.ts';

/** An expression of the definition: its text, and the path of the string that contains it. */
export interface ExpressionSite {
  readonly text: ExpressionText;
  /** Path of the string from the root of the definition. */
  readonly path: readonly PathStep[];
  /** Set for a computed key of a map: the string is the last step of the path, not the value there. */
  readonly isKey?: true;
}

/** An expression that fills a field of a template. */
export interface FieldSite extends ExpressionSite {
  /** Steps from the root of the template. */
  readonly steps: readonly PathStep[];
  readonly pathText: string;
  /** Set for the expression inside of `defer(…)`. */
  readonly deferred?: Deferral;
}

/** A dimension of a collection: name and list expression. */
export interface DimensionSite extends ExpressionSite {
  readonly name: string;
}

/** The types that the nodes of a definition can have. */
export type DefinitionNodeType = Extract<
  GraphNode['nodeType'],
  'resource' | 'collection' | 'external' | 'externalCollection' | 'def'
>;

/** A resource that is read but not yet checked: its kind and its expressions. */
export interface ResourceDraft {
  readonly id: string;
  readonly block: ResourceBlock;
  readonly nodeType: DefinitionNodeType;
  /** Absent when the kind could not be resolved; expressions then see the node as `dyn`. */
  readonly resolved:
    | { readonly type: GroupVersionKind; readonly schema: Schema; readonly info: ResourceInfo }
    | undefined;
  /**
   * Set when no source has the kind of the resource. Contains the error that is reported if the resource may not wait
   * for its kind. Absent without the feature `deferredSchemas`.
   */
  readonly unknownKind: (ResolvedKind & { readonly ok: false }) | undefined;
  /** The schema of the value of a node of type `def`; absent for a node with objects. */
  readonly valueSchema: Schema | undefined;
  /** The template as written, the template of an externalRef, or the value of a node of type `def`. */
  readonly template: JsonObject;
  /** The template with null instead of each expression. */
  readonly skeleton: JsonObject;
  readonly fields: readonly FieldSite[];
  /** The positions in the template of each `${` that is not closed. */
  readonly unclosed: readonly { readonly path: readonly PathStep[]; readonly offset: number }[];
  readonly includeWhen: readonly ExpressionSite[];
  readonly readyWhen: readonly ExpressionSite[];
  readonly propagateWhen: readonly ExpressionSite[];
  readonly dimensions: readonly DimensionSite[];
  /** The id of the resource of the same graph that installs the kind. That resource must be created first. */
  readonly installedBy: string | undefined;
}

/** The parts of a node, of a definition or of a Graph, with which nodes are compared with each other. */
export interface WrittenNode extends Pick<ResourceDraft, 'id' | 'resolved' | 'template' | 'includeWhen'> {
  readonly nodeType: GraphNode['nodeType'];
  readonly block: Pick<ResourceBlock, 'path'> & { readonly externalFields?: ResourceBlock['externalFields'] };
}

/** Is the node's value a list in the status and in the expressions of other nodes? */
export function readsAsList(draft: ResourceDraft): boolean {
  return draft.nodeType === 'externalCollection' || readsEach(draft);
}

/**
 * Does the node have one object or value for each combination of elements of its `forEach`? Its `readyWhen` reads one
 * object or value as `each`.
 */
export function readsEach({ nodeType, block }: ResourceDraft): boolean {
  return nodeType === 'collection' || (nodeType === 'def' && block.forEach.length > 0);
}
