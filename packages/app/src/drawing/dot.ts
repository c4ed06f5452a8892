import type { GraphOutline, OutlineNode } from '@typekro/engine/graph';
import type { InstanceStatus, NodeStatus, UnreadDependency } from './outline-text.ts';
import { kindText, natureText, unreadDependencies } from './outline-text.ts';

/**
 * A picture of a graph in DOT, the language of Graphviz. Equal outlines yield equal text. With `states`, each node has
 * the colour of its state, and an additional line with the state and its reason.
 */
export function toDot(outline: GraphOutline, states?: InstanceStatus): string {
  const { nodes, status, kind } = outline;
  const lines = [
    `digraph ${quoted(outline.name)} {`,
    '  rankdir=LR;',
    '  node [shape=box, style=rounded, fontname="monospace"];',
    '  edge [fontname="monospace", fontsize=10];',
    ...nodes.map((node) => `  ${nodeName(node.id)} [${attributes(node, states?.nodes.get(node.id))}];`),
    ...nodes.flatMap((node) => {
      const unread = new Map(unreadDependencies(outline, node).map(({ id, because }) => [id, UNREAD[because]]));
      return node.dependsOn.map((id) => {
        const reads = node.reads.filter((read) => read.nodes.includes(id));
        const label = reads.map(({ place, expression }) => `${place} = ${expression}`);
        const text = unread.get(id) ?? label.join('\n');
        return `  ${nodeName(id)} -> ${nodeName(node.id)} [label=${leftAligned(text)}];`;
      });
    }),
  ];
  if (status.length > 0 || states !== undefined) {
    const own = states === undefined ? '' : `\n${states.instance.text}`;
    const colour = states === undefined ? '' : `, color="${COLOURS[states.instance.tone]}"`;
    lines.push(`  status [shape=note, label=${quoted(`${kind} status${own}`)}${colour}];`);
    const readers = [...new Set(status.flatMap((read) => read.nodes))].sort();
    for (const id of readers) {
      const reads = status.filter((read) => read.nodes.includes(id));
      const label = reads.map(({ place, expression }) => `${place} = ${expression}`).join('\n');
      lines.push(`  ${nodeName(id)} -> status [style=dotted, label=${leftAligned(label)}];`);
    }
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

/** The labels of dependencies without an expression. */
const UNREAD: Readonly<Record<UnreadDependency['because'], string>> = {
  kind: 'installs its kind',
  nodes: 'its nodes read it',
  subgraph: 'its subgraph needs it',
};

/**
 * The name of a node in DOT. The prefix avoids a collision with the note `status`, and the quotes are needed because of
 * the colon.
 */
const nodeName = (id: string): string => quoted(`n:${id}`);

/** The colours of states. */
const COLOURS: Readonly<Record<NodeStatus['tone'], string>> = {
  ready: '#1a7f37',
  busy: '#9a6700',
  failed: '#cf222e',
  idle: '#8c959f',
};

function attributes(node: OutlineNode, status: NodeStatus | undefined): string {
  const conditions = [
    ...node.includeWhen.map((cel) => `include when ${cel}`),
    ...(node.propagateWhen ?? []).map((cel) => `propagate when ${cel}`),
  ];
  const label = [node.id, status?.text ?? '', kindText(node), natureText(node), ...conditions]
    .filter((line) => line !== '')
    .join('\n');
  const isExternal = node.nodeType === 'external' || node.nodeType === 'externalCollection';
  const style = isExternal ? ', style="rounded,dashed"' : node.nodeType === 'collection' ? ', peripheries=2' : '';
  const colour = status === undefined ? '' : `, color="${COLOURS[status.tone]}"`;
  return `label=${quoted(label)}${style}${colour}`;
}

/** A quoted string of DOT, whose lines are centred. */
const quoted = (text: string): string => `"${text.split('\n').map(escapeLine).join('\\n')}"`;

/** A quoted string of DOT, whose lines begin at the left. */
const leftAligned = (text: string): string =>
  `"${text
    .split('\n')
    .map((line) => `${escapeLine(line)}\\l`)
    .join('')}"`;

/** Escapes quotes and backslashes. A backslash would otherwise begin an escape sequence of DOT labels, such as `\N`. */
const escapeLine = (line: string): string => line.replaceAll(/["\\]/g, (character) => `\\${character}`);
