import type { JsonObject } from '@typekro/kit/core';
import { scaledWorkloads } from '../warnings/autoscalers.ts';
import { Assembler, freeze, kindOfField, withComputedMaps } from '../assemble.ts';
import { applyDepth, preferredOrder } from '../dag.ts';
import type { DefinitionDocument } from '../document.ts';
import type { Graph, GraphNode, StatusPlan } from '../model.ts';
import { collectReads } from '../expressions/reads.ts';
import type { TypedNodeDraft } from './check-node.ts';
import type { CompiledFrame, CompiledSubgraph } from './compile-frame.ts';
import { GRAPH_TYPE, graphCrd } from './graph-crd.ts';
import { withLazyHash } from './graph-hash.ts';
import { writtenNodeOf } from './node-draft.ts';
import type { ParsedGraph } from './parsed-graph.ts';
import { throughSubgraphs } from './subgraph-reads.ts';

const NO_STATUS: StatusPlan = { skeleton: {}, holes: [], dependsOn: [] };

/** The parts from which the graph of a Graph object is built. None of them has an error. */
export interface GraphParts {
  readonly parsed: ParsedGraph;
  readonly value: JsonObject;
  readonly document: DefinitionDocument | undefined;
  readonly root: CompiledFrame;
  /** Is kro's gate `CELOmitFunction` on? */
  readonly omit: boolean;
}

/** Builds the immutable graph of a Graph object. The nodes of all frames are in one map. */
export function assembleGraphObject({ parsed, value, document, root, omit }: GraphParts): Graph {
  const assembler = new Assembler(document, omit);
  const flat = new Flattener(assembler);
  flat.add(root, []);
  const instance = { ...GRAPH_TYPE, crd: graphCrd() };
  const graph: Omit<Graph, 'hash'> = {
    definedBy: 'graph',
    name: parsed.name,
    instance,
    nodes: flat.nodes,
    order: flat.order,
    kroCompatibility: '0.10',
    applyOrder: flat.applyOrder,
    status: NO_STATUS,
    reads: collectReads(
      flat.typed.map((each) => throughSubgraphs(each, flat.nodes)),
      [],
    ),
    definition: value,
  };
  return withLazyHash(graph, value['spec']);
}

class Flattener {
  readonly nodes = new Map<string, GraphNode>();
  readonly order: string[] = [];
  readonly applyOrder = new Map<string, number>();
  readonly typed: TypedNodeDraft[] = [];
  readonly #assembler: Assembler;

  constructor(assembler: Assembler) {
    this.#assembler = assembler;
  }

  /**
   * Adds a frame. `captures` are the ids of the nodes on which the enclosing subgraphs depend. Each node of the frame
   * depends on them, too.
   */
  add(frame: CompiledFrame, captures: readonly string[]): void {
    const byId = new Map(frame.nodes.map((each) => [each.linked.draft.id, each]));
    const dependencies = new Map(frame.nodes.map(({ linked }) => [linked.draft.id, linked.dependsOn]));
    const scaled = scaledWorkloads(
      frame.nodes.map(({ linked }) => writtenNodeOf(linked.draft)),
      '0.10',
    ).map(({ workload }) => workload.id);
    for (const each of frame.nodes) this.#node(each, captures, scaled);
    const later = frame.nodes.flatMap(({ linked: { draft, readsDeferred } }) => {
      const ids = readsDeferred.filter((id) => dependencies.has(id));
      return ids.length === 0 ? [] : [[draft.id, ids] as const];
    });
    const order = preferredOrder(dependencies, new Map(later));
    for (const id of order) {
      const each = byId.get(id);
      if (each !== undefined && 'inner' in each) this.add(each.inner, [...captures, ...each.linked.dependsOn]);
      this.order.push(id);
    }
    const waves = applyDepth(dependencies, order, (id) => byId.get(id)?.linked.draft.nodeType === 'def');
    for (const [id, wave] of waves) this.applyOrder.set(id, wave);
  }

  #node(each: TypedNodeDraft | CompiledSubgraph, captures: readonly string[], scaled: readonly string[]): void {
    const { draft, dependsOn, dependsOnInBranches, readsDeferred } = each.linked;
    const needs = [...new Set([...captures, ...dependsOn])].toSorted();
    const base = {
      id: draft.id,
      index: draft.block.index,
      dependsOn: needs,
      ...(dependsOnInBranches.length === 0 ? {} : { dependsOnInBranches }),
      ...(readsDeferred.length === 0 ? {} : { readsDeferred }),
      ...(scaled.includes(draft.block.name) ? { isScaled: true as const } : {}),
    };
    if ('inner' in each) {
      this.nodes.set(draft.id, {
        ...base,
        nodeType: 'subgraph',
        template: { skeleton: {}, holes: [] },
        includeWhen: [],
        readyWhen: [],
        children: draft.children ?? [],
      });
      return;
    }
    this.typed.push(each);
    this.nodes.set(draft.id, { ...base, ...this.#parts(each) });
  }

  #parts({
    linked,
    fields,
    dimensions,
    includeWhen,
    readyWhen,
  }: TypedNodeDraft): Omit<GraphNode, 'id' | 'index' | 'dependsOn'> & GraphNodeParts {
    const { draft } = linked;
    const iterators = new Set(draft.dimensions.map(({ name }) => name));
    const known = draft.resolved;
    const parts = {
      ...(known === undefined
        ? {}
        : { type: known.type, plural: known.info.plural, namespaced: known.info.namespaced }),
      template: {
        skeleton: freeze(draft.skeleton),
        holes: withComputedMaps(fields.map((field) => this.#assembler.hole(field, kindOfField(field, iterators)))),
      },
      includeWhen: includeWhen.map((each) => this.#assembler.expression(each)),
      readyWhen: readyWhen.map((each) => this.#assembler.expression(each)),
    };
    const forEach = dimensions.map((each) => ({ name: each.site.name, expression: this.#assembler.expression(each) }));
    const some = forEach.length === 0 ? {} : { forEach };
    const { nodeType, subresource } = draft;
    switch (nodeType) {
      case 'collection':
        return { ...parts, nodeType, forEach };
      case 'def':
        return { ...parts, nodeType, ...some };
      case 'patch':
        return { ...parts, nodeType, ...some, ...(subresource === undefined ? {} : { subresource }) };
      case 'subgraph':
        return { ...parts, nodeType, children: draft.children ?? [] };
      default:
        return { ...parts, nodeType };
    }
  }
}

type Without<N> = N extends GraphNode ? Omit<N, 'id' | 'index' | 'dependsOn'> : never;
type GraphNodeParts = Without<GraphNode>;
