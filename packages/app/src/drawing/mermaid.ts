import { type Graph, type GraphNode, GraphOutline, Nodes } from '@typekro/engine/graph';
import type { InstanceStatus, NodeStatus } from './outline-text.ts';

/** The maximum length of a line in the picture. Longer lines are cut. */
const MAX_LINE_LENGTH = 60;

/**
 * A picture of a graph in the language of Mermaid, which GitHub and many editors draw. Each resource is a box, each
 * collection a box with double sides, and each external node a hexagon. An arrow with the expression leads from each
 * node to every node that reads it. A dotted arrow leads from a node to the instance if the status reads the node.
 * Equal graphs yield equal text. With `states`, each box has the colour of its state, and an additional line with the
 * state and its reason.
 */
export function toMermaid(graph: Graph, states?: InstanceStatus): string {
  const own = states === undefined ? [] : [states.instance.text];
  const lines = ['flowchart LR', `  instance([${quoted(graph.instance.kind, ...own)}])`];
  for (const id of graph.order) {
    const node = graph.nodes.get(id);
    if (node !== undefined) lines.push(`  ${boxOf(node, states?.nodes.get(id))}`);
  }
  for (const { id, dependsOn, reads } of GraphOutline.of(graph).nodes) {
    for (const other of dependsOn) {
      const [first, ...more] = reads.filter(({ nodes }) => nodes.includes(other)).map(({ expression }) => expression);
      const label = first === undefined ? '' : `|${quoted(first, ...(more.length > 0 ? [`+ ${more.length}`] : []))}|`;
      lines.push(`  ${nameOf(other)} -->${label} ${nameOf(id)}`);
    }
  }
  const reported = graph.status.dependsOn.filter((id) => graph.nodes.has(id)).sort();
  for (const id of reported) lines.push(`  ${nameOf(id)} -. status .-> instance`);
  if (states !== undefined) {
    for (const [tone, style] of Object.entries(STYLES)) {
      const ids = graph.order.filter((id) => states.nodes.get(id)?.tone === tone).map(nameOf);
      if (states.instance.tone === tone) ids.push('instance');
      if (ids.length > 0) lines.push(`  classDef ${tone} ${style}`, `  class ${ids.join(',')} ${tone}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The border of boxes by state. */
const STYLES: Readonly<Record<NodeStatus['tone'], string>> = {
  ready: 'stroke:#1a7f37',
  busy: 'stroke:#9a6700',
  failed: 'stroke:#cf222e,stroke-width:3px',
  idle: 'stroke-dasharray:3',
};

/**
 * The name of a box. The prefix is needed because an id such as `end` is a word of Mermaid. `_` replaces `/` without
 * collisions, because no id contains `_`.
 */
const nameOf = (id: string): string => `n_${id.replaceAll('/', '_')}`;

function boxOf(node: GraphNode, status: NodeStatus | undefined): string {
  const dimensions = Nodes.dimensionsOf(node);
  const lines = [node.id, ...(status === undefined ? [] : [status.text]), Nodes.kindOf(node) || node.nodeType];
  if (dimensions.length > 0) lines.push(`for each ${dimensions.map(({ name }) => name).join(', ')}`);
  for (const { cel } of node.includeWhen) lines.push(`if ${cel}`);
  const text = quoted(...lines);
  if (Nodes.isExternal(node)) return `${nameOf(node.id)}{{${text}}}`;
  return dimensions.length > 0 ? `${nameOf(node.id)}[[${text}]]` : `${nameOf(node.id)}[${text}]`;
}

/** Quotes lines as one string. All characters except letters, digits and a few signs become character references. */
function quoted(...lines: readonly string[]): string {
  const safe = lines.map((line) => {
    const characters = Array.from(line);
    const short = characters.length > MAX_LINE_LENGTH ? `${characters.slice(0, MAX_LINE_LENGTH - 1).join('')}…` : line;
    return short.replace(/[^A-Za-z0-9 .,_:/=-]/gu, (character) => `#${character.codePointAt(0) ?? 63};`);
  });
  return `"${safe.join('<br/>')}"`;
}
