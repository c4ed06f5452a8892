import { type KubeObject, type ObjectRef, formatApiVersion } from '@typekro/kit/core';
import { type Graph, type TypedNode, Nodes } from '@typekro/engine/graph';
import { groupVersionPath } from '@typekro/kit/kubernetes';
import { ApplySet, NodeReport, ObjectKey, RenderedInstance } from '@typekro/engine/runtime';
import type { GraphWorld } from '../graph-test/graph-world.ts';
import type { MemberKind, Rule, RuledGraph, UnreadyDependency } from '../simulation/invariants.ts';
import type { KindOfPlural } from '../simulation/ledger.ts';

/**
 * The rules that protect users of a graph. The remaining rules limit the controller's work; only the simulation of the
 * controller checks those rules.
 */
const RULES: ReadonlySet<Rule> = new Set(['order', 'finalizer', 'inventory', 'ownership']);

/** The input of the rules. `world` is a function, because the world is created after the rules. */
export interface RulesContext {
  readonly graph: Graph;
  readonly instance: ObjectRef;
  readonly world: () => GraphWorld;
  /** The present time, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Keys of all objects that another client changed. */
  readonly changedKeys: () => Iterable<string>;
}

/** The nodes whose objects the controller writes. */
export const ownNodes = (graph: Graph): TypedNode[] => Nodes.typed(graph).filter(Nodes.ownsObjects);

/** The id of the ApplySet of an instance. */
export function applySetOfGraph({ apiVersion, kind, name, namespace }: ObjectRef): string {
  return ApplySet.idOf({ apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } });
}

/**
 * The facts that the rules need about one instance of a graph: its ApplySet, and the kinds and the order of its nodes.
 */
export function graphRules(context: RulesContext): RuledGraph {
  const { graph, instance } = context;
  const set = applySetOfGraph(instance);
  return {
    instanceKind: ObjectKey.groupKind(graph.instance),
    instancesPath: `${groupVersionPath(graph.instance)}/${graph.instance.plural}`,
    members: memberKinds(graph),
    rules: RULES,
    isRuled: (each) => each === set,
    unready: (node) => unreadyDependencies(context, node),
  };
}

/** Returns a function that finds a kind of the graph by plural and group. */
export function kindsOf(graph: Graph): KindOfPlural {
  const kinds = new Map(
    [...Nodes.typed(graph), { type: graph.instance, plural: graph.instance.plural }].map(({ type, plural }) => [
      `${plural}.${type.group}`,
      ObjectKey.groupKind(type),
    ]),
  );
  return (plural, group) => kinds.get(`${plural}.${group}`);
}

function memberKinds(graph: Graph): Map<string, MemberKind> {
  return new Map(
    ownNodes(graph).map(({ type, plural }) => {
      const { group, version, kind } = type;
      const path = `${groupVersionPath(type)}/${plural}`;
      return [ObjectKey.groupKind(type), { apiVersion: formatApiVersion({ group, version }), kind, path }];
    }),
  );
}

/**
 * Runs a step of the controller on the present objects of the server, and returns those dependencies of a node that are
 * not ready.
 */
async function unreadyDependencies(
  { graph, instance, world, now, changedKeys }: RulesContext,
  id: string,
): Promise<UnreadyDependency[]> {
  const direct = graph.nodes.get(id)?.dependsOn ?? [];
  const live = direct.length === 0 ? undefined : await world().live();
  if (live === undefined) return [];
  const objects: KubeObject[] = [];
  const needed = allDependencies(graph, id);
  for (const each of needed) {
    const node = graph.nodes.get(each);
    if (node !== undefined) objects.push(...(await world().children(node)));
  }
  const { nodes } = RenderedInstance.of(graph, live, objects, { now: now(), revision: 1 });
  const kinds = new Set([
    ObjectKey.groupKind(graph.instance),
    ...needed.flatMap((each) => {
      const node = graph.nodes.get(each);
      return node?.type === undefined ? [] : ObjectKey.groupKind(node.type);
    }),
  ]);
  return nodes.flatMap(({ report }) => {
    if (!direct.includes(report.id) || NodeReport.isDone(report)) return [];
    // The objects that another client changed. The rule is not broken if a process has not yet received a recent change
    // of one of them.
    const keys = [...changedKeys()].filter((key) => kinds.has(key.slice(0, key.indexOf('/'))));
    return [{ text: `${report.id} (${report.state}) of ${instance.kind} ${instance.name}`, keys }];
  });
}

function allDependencies(graph: Graph, id: string, seen = new Set<string>()): string[] {
  for (const each of graph.nodes.get(id)?.dependsOn ?? []) {
    if (seen.has(each)) continue;
    seen.add(each);
    allDependencies(graph, each, seen);
  }
  return [...seen];
}
