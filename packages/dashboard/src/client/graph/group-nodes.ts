import { grouped } from '@typekro/kit/core';
import type { GraphEdge } from '@typekro/controller/inspect';
import type { OutlineNode } from '@typekro/engine/graph';

/** The data of a node that the grouping uses. */
export interface GroupInput {
  readonly id: string;
  readonly kind: string;
  readonly level: number;
  /** Does the node need no attention, so that a group may hide it? */
  readonly settled: boolean;
}

/** Several nodes that the picture draws as one box. */
export interface NodeGroup {
  readonly id: string;
  readonly kind: string;
  readonly members: readonly string[];
}

/** The boxes that the picture draws: single nodes, and groups. Each node is in exactly one of them. */
export interface Grouping {
  readonly singles: readonly string[];
  readonly groups: readonly NodeGroup[];
}

/** The number of nodes above which the picture draws groups. */
export const MAX_NODES = 300;

/** The number of equal nodes in a row from which they are drawn as one box, in a graph with many levels. */
const MIN_CHAIN = 4;

/** The maximum number of nodes that stay single next to groups because they are, or were, not settled. */
export const MAX_APART = 60;

/** The maximum number of members of an opened group that are drawn. The list next to the graph has all members. */
export const MAX_OPENED = 60;

/**
 * The nodes that a picture with groups draws apart: those of an earlier choice, and the nodes that are not settled.
 * When there are more than `MAX_APART` of them, the earlier choice stays.
 */
export function chooseApart(nodes: readonly GroupInput[], earlier: ReadonlySet<string>): ReadonlySet<string> {
  const all = new Set([...earlier, ...nodes.filter(({ settled }) => !settled).map(({ id }) => id)]);
  return all.size <= MAX_APART ? all : earlier;
}

/**
 * Groups nodes of one kind and one level when there are more than `MAX_NODES`. The nodes in `apart` stay single. The
 * first `MAX_OPENED` members of a group in `opened` are also single. Levels merge until there are few groups, because a
 * chain of 900 nodes has 900 levels. In a smaller graph, chains of equal nodes along `lines` are groups. States do not affect the result, so that a change of a state moves no box.
 */
export function groupNodes(
  nodes: readonly (Omit<GroupInput, 'settled'> & Partial<Pick<OutlineNode, 'forEach' | 'nodeType'>>)[],
  opened: ReadonlySet<string>,
  apart: ReadonlySet<string>,
  lines: readonly Pick<GraphEdge, 'from' | 'to'>[] = [],
): Grouping {
  if (nodes.length <= MAX_NODES) {
    const plain = nodes.filter(({ forEach = [], nodeType }) => forEach.length === 0 && nodeType === 'resource');
    const groups = chainsOf(plain, lines).filter(({ id }) => !opened.has(id));
    const folded = new Set(groups.flatMap(({ members }) => members));
    return { singles: nodes.flatMap(({ id }) => (folded.has(id) ? [] : [id])), groups };
  }
  const members = membersOf(nodes);
  const singles: string[] = [];
  const groups: NodeGroup[] = [];
  for (const [id, list] of members) {
    const rest = list.filter((node) => !apart.has(node.id));
    singles.push(...list.filter((node) => apart.has(node.id)).map((node) => node.id));
    const shown = opened.has(id) ? rest.slice(0, MAX_OPENED) : rest.length === 1 ? rest : [];
    singles.push(...shown.map((node) => node.id));
    const hidden = rest.slice(shown.length);
    if (hidden.length > 0) groups.push({ id, kind: hidden[0]?.kind ?? '', members: hidden.map((node) => node.id) });
  }
  return { singles, groups };
}

/** The chains of at least `MIN_CHAIN` nodes of one kind, in which each node reads only the one before it. */
function chainsOf(
  nodes: readonly Pick<GroupInput, 'id' | 'kind'>[],
  lines: readonly Pick<GraphEdge, 'from' | 'to'>[],
): NodeGroup[] {
  const kinds = new Map(nodes.map(({ id, kind }) => [id, kind]));
  const [after, before] = [new Map<string, string[]>(), new Map<string, string[]>()];
  for (const { from, to } of lines) {
    after.set(from, [...(after.get(from) ?? []), to]);
    before.set(to, [...(before.get(to) ?? []), from]);
  }
  const next = (id: string): string | undefined => {
    const [reader, ...more] = after.get(id) ?? [];
    if (reader === undefined || more.length > 0 || before.get(reader)?.length !== 1) return undefined;
    return kinds.get(reader) === kinds.get(id) ? reader : undefined;
  };
  const later = new Set(nodes.map(({ id }) => next(id)));
  return nodes.flatMap(({ id, kind }) => {
    if (later.has(id)) return [];
    const members = [id];
    for (let link = next(id); link !== undefined; link = next(link)) members.push(link);
    return members.length < MIN_CHAIN ? [] : [{ id: `chain:${id}`, kind, members }];
  });
}

/**
 * Maps the id of a group to its nodes. There is one group per level and kind. Neighbouring levels merge until there are
 * few groups.
 */
function membersOf<Node extends Omit<GroupInput, 'settled'>>(
  nodes: readonly Node[],
): ReadonlyMap<string, readonly Node[]> {
  const levels = nodes.reduce((highest, { level }) => Math.max(highest, level), 1);
  for (let span = 1; ; span *= 2) {
    const found = grouped(nodes, ({ level, kind }) => `group:${Math.floor((level - 1) / span)}:${kind}`);
    if (found.size <= MAX_NODES / 3 || span >= levels) return found;
  }
}
