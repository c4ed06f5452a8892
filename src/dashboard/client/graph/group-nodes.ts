/** A node as the grouping sees it. */
export interface GroupInput {
  readonly id: string;
  readonly kind: string;
  readonly level: number;
  /** A settled node needs no attention, so a group may hide it. */
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

/** The maximum number of unsettled nodes that stay single beside groups. */
const MAX_UNSETTLED = 60;

/** The maximum number of members of an opened group that are drawn; the list beside the graph has all of them. */
export const MAX_OPENED = 60;

/**
 * Groups nodes of one kind and one level when there are more than `MAX_NODES`. Nodes that are not settled stay single,
 * as long as they are few. The first `MAX_OPENED` members of a group that is in `opened` are single, too. Levels merge
 * until the groups are few: a chain of 900 nodes has 900 levels.
 */
export function groupNodes(nodes: readonly GroupInput[], opened: ReadonlySet<string>): Grouping {
  if (nodes.length <= MAX_NODES) return { singles: nodes.map(({ id }) => id), groups: [] };
  const unsettled = new Set(nodes.filter(({ settled }) => !settled).map(({ id }) => id));
  const keepsUnsettled = unsettled.size <= MAX_UNSETTLED;
  const members = membersOf(nodes);
  const singles: string[] = [];
  const groups: NodeGroup[] = [];
  for (const [id, list] of members) {
    const apart = list.filter((node) => keepsUnsettled && unsettled.has(node.id));
    const rest = list.filter((node) => !apart.includes(node));
    singles.push(...apart.map((node) => node.id));
    const shown = opened.has(id) ? rest.slice(0, MAX_OPENED) : rest.length === 1 ? rest : [];
    singles.push(...shown.map((node) => node.id));
    const hidden = rest.slice(shown.length);
    if (hidden.length > 0) groups.push({ id, kind: hidden[0]?.kind ?? '', members: hidden.map((node) => node.id) });
  }
  return { singles, groups };
}

/**
 * The nodes by the ids of their groups, one for each level and kind. Neighbouring levels merge until the groups are
 * few.
 */
function membersOf(nodes: readonly GroupInput[]): ReadonlyMap<string, readonly GroupInput[]> {
  const levels = nodes.reduce((highest, { level }) => Math.max(highest, level), 1);
  for (let span = 1; ; span *= 2) {
    const found = new Map<string, GroupInput[]>();
    for (const node of nodes) {
      const id = `group:${Math.floor((node.level - 1) / span)}:${node.kind}`;
      const list = found.get(id);
      if (list === undefined) found.set(id, [node]);
      else list.push(node);
    }
    if (found.size <= MAX_NODES / 3 || span >= levels) return found;
  }
}
