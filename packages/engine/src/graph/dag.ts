/** Maps the id of a node to the ids on which the node depends. The map has the order of the definition. */
export type DependencyMap = ReadonlyMap<string, readonly string[]>;

/**
 * Sorts the ids so that each comes after its dependencies. Among ids whose dependencies are all in the result already,
 * the order of the definition decides. Leaves out ids that are on a cycle or depend on one, so a result that is shorter
 * than the map means that there is a cycle.
 */
export function topologicalOrder(dependencies: DependencyMap): string[] {
  const position = new Map([...dependencies.keys()].map((id, index) => [id, index]));
  const waitingFor = new Map<string, number>();
  const dependents = reverse(dependencies);
  const free = new PositionHeap();
  for (const [id, needs] of dependencies) {
    const count = new Set(needs).size;
    waitingFor.set(id, count);
    if (count === 0) free.push(position.get(id) ?? 0);
  }
  const ids = [...dependencies.keys()];
  const order: string[] = [];
  for (let next = free.pop(); next !== undefined; next = free.pop()) {
    const id = ids[next];
    if (id === undefined) break;
    order.push(id);
    for (const dependent of dependents.get(id) ?? []) {
      const left = (waitingFor.get(dependent) ?? 0) - 1;
      waitingFor.set(dependent, left);
      if (left === 0) free.push(position.get(dependent) ?? 0);
    }
  }
  return order;
}

/**
 * A topological order in which each id also comes after the ids to which `preferred` maps it. When no such order
 * exists, `preferred` is ignored.
 */
export function preferredOrder(dependencies: DependencyMap, preferred: DependencyMap): string[] {
  if (preferred.size === 0) return topologicalOrder(dependencies);
  const all = new Map(
    [...dependencies].map(
      ([id, needs]) =>
        [id, [...new Set([...needs, ...(preferred.get(id) ?? []).filter((other) => other !== id)])]] as const,
    ),
  );
  const order = topologicalOrder(all);
  return order.length === dependencies.size ? order : topologicalOrder(dependencies);
}

/**
 * The deletion wave of each node. Nodes without dependents have the highest number. The number of any other node is one
 * less than the lowest number of its dependents. The lowest number of all is 1. `order` must be a topological order of
 * the map.
 */
export function applyOrder(dependencies: DependencyMap, order: readonly string[]): Map<string, number> {
  const layer = new Map<string, number>();
  const dependents = reverse(dependencies);
  let layers = 0;
  for (const id of [...order].reverse()) {
    const above = (dependents.get(id) ?? []).map((dependent) => layer.get(dependent) ?? 0);
    const own = above.reduce((highest, each) => Math.max(highest, each + 1), 0);
    layer.set(id, own);
    layers = Math.max(layers, own + 1);
  }
  return new Map(order.map((id) => [id, layers - (layer.get(id) ?? 0)]));
}

/**
 * Deletion waves as kro 0.10 counts them. A node without dependencies has the number 1. The number of any other node is
 * one more than the highest number of its dependencies. Value nodes have no objects. They do not count as dependencies,
 * even if they read objects themselves. `order` must be a topological order of the map.
 */
export function applyDepth(
  dependencies: DependencyMap,
  order: readonly string[],
  isValue: (id: string) => boolean,
): Map<string, number> {
  const waves = new Map<string, number>();
  for (const id of order) {
    const below = (dependencies.get(id) ?? []).map((need) => (isValue(need) ? 0 : (waves.get(need) ?? 0)));
    waves.set(id, 1 + below.reduce((highest, each) => Math.max(highest, each), 0));
  }
  return waves;
}

/**
 * Returns a cycle of dependencies as a closed path (`a`, `b`, `a`), or undefined when there is none. If there are
 * several cycles, returns the first one that a search in the order of the definition finds. The path begins with the
 * member that comes first in the definition.
 */
export function findCycle(dependencies: DependencyMap): string[] | undefined {
  const done = new Set<string>();
  for (const start of dependencies.keys()) {
    const cycle = cycleFrom(start, dependencies, done);
    if (cycle !== undefined) return beginAtFirst(cycle, [...dependencies.keys()]);
  }
  return undefined;
}

/** A depth-first search with an explicit stack, so that a long chain does not exhaust the call stack. */
function cycleFrom(start: string, dependencies: DependencyMap, done: Set<string>): string[] | undefined {
  if (done.has(start)) return undefined;
  const path: { id: string; next: number }[] = [{ id: start, next: 0 }];
  const onPath = new Set([start]);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const child = dependencies.get(top.id)?.[top.next];
    top.next += 1;
    if (child === undefined) {
      path.pop();
      onPath.delete(top.id);
      done.add(top.id);
    } else if (onPath.has(child)) {
      const ids = path.map((entry) => entry.id);
      return ids.slice(ids.indexOf(child));
    } else if (!done.has(child)) {
      path.push({ id: child, next: 0 });
      onPath.add(child);
    }
  }
  return undefined;
}

function beginAtFirst(cycle: readonly string[], ids: readonly string[]): string[] {
  const members = new Set(cycle);
  const first = ids.find((id) => members.has(id)) ?? '';
  const at = Math.max(cycle.indexOf(first), 0);
  const turned = [...cycle.slice(at), ...cycle.slice(0, at)];
  return [...turned, ...turned.slice(0, 1)];
}

function reverse(dependencies: DependencyMap): Map<string, string[]> {
  const dependents = new Map<string, string[]>();
  for (const [id, needs] of dependencies) {
    for (const need of new Set(needs)) {
      const list = dependents.get(need);
      if (list === undefined) dependents.set(need, [id]);
      else list.push(id);
    }
  }
  return dependents;
}

/** A binary heap of numbers, smallest first. */
class PositionHeap {
  readonly #entries: number[] = [];

  push(value: number): void {
    const entries = this.#entries;
    let at = entries.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = entries[parent] ?? 0;
      if (above <= value) break;
      entries[at] = above;
      at = parent;
    }
    entries[at] = value;
  }

  pop(): number | undefined {
    const entries = this.#entries;
    const [top] = entries;
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      if ((entries[child + 1] ?? Infinity) < (entries[child] ?? Infinity)) child += 1;
      const below = entries[child] ?? Infinity;
      if (below >= last) break;
      entries[at] = below;
      at = child;
    }
    entries[at] = last;
    return top;
  }
}
