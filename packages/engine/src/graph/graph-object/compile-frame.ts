import { type JsonValue, isJsonObject, nearestName } from '@typekro/kit/core';
import { compareText, goJsonKind, goQuote } from '@typekro/kit/golang';
import { valueAt } from '@typekro/kit/kubernetes';
import { findCycle } from '../dag.ts';
import { Language } from '../expressions/language.ts';
import type { PathStep } from '../model.ts';
import type { CompileOptions } from '../options.ts';
import type { ProblemLocation } from '../problems.ts';
import type { ExpressionSite } from '../resource-draft.ts';
import { warnNodes } from '../warnings/warn-graph.ts';
import { type Shared, buildNode } from './build-node.ts';
import { type TypedNodeDraft, checkNode } from './check-node.ts';
import { checkGraphShape } from './check-shape.ts';
import { Frame } from './frame.ts';
import { FrameProblems } from './frame-problems.ts';
import { type Capture, type FrameContext, type LinkedNode, linkNode } from './link-node.ts';
import { type NodeDraft, languageNodeOf, writtenNodeOf } from './node-draft.ts';
import { type NodeBlock, NodeReader } from './parsed-graph.ts';

/** The compiled nodes of one frame. The nodes of a subgraph are in the frame of the subgraph. */
export interface CompiledFrame {
  readonly nodes: readonly (TypedNodeDraft | CompiledSubgraph)[];
  /** The nodes of outer frames that this frame or a frame inside it reads. */
  readonly captures: readonly Capture[];
}

/** A subgraph: its node, and its frame. */
export interface CompiledSubgraph {
  readonly linked: LinkedNode;
  readonly inner: CompiledFrame;
}

/** The input that all frames of one Graph share. */
export interface FrameInput {
  readonly shared: Shared;
  readonly options: CompileOptions;
  readonly root: readonly NodeBlock[];
  /** Receives the names and the language of each frame, the inner frames first. */
  readonly onFrame?: (context: FrameContext, drafts: readonly NodeDraft[]) => void;
}

/** Compiles the outermost list of nodes. Reports all problems in the order of kro's steps. */
export function compileRoot(input: FrameInput, problems: FrameProblems): CompiledFrame {
  return compileFrame(input.root, ['spec', 'nodes'], input, problems);
}

function compileFrame(
  nodes: readonly NodeBlock[],
  path: readonly PathStep[],
  input: FrameInput,
  problems: FrameProblems,
  outer?: { readonly frame: Frame; readonly id: string },
): CompiledFrame {
  const sound = checkGraphShape(nodes, path, problems);
  const frame = new Frame(nodes, outer);
  const inner = new Map<NodeDraft, CompiledFrame>();
  const drafts = sound.map((block) => {
    const id = frame.prefix + block.name;
    if (block.payloads.graph === undefined) return buildNode(id, block, input.shared, problems);
    const compiled = compileSubgraph(id, block, block.payloads.graph, frame, input, problems);
    const children = compiled.nodes.map(({ linked }) => linked.draft.id);
    const draft: NodeDraft = { ...subgraphDraft(id, block), children };
    inner.set(draft, compiled);
    return draft;
  });
  const context = contextOf(frame, drafts, input, problems);
  input.onFrame?.(context, drafts);
  warnNodes(drafts.map(writtenNodeOf), '0.10', problems.source);
  const linked = drafts.map((draft) => {
    const below = inner.get(draft);
    return below === undefined ? linkNode(draft, context) : linkSubgraph(draft, below, context);
  });
  reportCycle(linked, inner, context);
  const compiled = linked.map((each) => {
    const below = inner.get(each.draft);
    return below === undefined ? checkNode(each, context) : { linked: each, inner: below };
  });
  const captures = new Map<string, Capture>();
  for (const node of linked.flatMap((each) => each.captures)) if (!captures.has(node.id)) captures.set(node.id, node);
  return { nodes: compiled, captures: [...captures.values()] };
}

function compileSubgraph(
  id: string,
  block: NodeBlock,
  payload: JsonValue,
  frame: Frame,
  input: FrameInput,
  outer: FrameProblems,
): CompiledFrame {
  const problems = new FrameProblems(outer.source, { frame: outer, node: block.name });
  const path = [...block.path, 'graph'];
  if (!isJsonObject(payload)) {
    problems.wrongType(path, 'a subgraph is an object with nodes', goJsonKind(payload), 'write nodes: below graph:');
    return { nodes: [], captures: [] };
  }
  for (const key of Object.keys(payload)) {
    // A subgraph may have the same fields as the spec of a Graph. kro ignores the field serviceAccountName of a
    // subgraph.
    if (!SPEC_FIELDS.includes(key)) problems.unknownSpecField(key, [...path, key], nearestName(key, SPEC_FIELDS));
  }
  const nodes = new NodeReader(problems).nodes(valueAt(payload, 'nodes'), [...path, 'nodes']);
  return compileFrame(nodes, path, input, problems, { frame, id });
}

const SPEC_FIELDS: readonly string[] = ['nodes', 'serviceAccountName'];

function subgraphDraft(id: string, block: NodeBlock): NodeDraft {
  return {
    id,
    block,
    nodeType: 'subgraph',
    resolved: undefined,
    isDynamic: false,
    schema: undefined,
    fieldSchema: undefined,
    skeleton: {},
    fields: [],
    includeWhen: [],
    readyWhen: [],
    dimensions: [],
  };
}

/**
 * Links the node of a subgraph. Captures of the subgraph that are nodes of this frame become dependencies, and all
 * other captures become captures of this frame as well.
 */
function linkSubgraph(draft: NodeDraft, { captures }: CompiledFrame, { frame, problems }: FrameContext): LinkedNode {
  const read = captures.filter((node) => node.frame === frame);
  const self = read.find(({ id }) => id === draft.id);
  if (self !== undefined) {
    const { name } = draft.block;
    const kro = `build dependency graph: node ${goQuote(name)}: register deps: self references are not allowed`;
    problems.error('dependencies', kro, {
      code: 'graph/self-reference',
      message: `a node of the subgraph "${name}" reads "${name}", which exists only after all of its nodes`,
      hint: 'read the node of the subgraph by its own id',
      place: placeOf(self.site),
    });
  }
  return {
    draft,
    fields: [],
    dimensions: [],
    includeWhen: [],
    readyWhen: [],
    dependsOn: read.flatMap(({ id }) => (id === draft.id ? [] : [id])),
    dependsOnInBranches: [],
    readsDeferred: [],
    captures: captures.filter((node) => node.frame !== frame),
  };
}

function contextOf(
  frame: Frame,
  drafts: readonly NodeDraft[],
  { options }: FrameInput,
  problems: FrameProblems,
): FrameContext {
  const names = frame.visible();
  const built = new Set(drafts.map(({ id }) => id));
  // A node with an invalid shape has the type dyn, so that reads of the node cause no additional problems. Nodes of
  // outer frames also have this type.
  const captured = [...names.values()].filter((node) => !built.has(node.id)).map(({ id }) => id);
  const isRenamed = frame.outer !== undefined;
  const language = new Language(
    {
      nodes: drafts.flatMap((draft) => languageNodeOf(draft) ?? []),
      captured: [...captured, ...drafts.filter(({ nodeType }) => nodeType === 'patch').map(({ id }) => id)],
      ...(isRenamed ? { names: new Map([...names].map(([name, { id }]) => [name, id])) } : {}),
    },
    { ...options, kroCompatibility: '0.10' },
  );
  const byId = new Map([...names].map(([name, node]) => [node.id, { ...node, name }]));
  return { frame, names, byId, language, problems };
}

/**
 * Reports a cycle. kro adds the nodes to its dependency graph in the order of their ids, and names the first node whose
 * dependencies close a cycle.
 */
function reportCycle(
  linked: readonly LinkedNode[],
  inner: ReadonlyMap<NodeDraft, CompiledFrame>,
  { problems, byId }: FrameContext,
): void {
  const sorted = linked.toSorted((a, b) => compareText(a.draft.id, b.draft.id));
  const all = new Map(sorted.map((each) => [each.draft.id, each.dependsOn]));
  if (findCycle(all) === undefined) return;
  const added = new Map<string, readonly string[]>(sorted.map(({ draft }) => [draft.id, []]));
  for (const { draft, dependsOn } of sorted) {
    added.set(draft.id, dependsOn);
    const cycle = findCycle(added);
    if (cycle === undefined) continue;
    const shown = cycle.map((id) => byId.get(id)?.name ?? id);
    const [first, second = ''] = cycle;
    const start = linked.find((each) => each.draft.id === first);
    const reading = [...(start?.fields ?? []), ...(start?.dimensions ?? []), ...(start?.includeWhen ?? [])];
    const captures = (start && inner.get(start.draft)?.captures) ?? [];
    const read = reading.find(({ ids }) => ids.includes(second)) ?? captures.find(({ id }) => id === second);
    const kro = `build dependency graph: node ${goQuote(draft.block.name)}: register deps: graph contains a cycle: ${shown.join(' -> ')}`;
    problems.error('dependencies', kro, {
      code: 'graph/cycle',
      message: `the nodes wait for each other: ${cycle.join(' → ')}`,
      hint: 'break the cycle: in one of the nodes, take the value from a def, or compute it there',
      place: read === undefined ? { path: start?.draft.block.path ?? [] } : placeOf(read.site),
    });
    return;
  }
}

/** The position at which an expression begins. */
function placeOf({ path, text }: ExpressionSite): ProblemLocation {
  return { path, offset: text.toOriginal(0) };
}
