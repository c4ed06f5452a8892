import type { CompiledExpression } from '../expressions/expression.ts';
import type { GraphNode, ReadPart } from '../model.ts';
import type { ExpressionSite } from '../resource-draft.ts';
import type { TypedNodeDraft } from './check-node.ts';

type Nodes = ReadonlyMap<string, GraphNode>;
type Expressions = Pick<TypedNodeDraft, 'fields' | 'dimensions' | 'includeWhen' | 'readyWhen'>;

/** The expressions of a node. Each read through a subgraph is replaced by a read of the subgraph's child. */
export function throughSubgraphs(each: TypedNodeDraft, nodes: Nodes): Expressions {
  const mapped = <S extends ExpressionSite>(list: readonly CompiledExpression<S>[]): CompiledExpression<S>[] =>
    list.map((entry) =>
      entry.reads.some(({ id }) => nodes.get(id)?.nodeType === 'subgraph')
        ? Object.assign(Object.create(entry) as CompiledExpression<S>, {
            reads: entry.reads.flatMap((part) => childReads(part, nodes)),
          })
        : entry,
    );
  return {
    fields: mapped(each.fields),
    dimensions: mapped(each.dimensions),
    includeWhen: mapped(each.includeWhen),
    readyWhen: mapped(each.readyWhen),
  };
}

/**
 * The reads of children that are equivalent to a read of a subgraph. A read of the whole subgraph is equivalent to
 * reads of all its children.
 */
function childReads(part: ReadPart, nodes: Nodes): ReadPart[] {
  const found: ReadPart[] = [];
  const work = [part];
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const node = nodes.get(next.id);
    if (node?.nodeType !== 'subgraph') {
      found.push(next);
      continue;
    }
    const [name, ...steps] = next.steps;
    if (name === undefined) work.push(...node.children.map((id) => ({ id, steps: [] })));
    else if (node.children.includes(`${node.id}/${name}`)) work.push({ id: `${node.id}/${name}`, steps });
  }
  return found;
}
