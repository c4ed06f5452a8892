import type { GroupVersionKind, JsonObject } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import type { ResourceInfo, Schema } from '../../schema/index.ts';
import type { LanguageNode } from '../expressions/language.ts';
import type { GraphNode } from '../model.ts';
import type { DimensionSite, ExpressionSite, FieldSite, WrittenNode } from '../resource-draft.ts';
import type { NodeBlock } from './parsed-graph.ts';

/** A node of a Graph. The node is read, but not yet checked. */
export interface NodeDraft {
  /** The id of the node: the path of ids through the subgraphs. */
  readonly id: string;
  readonly block: NodeBlock;
  readonly nodeType: GraphNode['nodeType'];
  /** Absent for nodes without objects, for a computed type, and for a kind that could not be resolved. */
  readonly resolved:
    | { readonly type: GroupVersionKind; readonly schema: Schema; readonly info: ResourceInfo }
    | undefined;
  /** Is apiVersion or kind an expression? */
  readonly isDynamic: boolean;
  /**
   * The schema of the value that the node publishes; for a list, the schema of one element. If undefined, the value has
   * the type dyn.
   */
  readonly schema: Schema | undefined;
  /** The schema against which the fields of the template are checked. If undefined, they are not checked. */
  readonly fieldSchema: Schema | undefined;
  /** The template with null instead of each expression. */
  readonly skeleton: JsonObject;
  readonly fields: readonly FieldSite[];
  readonly includeWhen: readonly ExpressionSite[];
  readonly readyWhen: readonly ExpressionSite[];
  readonly dimensions: readonly DimensionSite[];
  readonly subresource?: 'status';
  /** The ids of the children of a subgraph, in the order of the list. */
  readonly children?: readonly string[];
}

/** Is the value that the node publishes a list? */
export function publishesList({ nodeType, dimensions }: NodeDraft): boolean {
  return nodeType === 'collection' || nodeType === 'externalCollection' || dimensions.length > 0;
}

/** The node as it is compared with the other nodes of its frame, whose expressions know it by its own name. */
export function writtenNodeOf(draft: NodeDraft): WrittenNode {
  const { template } = draft.block.payloads;
  return { ...draft, id: draft.block.name, template: isJsonObject(template) ? template : {} };
}

/** The node's name and type for the expressions of its frame; undefined for a node that publishes nothing. */
export function languageNodeOf(draft: NodeDraft): LanguageNode | undefined {
  if (draft.nodeType === 'patch') return undefined;
  const { id, schema, block, dimensions } = draft;
  return { id, schema, isList: publishesList(draft), selects: false, path: block.path, dimensions };
}
