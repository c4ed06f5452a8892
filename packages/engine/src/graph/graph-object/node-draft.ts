import { isJsonObject } from '@typekro/kit/core';
import type { Schema } from '../../schema/index.ts';
import type { LanguageNode } from '../expressions/language.ts';
import type { GraphNode } from '../model.ts';
import type { ResourceDraft, WrittenNode } from '../resource-draft.ts';
import type { NodeBlock } from './parsed-graph.ts';

/** A node of a Graph. The node is read, but not yet checked. */
export interface NodeDraft extends Pick<
  ResourceDraft,
  'resolved' | 'skeleton' | 'fields' | 'includeWhen' | 'readyWhen' | 'dimensions'
> {
  /** The id of the node: the path of ids through the subgraphs. */
  readonly id: string;
  readonly block: NodeBlock;
  readonly nodeType: GraphNode['nodeType'];
  /** Is apiVersion or kind an expression? */
  readonly isDynamic: boolean;
  /**
   * The schema of the value that the node publishes; for a list, the schema of one element. If undefined, the value has
   * the type dyn.
   */
  readonly schema: Schema | undefined;
  /** The schema against which the fields of the template are checked. If undefined, they are not checked. */
  readonly fieldSchema: Schema | undefined;
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
