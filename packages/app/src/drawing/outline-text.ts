import { count } from '@typekro/kit/core';
import { type GraphOutline, type OutlineNode, GraphObject } from '@typekro/engine/graph';

/** The state of a node of one instance, for pictures of the graph. */
export interface NodeStatus {
  /**
   * `ready`: the node is done. `busy`: the controller works on the node, or the node waits. `failed`: the node cannot
   * continue. `idle`: the node is left out, or its state is not known.
   */
  readonly tone: 'ready' | 'busy' | 'failed' | 'idle';
  /** The state and its reason. */
  readonly text: string;
}

/** The state of one instance, and the states of its nodes by node id. */
export interface InstanceStatus {
  readonly nodes: ReadonlyMap<string, NodeStatus>;
  /** The state of the instance itself. */
  readonly instance: NodeStatus;
}

/** Spaces as wide as the column of levels, for lines that show no level. */
const INDENT = '   ';

/**
 * The text lines of a graph. The nodes are sorted by level, and each has its kind, its conditions and the expressions
 * that read other nodes. With `states`, each node also has a line with its state.
 */
export function outlineLines(outline: GraphOutline, states?: InstanceStatus): string[] {
  const { nodes, status } = outline;
  const idWidth = widthOf(nodes.map(({ id }) => id));
  const kindWidth = widthOf(nodes.map(kindText));
  const lines = nodes.flatMap((node, index) => {
    const isFirst = nodes[index - 1]?.level !== node.level;
    const margin = isFirst ? String(node.level).padEnd(INDENT.length) : INDENT;
    const head = [node.id.padEnd(idWidth), kindText(node).padEnd(kindWidth), natureText(node)].join('  ').trimEnd();
    const state = states?.nodes.get(node.id)?.text;
    return [`${margin}${head}`, ...(state === undefined ? [] : [`${INDENT}  ${state}`]), ...detailLines(outline, node)];
  });
  const own = states === undefined ? '' : `  ${states.instance.text}`;
  const isShown = status.length > 0 || states !== undefined;
  const statusLines = isShown ? [`${INDENT}status${own}`, ...rows(status.map(readRow))] : [];
  return [headLine(outline), ...lines, ...statusLines];
}

function headLine({ kind, apiVersion, name, nodes }: GraphOutline): string {
  const levels = nodes.reduce((highest, { level }) => Math.max(highest, level), 0);
  const counts = `${count(nodes.length, 'node')} in ${count(levels, 'level')}`;
  const owner = GraphObject.is({ apiVersion, kind }) ? name : `definition ${name}`;
  return `${kind}  ${apiVersion}  ${owner}  ${nodes.length === 0 ? 'no nodes' : counts}`;
}

const widthOf = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));

/** `Deployment apps/v1`; empty for a node without objects. */
export const kindText = ({ kind, apiVersion }: OutlineNode): string => `${kind} ${apiVersion}`.trim();

/**
 * Describes a node that is not a single object of the graph, such as a collection or an external node; empty for a
 * single object.
 */
export function natureText({ nodeType, forEach }: OutlineNode): string {
  const each =
    forEach.length === 0 ? '' : `for each ${forEach.map((list) => `${list.name} in ${list.expression}`).join(', ')}`;
  switch (nodeType) {
    case 'external':
      return 'external, exists already';
    case 'externalCollection':
      return 'external, by selector';
    case 'collection':
    case 'resource':
      return each;
    case 'patch':
      return ['patch', each].join(' ').trimEnd();
    case 'def':
      return ['value', each].join(' ').trimEnd();
    case 'subgraph':
      return 'subgraph';
  }
}

type Row = readonly [left: string, right: string];

/** The words for dependencies without an expression. */
const UNREAD: Readonly<Record<UnreadDependency['because'], string>> = {
  kind: 'kind from',
  nodes: 'nodes read',
  subgraph: 'subgraph needs',
};

function detailLines(outline: GraphOutline, node: OutlineNode): string[] {
  return rows([
    ...node.includeWhen.map((cel): Row => ['include when', cel]),
    ...node.readyWhen.map((cel): Row => ['ready when', cel]),
    ...(node.propagateWhen ?? []).map((cel): Row => ['propagate when', cel]),
    ...unreadDependencies(outline, node).map(({ id, because }): Row => [UNREAD[because], id]),
    // Conditions and lists are left out, because the lines above show them in full.
    ...node.reads.filter(({ place }) => !/^(?:includeWhen\[|forEach\.)/.test(place)).map(readRow),
  ]);
}

const readRow = ({ place, expression }: OutlineNode['reads'][number]): Row => [place, `= ${oneLine(expression)}`];

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

function rows(pairs: readonly Row[]): string[] {
  const width = widthOf(pairs.map(([left]) => left));
  return pairs.map(([left, right]) => `${INDENT}  ${left.padEnd(width)}  ${oneLine(right)}`);
}

/** A dependency of a node that does not come from an expression of the node. */
export interface UnreadDependency {
  readonly id: string;
  /**
   * `kind`: the other node installs the kind. `nodes`: nodes of the subgraph read the other node. `subgraph`: the
   * subgraph that contains the node has this dependency, and so the node has it as well.
   */
  readonly because: 'kind' | 'nodes' | 'subgraph';
}

/** The dependencies of a node that no expression of the node reads, in the order of `dependsOn`. */
export function unreadDependencies({ nodes }: Pick<GraphOutline, 'nodes'>, node: OutlineNode): UnreadDependency[] {
  const explained = new Set(node.reads.flatMap((read) => read.nodes));
  const around = nodes.filter(({ id, nodeType }) => nodeType === 'subgraph' && node.id.startsWith(`${id}/`));
  return node.dependsOn
    .filter((id) => !explained.has(id))
    .map((id): UnreadDependency => {
      if (around.some(({ dependsOn }) => dependsOn.includes(id))) return { id, because: 'subgraph' };
      return { id, because: node.nodeType === 'subgraph' ? 'nodes' : 'kind' };
    });
}
