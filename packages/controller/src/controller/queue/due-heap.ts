/** An item that is due at a time. */
export interface Due {
  readonly id: string;
  readonly dueAt: number;
}

/** A binary heap with the earliest item on top. Items with equal times have no defined order. */
export class DueHeap {
  readonly #items: Due[] = [];

  peek(): Due | undefined {
    return this.#items[0];
  }

  push(item: Due): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent];
      if (above === undefined || above.dueAt <= item.dueAt) break;
      items[at] = above;
      items[parent] = item;
      at = parent;
    }
  }

  pop(): Due | undefined {
    const items = this.#items;
    const [top] = items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const smaller = dueOf(items[right]) < dueOf(items[left]) ? right : left;
      const below = items[smaller];
      if (below === undefined || below.dueAt >= last.dueAt) break;
      items[at] = below;
      at = smaller;
    }
    items[at] = last;
    return top;
  }
}

function dueOf(item: Due | undefined): number {
  return item?.dueAt ?? Number.POSITIVE_INFINITY;
}
