import type { GroupVersionKind, JsonObject } from '../../core/index.ts';
import type { ResourceInfo, Schema } from '../../schema/index.ts';
import type { LanguageNode } from '../language.ts';
import type { GraphNode } from '../model.ts';
import type { DimensionSite, ExpressionSite, FieldSite } from '../resource-draft.ts';
import type { NodeBlock } from './parsed-graph.ts';

/** A node of a Graph after reading and before checking. */
export interface NodeDraft {
  /** The path of ids. */
  readonly id: string;
  readonly block: NodeBlock;
  readonly nodeType: GraphNode['nodeType'];
  /** Absent for nodes without objects, for a computed type, and for a kind that could not be resolved. */
  readonly resolved:
    | { readonly type: GroupVersionKind; readonly schema: Schema; readonly info: ResourceInfo }
    | undefined;
  /** Is apiVersion or kind an expression? */
  readonly isDynamic: boolean;
  /** The schema of the value that the node publishes (for a list: of one element); undefined: dyn. */
  readonly schema: Schema | undefined;
  /** The schema against which the fields of the template are checked; undefined: they are not checked. */
  readonly fieldSchema: Schema | undefined;
  /** The template with null in place of expressions. */
  readonly skeleton: JsonObject;
  readonly fields: readonly FieldSite[];
  readonly includeWhen: readonly ExpressionSite[];
  readonly readyWhen: readonly ExpressionSite[];
  readonly dimensions: readonly DimensionSite[];
  readonly subresource?: 'status';
  /** The ids of the children of a subgraph, in the order of the list. */
  readonly children?: readonly string[];
}

/** Do expressions see a list? */
export function publishesList({ nodeType, dimensions }: NodeDraft): boolean {
  return nodeType === 'collection' || nodeType === 'externalCollection' || dimensions.length > 0;
}

/** The node as expressions of its frame see it; undefined for a node that publishes nothing. */
export function languageNodeOf(draft: NodeDraft): LanguageNode | undefined {
  if (draft.nodeType === 'patch') return undefined;
  const { id, schema, block, dimensions } = draft;
  return { id, schema, isList: publishesList(draft), selects: false, path: block.path, dimensions };
}
