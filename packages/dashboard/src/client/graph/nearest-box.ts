import type { Layout } from './layout.ts';

interface Sized {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

/** The weight of a distance to the side; a distance in the direction of the key has the weight 1. */
const SIDE_WEIGHT = 2.5;

/** The box that an arrow key reaches from the box `from`; undefined when there is no box in this direction. */
export function nearestBox(layout: Layout, boxes: readonly Sized[], from: string, key: string): string | undefined {
  const direction = DIRECTIONS.get(key);
  const start = boxes.find(({ id }) => id === from);
  if (direction === undefined || start === undefined) return undefined;
  const origin = centre(layout, start);
  let best: { readonly id: string; readonly cost: number } | undefined;
  for (const box of boxes) {
    if (box.id === from) continue;
    const { x, y } = centre(layout, box);
    const [dx, dy] = [x - origin.x, y - origin.y];
    const along = dx * direction.x + dy * direction.y;
    if (along <= 1) continue;
    const cost = along + SIDE_WEIGHT * Math.abs(dx * direction.y - dy * direction.x);
    if (best === undefined || cost < best.cost) best = { id: box.id, cost };
  }
  return best?.id;
}

const DIRECTIONS = new Map([
  ['ArrowRight', { x: 1, y: 0 }],
  ['ArrowLeft', { x: -1, y: 0 }],
  ['ArrowDown', { x: 0, y: 1 }],
  ['ArrowUp', { x: 0, y: -1 }],
]);

function centre(layout: Layout, box: Sized): { x: number; y: number } {
  const { x, y } = layout.boxes.get(box.id) ?? { x: 0, y: 0 };
  return { x: x + box.width / 2, y: y + box.height / 2 };
}
