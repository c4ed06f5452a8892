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
 * chain of 900 nodes has 900 levels. States do not affect the result, so that a change of a state moves no box.
 */
export function groupNodes(
  nodes: readonly Omit<GroupInput, 'settled'>[],
  opened: ReadonlySet<string>,
  apart: ReadonlySet<string>,
): Grouping {
  if (nodes.length <= MAX_NODES) return { singles: nodes.map(({ id }) => id), groups: [] };
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

/**
 * Maps the id of a group to its nodes. There is one group per level and kind. Neighbouring levels merge until there are
 * few groups.
 */
function membersOf<Node extends Omit<GroupInput, 'settled'>>(
  nodes: readonly Node[],
): ReadonlyMap<string, readonly Node[]> {
  const levels = nodes.reduce((highest, { level }) => Math.max(highest, level), 1);
  for (let span = 1; ; span *= 2) {
    const found = new Map<string, Node[]>();
    for (const node of nodes) {
      const id = `group:${Math.floor((node.level - 1) / span)}:${node.kind}`;
      const list = found.get(id);
      if (list === undefined) found.set(id, [node]);
      else list.push(node);
    }
    if (found.size <= MAX_NODES / 3 || span >= levels) return found;
  }
}
