import type { CodeLens, InlayHint, Position, Range } from 'vscode-languageserver';
import { type Graph, GraphOutline } from '@typekro/engine/graph';
import { type EditorDocument, type PlacedPart, EditorDocument as Documents } from './editor-document.ts';
import { typeOfObject } from './object-places.ts';
import { scopesOf } from './scopes.ts';
import type { Workspace } from './workspace.ts';
import { yamlNodeAt } from './yaml-tree.ts';

/** The data of a compiled graph that the hints show. It is kept instead of the graph because it takes less memory. */
export interface CompiledOutline {
  readonly isGraphObject: boolean;
  readonly outline: GraphOutline;
}

/** The outlines of compiled definitions and Graphs. */
export function outlinesOf(graphs: readonly Graph[]): readonly CompiledOutline[] {
  return graphs.map((graph) => ({ isGraphObject: graph.definedBy === 'graph', outline: GraphOutline.of(graph) }));
}

/**
 * The hints after the ids of nodes. A hint shows the node's number in the order of creation, whether the node is a
 * collection or conditional, and the nodes on which it depends. Only nodes of compiled graphs have an order.
 *
 * @param graphs the compiled graphs of the document
 */
export function inlayHintsOf(
  document: EditorDocument,
  { start, end }: Range,
  graphs: readonly CompiledOutline[],
  workspace: Workspace,
): readonly InlayHint[] {
  return document.parts.flatMap((placed) => {
    const outline = outlineOf(placed, graphs);
    if (outline === undefined) return [];
    const order = new Map(outline.nodes.map((node, index) => [node.id, { ...node, position: index + 1 }]));
    return (scopesOf(placed.part, workspace.source)?.nodes ?? []).flatMap((node): InlayHint[] => {
      const found = order.get(node.name);
      const id = yamlNodeAt(placed.part.tree, [...node.path, 'id']);
      if (found === undefined || id?.kind !== 'scalar') return [];
      const position = document.text.positionAt(id.to + placed.from);
      if (position.line < start.line || position.line > end.line) return [];
      const conditions = [
        ...(found.forEach.length > 0 ? ['one for each item'] : []),
        ...(found.includeWhen.length > 0 ? ['conditional'] : []),
        ...(found.dependsOn.length > 0 ? [`after ${found.dependsOn.join(', ')}`] : []),
      ];
      const label = [`${found.position} of ${order.size}`, ...conditions].join(', ');
      return [{ position, label, paddingLeft: true, ...tooltip(found) }];
    });
  });
}

function tooltip({
  includeWhen,
  readyWhen,
}: {
  readonly includeWhen: readonly string[];
  readonly readyWhen: readonly string[];
}) {
  const lines = [
    ...includeWhen.map((text) => `includeWhen: ${text}`),
    ...readyWhen.map((text) => `readyWhen: ${text}`),
  ];
  return lines.length === 0 ? {} : { tooltip: lines.join('\n') };
}

function outlineOf(placed: PlacedPart, graphs: readonly CompiledOutline[]): GraphOutline | undefined {
  const name = yamlNodeAt(placed.part.tree, ['metadata', 'name']);
  const isGraph = typeOfObject(placed.part.value)?.kind === 'Graph';
  const found = graphs.find(
    ({ isGraphObject, outline }) => name?.kind === 'scalar' && outline.name === name.value && isGraphObject === isGraph,
  );
  return found?.outline;
}

/** The commands of the code lenses. The client may run a command itself; otherwise the server runs it. */
export const LENS_COMMANDS = { graph: 'typekro.graph', render: 'typekro.render', plan: 'typekro.plan' } as const;

/** The code lenses above definitions and Graphs, and above instances of the workspace's definitions. */
export function lensesOf(document: EditorDocument, workspace: Workspace): readonly CodeLens[] {
  return document.parts.flatMap((placed): CodeLens[] => {
    const type = typeOfObject(placed.part.value);
    const { tree } = placed.part;
    if (type === undefined || tree === undefined) return [];
    const at: Position = document.text.positionAt(Documents.inFile(placed, tree).from);
    const range = { start: at, end: at };
    const lens = (title: string, command: string): CodeLens => ({
      range,
      command: { title, command, arguments: [document.uri] },
    });
    const plan = lens('Plan', LENS_COMMANDS.plan);
    if (type.group === 'kro.run' && (type.kind === 'ResourceGraphDefinition' || type.kind === 'Graph')) {
      return [lens('Show graph', LENS_COMMANDS.graph), lens('Render', LENS_COMMANDS.render), plan];
    }
    const isCustom = workspace.definesKind(type);
    return isCustom ? [lens('Render', LENS_COMMANDS.render), plan] : [];
  });
}
